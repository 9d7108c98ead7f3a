/** Where nobody could be reached, and until when nobody knocks there again: next hops, and the network as a whole. */
import { budget } from '../base/budget.ts'
import type { Trouble } from './trouble.ts'

export type Rest = {
  /** In a row. */
  readonly failures: number
  /** ms since the epoch */
  readonly until: number
  readonly why: Trouble
}

export class Rests {
  readonly #hops = new Map<string, Rest>()
  #offline: Rest | undefined

  /**
   * @param hop as `hopKey` names it
   * @param now ms since the epoch
   * @returns undefined when it may be tried
   */
  at(hop: string, now: number): Rest | undefined {
    return [this.#offline, this.#hops.get(hop)].find(rest => rest !== undefined && now < rest.until)
  }

  /** The rest of the whole network, if it has one. */
  everywhere(now: number): Rest | undefined {
    return this.#offline && now < this.#offline.until ? this.#offline : undefined
  }

  /**
   * Somebody could not be reached. What several find out at the same time counts once.
   * @param untilAfter says when to try again after so many failures
   */
  begin(hop: string, why: Trouble, now: number, untilAfter: (failures: number) => number): void {
    const before = this.#hops.get(hop)
    if (before && now < before.until) return
    const failures = (before?.failures ?? 0) + 1
    this.#hops.delete(hop)
    this.#hops.set(hop, { failures, until: untilAfter(failures), why })
    const [oldest] = this.#hops.keys()
    if (this.#hops.size > budget.restingHops && oldest !== undefined) this.#hops.delete(oldest)
  }

  beginEverywhere(why: Trouble, until: number): void {
    this.#offline = { failures: 1, until, why }
  }

  /** Somebody there has answered. */
  end(hop: string): void {
    this.#hops.delete(hop)
  }

  clear(): void {
    this.#hops.clear()
    this.#offline = undefined
  }
}
