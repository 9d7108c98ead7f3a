/**
 * How long a peer is waited for that does send, but hardly anything: an octet now and then would keep a connection from ever
 * falling silent. A command has to be there within the time that a silent peer gets; a body has to come at a least rate.
 */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'

export class Patience {
  readonly #clock: Clock
  readonly #idleMs: () => number
  #since: number
  #octets = 0

  /** @param idleMs milliseconds that a silent peer gets */
  constructor(clock: Clock, idleMs: () => number) {
    this.#clock = clock
    this.#idleMs = idleMs
    this.#since = clock.elapsed()
  }

  /** The peer was told something: it is its turn anew. */
  renew(): void {
    this.#since = this.#clock.elapsed()
    this.#octets = 0
  }

  /**
   * @param octets that have just come
   * @param body whether they belong to a body, not to a command
   * @returns whether the peer has taken too long for all it has sent since it was its turn
   */
  tried(octets: number, body: boolean): boolean {
    this.#octets += octets
    const granted = body ? budget.bodyMs + (this.#octets / budget.bodyRate) * 1000 : this.#idleMs()
    return this.#clock.elapsed() - this.#since > granted
  }
}
