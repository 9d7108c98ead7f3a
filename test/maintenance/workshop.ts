/** What the tests of the jobs work with: a log that keeps what it is told, a workshop on the store of a ward, a clock that jumps. */
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import type { Workshop } from '../../src/maintenance/duties.ts'
import { Jobs } from '../../src/maintenance/jobs.ts'
import type { Ward } from '../doctor/ward.ts'

/** A log that keeps what it is told. */
function keeping(): { log: Log; lines: { level: string; fields: Record<string, unknown>; words: string }[] } {
  const lines: { level: string; fields: Record<string, unknown>; words: string }[] = []
  const keep = (level: string) => (fields: Record<string, unknown>, words: string) =>
    void lines.push({ level, fields, words })
  const log = Object.assign(Object.create(silentLog), { info: keep('info'), warn: keep('warn'), error: keep('error') })
  return { log, lines }
}

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
/** What jobs work with, on the store of a ward. */
function workshop(ward: Ward, changes: Partial<Workshop> = {}): Workshop {
  const { config, keyring, store, directory } = ward.household
  const { certificate, key } = config.tls
  return {
    store,
    keyring,
    log: silentLog,
    clock: systemClock,
    config: () => ward.household.config,
    open: new Set(),
    identity: () => ({
      options: { certificate, key, directory, hostname: config.hostname },
      inUse: undefined,
      now: () => Date.now(),
      reload: async () => {},
    }),
    patient: () => ward.patient,
    ...changes,
  }
}

export async function withJobs(
  ward: Ward,
  use: (jobs: Jobs, lines: ReturnType<typeof keeping>['lines']) => Promise<void>,
  changes: Partial<Workshop> = {},
): Promise<void> {
  const { log, lines } = keeping()
  const jobs = await Jobs.start(workshop(ward, { log, ...changes }))
  try {
    await use(jobs, lines)
  } finally {
    jobs.stop()
  }
}

/** A clock whose wall jumps as a test wants; the jobs look at it each time that `look` is called, so much later. */
export function jumping(start: number) {
  let [now, elapsed] = [start, 0]
  let wake = () => {}
  let asleep = Promise.withResolvers<void>()
  const clock: Clock = {
    now: () => now,
    elapsed: () => elapsed,
    sleep: (_ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      signal.addEventListener('abort', () => resolve())
      asleep.resolve()
      return promise
    },
  }
  return {
    clock,
    jump: (to: number) => {
      now = to
    },
    /** Lets time pass, and waits until the jobs have looked and sleep again. */
    look: async (ms: number) => {
      await asleep.promise
      now += ms
      elapsed += ms
      asleep = Promise.withResolvers<void>()
      wake()
      await asleep.promise
    },
  }
}
