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

  /** Octets an unprivileged process may still write to the file system; 0 when it does not say. */
  get free(): number {
    const now = this.#clock.elapsed()
    if (now - this.#asked >= fresh) {
      this.#free = freeOctets(this.#directory)
      this.#asked = now
    }
    return this.#free
  }

  /** @returns whether so many octets can be written and the reserve stays untouched */
  hasRoom(octets: number): boolean {
    return this.free - octets >= this.#reserve
  }
}

function freeOctets(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return 0 // A disk that does not answer takes no mail either, and mail is refused for as long as that lasts.
  }
}
