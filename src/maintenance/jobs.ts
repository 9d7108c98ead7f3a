/** What the house does by itself at fixed times: one table, and the clockwork that runs it. */
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'
import { shares } from '../store/sweep.ts'

type Job = {
  /** In local time: minute, hour, day of month, month, day of week. */
  readonly cron: string
  readonly name: string
  run(store: Store): Promise<unknown>
}

const jobs: readonly Job[] = [
  // Deletions begin sweeps by themselves; at night one goes further.
  { cron: '30 3 * * *', name: 'sweep', run: store => store.sweep(shares.offPeak) },
]

/**
 * Starts the clockwork. A job that is still running is not begun again.
 * @returns stops it; a job under way goes on until the store is closed
 */
export async function startJobs(store: Store, log: Log): Promise<() => void> {
  // It brings calendars and time zones along, which only a server needs.
  const { schedule } = await import('node-cron')
  const tasks = jobs.map(job =>
    schedule(job.cron, () => runJob(job, store, log), { name: job.name, noOverlap: true, unref: true }),
  )
  return () => {
    for (const task of tasks) void task.destroy()
  }
}

async function runJob({ name, run }: Job, store: Store, log: Log): Promise<void> {
  try {
    log.info({ job: name, result: await run(store) }, 'job done')
  } catch (error) {
    log.error({ job: name, reason: sentence(error) }, 'job failed')
  }
}
