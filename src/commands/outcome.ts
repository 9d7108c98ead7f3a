/** What became of a recipient, in a word for people. */
import type { Outcome } from '../store/attempt.ts'

export const outcomeWords = {
  delivered: 'taken',
  deferred: 'put off',
  bounced: 'refused',
  withdrawn: 'withdrawn',
} as const satisfies Record<Outcome, string>
