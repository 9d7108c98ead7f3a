/**
 * The clockwork: runs each job at its time or when it is asked for, never twice at once, and remembers what it came to. What a
 * box that was off has missed is made up for; where the clock is set, the jobs go by what it shows then.
 */
import type { ScheduledTask } from 'node-cron'
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { didYouMean } from '../base/words.ts'
import { type JobState, type Jobs as JobsOfAll, lastRun, rememberRun } from '../doctor/job.ts'
import { duties, type Workshop } from './duties.ts'

type Name = keyof typeof duties

const isName = (name: string): name is Name => Object.hasOwn(duties, name)
const names = Object.keys(duties).filter(isName)

/** What node-cron has to say of itself is said here, in other words, or is of no use to a household. */
const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} }

/** A clock that was set by so much, ms, has jumped; others drift. */
const jumpMs = 60_000
/** A job that did not run for so long, ms, was missed. A day may have 25 hours. */
const missedMs = { day: 26 * 3_600_000, week: 8 * 24 * 3_600_000 } as const

export class Jobs implements JobsOfAll {
  readonly #workshop: Workshop
  readonly #schedule: typeof import('node-cron').schedule
  readonly #stopping = new AbortController()
  readonly #running = new Set<Name>()
  #zone: string
  #tasks: ReadonlyMap<Name, ScheduledTask>

  private constructor(workshop: Workshop, schedule: typeof import('node-cron').schedule) {
    this.#workshop = workshop
    this.#schedule = schedule
    this.#zone = workshop.config().console.time_zone
    this.#tasks = this.#wind()
  }

  /** Starts the clockwork. */
  static async start(workshop: Workshop): Promise<Jobs> {
    // It brings calendars and time zones along, which only a server needs.
    const { schedule } = await import('node-cron')
    const jobs = new Jobs(workshop, schedule)
    void jobs.#watch()
    return jobs
  }

  list(): readonly JobState[] {
    this.#rewind()
    const { store, clock } = this.#workshop
    return names.map(name => {
      const last = lastRun(store.settings, name)
      const { meaning, cron } = duties[name]
      const next = this.#tasks.get(name)?.getNextRun()?.getTime() ?? clock.now()
      return { name, meaning, cron, running: this.#running.has(name), next, ...(last === undefined ? {} : { last }) }
    })
  }

  async run(name: string, signal: AbortSignal): Promise<string> {
    if (!isName(name)) throw new Failure('REFUSED', `There is no job ${name}${didYouMean(name, names)}`)
    if (this.#stopping.signal.aborted) throw new Failure('REFUSED', 'Porchlight is stopping.')
    if (this.#running.has(name)) throw new Failure('REFUSED', `The job ${name} is running already.`)
    return this.#run(name, AbortSignal.any([signal, this.#stopping.signal]))
  }

  /** The household's time zone may have changed. */
  reload(): void {
    this.#rewind()
  }

  /** Stops the clockwork, and tells the jobs under way to end. */
  stop(): void {
    this.#stopping.abort()
    for (const task of this.#tasks.values()) void task.destroy()
  }

  /** node-cron waits for the moment that it has seen last, however the clock is set meanwhile. */
  async #watch(): Promise<void> {
    const { clock } = this.#workshop
    const { signal } = this.#stopping
    const begun = clock.elapsed()
    let origin = clock.now() - begun
    for (;;) {
      await clock.sleep(budget.jobsLookMs, signal)
      if (signal.aborted) return
      const jump = clock.now() - clock.elapsed() - origin
      origin += jump
      this.#rewind(Math.abs(jump) >= jumpMs)
      if (clock.elapsed() - begun >= budget.jobsQuietMs) await this.#makeUp()
    }
  }

  /** What a clock shows that is not set is no reason to do anything. What is left out is made up for. */
  get #guesses(): boolean {
    return this.#workshop.clock.unset?.() === true
  }

  /** Does what was missed, one after the other. */
  async #makeUp(): Promise<void> {
    if (this.#guesses) return
    for (const name of names) {
      if (!this.#running.has(name) && this.#isMissed(name)) await this.#due(name)
    }
  }

  /** What never ran was missed when the house is old enough; a run in the future was one under a clock that was wrong. */
  #isMissed(name: Name): boolean {
    const { store, clock } = this.#workshop
    const now = clock.now()
    const last = lastRun(store.settings, name)?.date
    const founded = Math.min(...store.accounts.list().map(({ created }) => created))
    return now - (last === undefined || last > now ? founded : last) >= missedMs[duties[name].every]
  }

  /** @param anew also where the zone is the same */
  #rewind(anew = false): void {
    const zone = this.#workshop.config().console.time_zone
    if ((zone === this.#zone && !anew) || this.#stopping.signal.aborted) return
    for (const task of this.#tasks.values()) void task.destroy()
    this.#zone = zone
    this.#tasks = this.#wind()
  }

  #wind(): ReadonlyMap<Name, ScheduledTask> {
    const timezone = this.#zone === '' ? {} : { timezone: this.#zone }
    const options = {
      ...timezone,
      unref: true,
      logger: quiet,
      suppressMissedWarning: true,
      missedExecutionTolerance: budget.jobsLateMs,
    }
    return new Map(
      names.map(name => [name, this.#schedule(duties[name].cron, () => this.#due(name), { ...options, name })]),
    )
  }

  async #due(name: Name): Promise<void> {
    if (this.#stopping.signal.aborted) return
    if (this.#guesses) {
      this.#workshop.log.info({ job: name }, 'job left out: the clock is not set yet')
      return
    }
    if (this.#running.has(name)) {
      this.#workshop.log.warn({ job: name }, 'job left out: its last run still goes on')
      return
    }
    // Why it failed is in the log; nobody waits here.
    await this.#run(name, this.#stopping.signal).catch(() => {})
  }

  /** @throws Failure what the job has thrown; GIVEN_UP when it was stopped */
  #run(name: Name, signal: AbortSignal): Promise<string> {
    this.#running.add(name)
    return this.#perform(name, signal).finally(() => this.#running.delete(name))
  }

  async #perform(name: Name, signal: AbortSignal): Promise<string> {
    const { log, clock } = this.#workshop
    const [date, begun] = [clock.now(), clock.elapsed()]
    const ended = async (result: string, failed: boolean) =>
      this.#remember(name, { date, ms: Math.round(clock.elapsed() - begun), result, failed })
    try {
      const result = await duties[name].run({ ...this.#workshop, signal })
      await ended(result, false)
      log.info({ job: name, result }, 'job done')
      return result
    } catch (error) {
      if (signal.aborted) {
        await ended('It was stopped before its end.', false)
        throw new Failure('GIVEN_UP', `The job ${name} was stopped.`)
      }
      await ended(sentence(error), true)
      log.error({ job: name, reason: sentence(error) }, 'job failed')
      throw error instanceof Failure ? error : new Failure('REFUSED', sentence(error), { cause: error })
    }
  }

  async #remember(name: Name, run: Parameters<typeof rememberRun>[2]): Promise<void> {
    // The store may be closed by the time.
    if (this.#stopping.signal.aborted) return
    try {
      await rememberRun(this.#workshop.store.settings, name, run)
    } catch (error) {
      this.#workshop.log.error({ job: name, reason: sentence(error) }, 'what a job came to could not be noted')
    }
  }
}
