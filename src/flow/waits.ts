/**
 * From when on the waiting of a message counts. A small board has no battery for its clock: it jumps by years when it is set,
 * or the box was off for weeks, and mail must not come back for time in which nobody tried to deliver it. So what waits when
 * the clock jumps counts from that moment on, and nothing goes by while the clock is not set.
 */
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Settings } from '../store/settings.ts'

const setting = 'clock.waits'
const dayMs = 86_400_000
/** A clock that has gone by so much more or less than time has passed, ms, was set. */
const jumpMs = dayMs / 2
/** Milliseconds between two notes of what the clock shows, while mail waits: each is a write to the card. */
const noteMs = dayMs / 2
/** As far as it may have gone from the last note to a start: who is off for longer has not tried. */
const offMs = 2 * dayMs

/** What is noted: what the clock showed last, and from when on waiting counts; ms since the epoch. */
type Note = { readonly seen: number; readonly from: number }

export class Waits {
  readonly #settings: () => Pick<Settings, 'get' | 'set'>
  readonly #clock: Clock
  /** What the clock showed when its count of elapsed time began. */
  #origin: number
  #begun = false
  #note: Note | undefined

  constructor(settings: () => Pick<Settings, 'get' | 'set'>, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#origin = clock.now() - clock.elapsed()
    this.#note = readNote(settings().get(setting))
  }

  /**
   * Looks whether the clock has jumped, and notes what it shows now and then.
   * @param waiting whether any mail waits: without any there is nothing to note
   * @returns whether it has
   */
  async look(waiting: boolean): Promise<boolean> {
    const now = this.#clock.now()
    const note = this.#note
    const apart = note === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - note.seen)
    const off = !this.#begun && waiting && note !== undefined && apart > offMs
    const jumped = this.#jump(now) > jumpMs || off
    this.#begun = true
    if (!jumped && (!waiting || this.#clock.unset?.() === true || apart <= noteMs)) return false
    this.#note = { seen: now, from: jumped || note === undefined ? now : note.from }
    try {
      await this.#settings().set(setting, `${this.#note.seen} ${this.#note.from}`)
    } catch (error) {
      // Mail goes on without the note; the next one is due in half a day.
      if (!(error instanceof Failure)) throw error
    }
    return jumped
  }

  /**
   * @param date when a message was accepted, ms since the epoch
   * @returns from when on it has waited; never later than now
   */
  since(date: number): number {
    const now = this.#clock.now()
    if (this.#clock.unset?.() === true) return now
    const from = Math.min(this.#note?.from ?? 0, now)
    // One that was accepted under a clock that was ahead.
    if (date > now) return from === 0 ? now : from
    return Math.max(date, from)
  }

  /** Milliseconds by which the clock was set since the last look. */
  #jump(now: number): number {
    const origin = now - this.#clock.elapsed()
    const jump = Math.abs(origin - this.#origin)
    this.#origin = origin
    return jump
  }
}

function readNote(text = ''): Note | undefined {
  const [, seen, from] = /^(\d{1,15}) (\d{1,15})$/.exec(text) ?? []
  return from === undefined ? undefined : { seen: Number(seen), from: Number(from) }
}
