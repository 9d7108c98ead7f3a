/** How many recipients each account and device may send to in an hour: what a stolen password is good for, at most. */
import { budget } from '../base/budget.ts'

const hourMs = 60 * 60_000
/** Parts of an hour that are counted by themselves: so long at most one waits longer than needed. */
const parts = 12
/** The present one, and those that reach into the last hour. */
const mostSlots = parts + 1

/** @property slots counts, the newest first; `slot` is the number of that one since the clock began */
type Counts = { readonly slots: number[]; readonly slot: number }

export class Quota {
  readonly #counts = new Map<string, Counts>()

  /**
   * Counts a recipient, if it is within the limit.
   * @param sender an account or a device
   * @param most recipients in an hour
   * @param now ms, as `Clock.elapsed` counts
   */
  take(sender: string, most: number, now: number): boolean {
    const counts = this.#current(sender, Math.floor(now / (hourMs / parts)))
    if (counts.reduce((sum, count) => sum + count, 0) >= most) return false
    counts[0] = (counts[0] ?? 0) + 1
    return true
  }

  /** @returns the counts of the last hour, the present slot first */
  #current(sender: string, slot: number): number[] {
    const known = this.#counts.get(sender) ?? { slots: [], slot }
    const passed = Array.from({ length: Math.min(slot - known.slot, mostSlots) }, () => 0)
    const slots = [...passed, ...known.slots].slice(0, mostSlots)
    this.#counts.delete(sender)
    this.#counts.set(sender, { slots, slot })
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > budget.quotaEntries && oldest !== undefined) this.#counts.delete(oldest)
    return slots
  }
}
