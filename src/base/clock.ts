/** Time as a value that is passed in, so that tests own it. */
import { setTimeout } from 'node:timers/promises'

export type Clock = {
  /** Milliseconds since the epoch, to be written down. It jumps when it is set: a small board has no battery for it. */
  now(): number
  /** Milliseconds since some moment, to measure how long something takes. It never jumps. */
  elapsed(): number
  /** Whether nobody has told it the time since the start, so that `now` is a guess. Missing where that cannot be known. */
  readonly unset?: () => boolean
  /** Resolves after so many milliseconds, or at once when the signal says so. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    await setTimeout(ms, undefined, { signal }).catch(() => {})
  },
}
