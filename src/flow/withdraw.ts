/** Takes a message out of the queue on a person's word. */
import type { AttemptRecord, Result } from '../store/attempt.ts'
import { attemptOf, withdrawn } from '../store/outbound.ts'
import type { Waiting } from '../store/queue.ts'
import type { StoredMessage } from '../store/store.ts'
import { reversePathFor } from './recipients.ts'
import { type ReportServices, sendReport } from './report.ts'
import { isWanted } from './settle.ts'

/**
 * @param waiting what of one message is not done
 * @param tells whether its sender is to hear of it, where he has not wished otherwise; the report counts together with the
 *   withdrawal, or neither does
 * @returns whether the sender hears of it
 * @throws Failure STORE_FULL, STORE_IO, or STORE_DAMAGED when it cannot be read, so that nobody could be told
 */
export async function withdraw(
  waiting: readonly Waiting[],
  tells: boolean,
  services: ReportServices,
): Promise<boolean> {
  const { store, clock, config } = services
  const date = clock.now()
  const attempts = waiting.map(one => ({ ...attemptOf(one, date), results: withdrawn(one) }))
  const [first] = waiting
  const message = tells && first ? await store.message(first.seq) : undefined
  const told = message ? wanted(message, attempts) : []
  // What was forwarded is reported to others than the sender.
  const reports = message
    ? Map.groupBy(told, ({ recipient }) => reversePathFor(message.record, recipient, config().domains))
    : new Map<string, Result[]>()
  let due: readonly AttemptRecord[] = attempts
  for (const results of reports.values()) {
    if (message && (await sendReport(message, { kind: 'failed', results }, { remote: '', date }, due, services)))
      due = []
  }
  if (due.length > 0) await store.outbound.settle(due)
  return due.length === 0
}

/** The null reverse-path never hears of anything. */
function wanted({ record }: StoredMessage, attempts: readonly { readonly results: readonly Result[] }[]) {
  if (record.reversePath === '') return []
  const results = attempts.flatMap(attempt => attempt.results)
  return results.filter(({ recipient }) => isWanted('failed', record.recipients[recipient]?.notify ?? 0))
}
