/** What the rest of the house knows of the jobs that are done at fixed times, and what is remembered of each. */
import { budget } from '../base/budget.ts'
import type { Settings } from '../store/settings.ts'

/** A run that has ended. */
export type JobRun = {
  /** When it began, ms since the epoch. */
  readonly date: number
  /** How long it took. */
  readonly ms: number
  /** What it came to, in a sentence or two; why it failed otherwise. */
  readonly result: string
  readonly failed: boolean
}

export type JobState = {
  readonly name: string
  readonly meaning: string
  /** Minute, hour, day of month, month, day of week, in the household's time zone. */
  readonly cron: string
  readonly running: boolean
  readonly last?: JobRun
  /** ms since the epoch */
  readonly next: number
}

export type Jobs = {
  list(): readonly JobState[]
  /**
   * Runs a job now, and waits for its end.
   * @returns what it came to
   * @throws Failure REFUSED when there is none of that name or it is running; GIVEN_UP when the signal stops it; its own otherwise
   */
  run(name: string, signal: AbortSignal): Promise<string>
}

/** The last run of a job, which a restart does not make forgotten. What makes no sense is as if there were none. */
export function lastRun(settings: Pick<Settings, 'get'>, name: string): JobRun | undefined {
  const { date, ms, result, failed } = readObject(settings.get(`jobs.${name}`))
  if (typeof date !== 'number' || typeof ms !== 'number' || typeof result !== 'string') return undefined
  return { date, ms, result, failed: failed === true }
}

/** @throws Failure of the store */
export function rememberRun(settings: Pick<Settings, 'set'>, name: string, run: JobRun): Promise<void> {
  const result = run.result.slice(0, budget.jobResult)
  return settings.set(`jobs.${name}`, JSON.stringify({ ...run, result }))
}

function readObject(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
