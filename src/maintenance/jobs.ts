/** What the house does by itself at fixed times: one table, and the clockwork that runs it. */
import type { Clock } from '../base/clock.ts'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'
import { shares } from '../store/sweep.ts'

/** What jobs work with. */
type Workshop = { readonly store: Store; readonly log: Log; readonly clock: Clock }
/** The same for one job; the signal stops it. */
type Work = Workshop & { readonly signal: AbortSignal }

type Job = {
  /** In local time: minute, hour, day of month, month, day of week. */
  readonly cron: string
  run(work: Work): Promise<unknown>
}

export const jobs = {
  /** Deletions begin sweeps by themselves; at night one goes further. */
  sweep: { cron: '30 3 * * *', run: ({ store }) => store.sweep(shares.offPeak) },
  /** Who asks where a message is gets an answer for 30 days. */
  traces: { cron: '15 3 * * *', run: ({ store, clock }) => store.outbound.trimTraces(clock.now()) },
  /** Damage is best found while the backup still has what is damaged. */
  verify: { cron: '30 4 * * 0', run: verify },
} as const satisfies Record<string, Job>

/**
 * Starts the clockwork. A job that is still running is not begun again.
 * @returns stops it, and the jobs under way
 */
export async function startJobs(workshop: Workshop): Promise<() => void> {
  // It brings calendars and time zones along, which only a server needs.
  const { schedule } = await import('node-cron')
  const stopping = new AbortController()
  const work = { ...workshop, signal: stopping.signal }
  const names = Object.keys(jobs) as (keyof typeof jobs)[]
  const tasks = names.map(name =>
    schedule(jobs[name].cron, () => runJob(name, work), { name, noOverlap: true, unref: true }),
  )
  return () => {
    for (const task of tasks) void task.destroy()
    stopping.abort()
  }
}

export async function runJob(name: keyof typeof jobs, work: Work): Promise<void> {
  try {
    work.log.info({ job: name, result: await jobs[name].run(work) }, 'job done')
  } catch (error) {
    if (!work.signal.aborted) work.log.error({ job: name, reason: sentence(error) }, 'job failed')
  }
}

/** Reads every message, so that damage does not wait to be found by who wants to read it. */
function verify({ store, log, signal }: Work): Promise<unknown> {
  return store.verify({
    signal,
    progress: () => {},
    flaw: ({ id, accounts, why }) => log.error({ id, accounts, why }, 'a message is not as it was received'),
  })
}
