/** How much room the disk has: mail is refused long before there is none. */
import { statfsSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'

/** Ask the file system again after so many milliseconds; a statfs costs microseconds. */
const fresh = 250

export class Space {
  readonly #directory: string
  readonly #reserve: number
  readonly #clock: Clock
  #free = 0
  #asked = Number.NEGATIVE_INFINITY

  /** @param reserve octets that must stay free */
  constructor(directory: string, reserve: number, clock: Clock) {
    this.#directory = directory
    this.#reserve = reserve
    this.#clock = clock
  }

  /** Octets an unprivileged process may still write to the file system. */
  get free(): number {
    const now = this.#clock.now()
    if (Math.abs(now - this.#asked) >= fresh) {
      const { bavail, bsize } = statfsSync(this.#directory)
      this.#free = bavail * bsize
      this.#asked = now
    }
    return this.#free
  }

  /** @returns whether so many octets can be written and the reserve stays untouched */
  hasRoom(octets: number): boolean {
    return this.free - octets >= this.#reserve
  }
}
