/** What was put off under a clock that was years ahead would be tried in years: it is brought forward when the clock was set. */
import { Failure, sentence } from '../base/failure.ts'
import type { Services } from './services.ts'

/** @param now ms since the epoch */
export async function bringForward({ store, config, log }: Services, now: number): Promise<void> {
  const { outbound } = store
  // No wait is longer than the longest, and a tenth.
  const latest = now + 2 * Math.max(...config().delivery.retry)
  try {
    for await (const rows of outbound.all()) {
      const late = rows.filter(({ due, held }) => due > latest && !held)
      if (late.length === 0) continue
      await outbound.decide(late, { kind: 'retry', now }, now)
      for (const domain of new Set(late.map(one => one.domain))) await outbound.wake(domain, now)
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ reason: sentence(error) }, 'the queue cannot be read')
  }
}
