/** A bounded memory of values that grow old: the oldest entry goes when there are too many. */
import type { Clock } from '../base/clock.ts'

export class Cache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number /* ms, as `elapsed` counts */ }>()
  readonly #places: number
  readonly #clock: Pick<Clock, 'elapsed'>

  constructor(places: number, clock: Pick<Clock, 'elapsed'>) {
    this.#places = places
    this.#clock = clock
  }

  /** @returns the value while it is fresh */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (this.#clock.elapsed() < entry.until) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  /** Keeps a value for so many milliseconds, in place of the one before. */
  put(key: string, value: Value, ms: number): void {
    this.#entries.delete(key)
    if (ms <= 0) return
    this.#entries.set(key, { value, until: this.#clock.elapsed() + ms })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#places && oldest !== undefined) this.#entries.delete(oldest)
  }
}
