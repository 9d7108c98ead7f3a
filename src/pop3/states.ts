/** Which command is allowed when, and what a positive answer leads to: RFC 1939 §4 to §6. */
import type { Verb } from './command.ts'

/**
 * `named` is AUTHORIZATION after a USER: PASS must follow at once (RFC 1939 §7), any other command forgets the name.
 * UPDATE (RFC 1939 §6) knows no commands: it is the time between the event `update` and its answer.
 */
export type State = 'authorization' | 'named' | 'transaction' | 'closed'

const authorization = {
  AUTH: 'transaction',
  CAPA: 'authorization',
  LANG: 'authorization',
  QUIT: 'closed',
  STLS: 'authorization',
  USER: 'named',
  UTF8: 'authorization',
} as const

/** Row: the state; entry: a verb it allows and the next state. A verb without an entry is refused. */
export const states: Record<State, Partial<Record<Verb, State>>> = {
  authorization,
  named: { ...authorization, PASS: 'transaction' },
  transaction: {
    CAPA: 'transaction',
    DELE: 'transaction',
    LANG: 'transaction',
    LIST: 'transaction',
    NOOP: 'transaction',
    QUIT: 'closed',
    RETR: 'transaction',
    RSET: 'transaction',
    STAT: 'transaction',
    TOP: 'transaction',
    UIDL: 'transaction',
  },
  closed: {},
}
