/** How much of what strangers on the network say is looked at: whoever floods it must not have all our time. */
import { budget } from '../base/budget.ts'

export class Pace {
  /** The second that is under way, and what came in it. */
  #second = { at: Number.NEGATIVE_INFINITY, datagrams: 0, octets: 0 }

  /** @param octets of one more datagram @param now ms @returns whether it may be looked at */
  take(octets: number, now: number): boolean {
    if (now - this.#second.at >= 1000) this.#second = { at: now, datagrams: 0, octets: 0 }
    this.#second.datagrams += 1
    this.#second.octets += octets
    return this.#second.datagrams <= budget.mdnsPace && this.#second.octets <= budget.mdnsPaceOctets
  }
}

/**
 * Whether a datagram may be about a host: its name is written out in it at least once, however often it is pointed to.
 * @param label lower case
 */
export function mentions(octets: Buffer, label: string): boolean {
  return octets.toString('latin1').toLowerCase().includes(label)
}
