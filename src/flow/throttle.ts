/** Slows password guessing: per address by turning away, per account by answering late, so that nobody is locked out. */
import { budget } from '../base/budget.ts'

/** Failures from one address that cost nothing: people mistype. */
const freeFailures = 5
/** The longest an address is turned away, and the longest a failure is answered late, ms. */
const mostTurnedAwayMs = 15 * 60_000
const mostDelayMs = 8000
/** Failures are forgotten after so long without another, ms. */
const memoryMs = 60 * 60_000

type Failures = { count: number; last: number /* ms, as `Clock.elapsed` counts */ }

/** Failed logins of an address, or for an account. */
export type FailedLogins = {
  readonly kind: 'address' | 'account'
  readonly name: string
  readonly count: number
  /** Milliseconds since the last one. */
  readonly ago: number
}

export class Throttle {
  readonly #addresses = new Map<string, Failures>()
  readonly #accounts = new Map<string, Failures>()

  /**
   * @param address the client's
   * @param now ms, as `Clock.elapsed` counts
   * @returns whether this address has to wait before it may try again
   */
  turnsAway(address: string, now: number): boolean {
    const { count, last } = this.#addresses.get(address) ?? { count: 0, last: 0 }
    if (count < freeFailures) return false
    return now - last < Math.min(1000 * 2 ** (count - freeFailures), mostTurnedAwayMs)
  }

  /** Notes a failed login. @returns milliseconds to wait before it is answered */
  failed(address: string, account: string, now: number): number {
    note(this.#addresses, address, now)
    return Math.min(250 * 2 ** note(this.#accounts, account, now), mostDelayMs)
  }

  /**
   * What is remembered of those who failed again and again, at most `budget.throttleEntries` of each kind.
   * @param now ms, as `Clock.elapsed` counts
   */
  remembered(now: number): readonly FailedLogins[] {
    const list = (kind: FailedLogins['kind'], failures: ReadonlyMap<string, Failures>) =>
      Array.from(failures, ([name, { count, last }]) => ({ kind, name, count, ago: now - last }))
    return [...list('address', this.#addresses), ...list('account', this.#accounts)]
  }

  succeeded(address: string, account: string): void {
    this.#addresses.delete(address)
    this.#accounts.delete(account)
  }
}

/** Counts a failure, forgetting the oldest entry when there are too many. @returns failures so far */
function note(failures: Map<string, Failures>, key: string, now: number): number {
  const before = failures.get(key)
  const count = before && now - before.last < memoryMs ? before.count + 1 : 1
  failures.delete(key)
  failures.set(key, { count, last: now })
  const [oldest] = failures.keys()
  if (failures.size > budget.throttleEntries && oldest !== undefined) failures.delete(oldest)
  return count
}
