/** A clock that stands until it is moved. */
import type { Clock } from '../../src/base/clock.ts'

export class StillClock implements Clock {
  #ms = 1_000_000
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()

  now(): number {
    return this.#ms
  }

  elapsed(): number {
    return this.#ms
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const sleeper = { until: this.#ms + ms, wake: resolve }
    this.#sleepers.add(sleeper)
    const wake = () => this.#wake(sleeper)
    if (signal.aborted) wake()
    signal.addEventListener('abort', wake, { once: true })
    return promise
  }

  /** Moves the hands and wakes who has slept long enough. */
  pass(ms: number): void {
    this.#ms += ms
    for (const sleeper of this.#sleepers) if (sleeper.until <= this.#ms) this.#wake(sleeper)
  }

  #wake(sleeper: { readonly wake: () => void }): void {
    for (const other of this.#sleepers) if (other === sleeper) this.#sleepers.delete(other)
    sleeper.wake()
  }
}
