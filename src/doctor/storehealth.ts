/** Whether the mail store is well: whether it takes mail, and what the last look at every message has found. */
import { advice, type Symptom } from './finding.ts'
import { lastRun } from './job.ts'
import type { Check, Visit } from './patient.ts'
import { span } from './span.ts'

/** Every Sunday all messages are read; after so long somebody should wonder. */
const lateMs = 15 * 24 * 60 * 60_000

export const storeHealth: Check = {
  name: 'store',
  meaning: 'whether the mail store is well',
  look: async visit => [look(visit)],
}

function look({ store, clock }: Visit): Symptom {
  const { failure } = store
  if (failure) {
    return {
      state: 'trouble',
      says: `The mail store takes no mail: ${failure.message} Senders try again later.`,
      knownBy: 'The store was asked.',
      fix: 'See whether the disk is full or broken. It is tried again by itself every few seconds.',
    }
  }
  const verified = lastRun(store.settings, 'verify')
  if (!verified) {
    const says = 'The mail store takes mail. Its messages were never all looked at.'
    return { state: 'well', says, knownBy: 'The store was asked. Every message is read on Sundays.' }
  }
  const ago = span(clock.now() - verified.date)
  const knownBy = `Every message was read ${ago} ago.`
  if (verified.failed) {
    return {
      state: 'trouble',
      says: `The last look at every message has failed: ${verified.result}`,
      knownBy,
      fix: advice(
        'See which messages are damaged. Put back a backup, or stop the server and have the store repaired:',
        'porchlight verify',
        'porchlight repair',
      ),
    }
  }
  if (clock.now() - verified.date > lateMs) {
    const says = `The mail store takes mail, but its messages were last looked at ${ago} ago.`
    return { state: 'warning', says, knownBy, fix: advice('Have them looked at now:', 'porchlight jobs run verify') }
  }
  return { state: 'well', says: `The mail store takes mail. ${verified.result}`, knownBy }
}
