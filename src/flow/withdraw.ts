/** Takes a message out of the queue on a person's word. */
import type { Result } from '../store/attempt.ts'
import { attemptOf, withdrawn } from '../store/outbound.ts'
import type { Waiting } from '../store/queue.ts'
import type { StoredMessage } from '../store/store.ts'
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
  const { store, clock } = services
  const date = clock.now()
  const attempts = waiting.map(one => ({ ...attemptOf(one, date), results: withdrawn(one) }))
  const [first] = waiting
  const message = tells && first ? await store.message(first.seq) : undefined
  const told = message ? wanted(message, attempts) : []
  if (message && told.length > 0) {
    if (await sendReport(message, { kind: 'failed', results: told }, { remote: '', date }, attempts, services))
      return true
  }
  await store.outbound.settle(attempts)
  return false
}

/** The null reverse-path never hears of anything. */
function wanted({ record }: StoredMessage, attempts: readonly { readonly results: readonly Result[] }[]) {
  if (record.reversePath === '') return []
  const results = attempts.flatMap(attempt => attempt.results)
  return results.filter(({ recipient }) => isWanted('failed', record.recipients[recipient]?.notify ?? 0))
}
