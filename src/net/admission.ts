/**
 * Who may come in: bounds on connections, in all and from one address; and when the house is full, who makes room.
 *
 * A full house is either a busy hour or an attack, and the door cannot tell. So a newcomer takes the place of somebody who
 * has little to lose and whose address holds more places than the newcomer's: one host, or a few, cannot keep the others
 * out, however many connections they open and however slowly they speak in each. Nor can many hosts that each hold one: a
 * transaction that gets nowhere makes room as well.
 */
import { budget } from '../base/budget.ts'
import type { Connection, Stake } from './connection.ts'

/** What is to be known of a connection to weigh it against others. */
type Guest = Pick<Connection, 'address' | 'stake' | 'waiting' | 'lastAnswer'>

/** Why a connection is turned away. */
export type Refusal = 'full' | 'address-full'
/** It is in; the other one has lost its place and has to be told. */
export type Entry<Inside> = { readonly insteadOf: Inside | undefined }

/**
 * What a guest has to lose. It makes room only for a newcomer whose address holds fewer places by more than this: nobody is
 * cut off in a transaction for one who would hold as many places then, and whoever has logged in is of the household.
 */
const loss = { nothing: 0, transaction: 1, login: Number.POSITIVE_INFINITY } as const satisfies Record<Stake, number>

export class Admission<Inside extends Guest> {
  /** Who is inside, and the site each comes from. */
  readonly #sites = new Map<Inside, string>()
  readonly #places = new Map<string, number>()
  #limits: { readonly connections: number; readonly connections_per_address: number }

  constructor(limits: { readonly connections: number; readonly connections_per_address: number }) {
    this.#limits = limits
  }

  /** Those already inside stay. */
  set limits(limits: { readonly connections: number; readonly connections_per_address: number }) {
    this.#limits = limits
  }

  /**
   * Counts a connection in, or says why not. One that was counted in must `leave`, unless another came instead of it.
   * @param now as `lastAnswer` is counted
   */
  enter(guest: Inside, now: number): Entry<Inside> | Refusal {
    const site = siteOf(guest.address)
    const places = this.#placesOf(site)
    if (places >= this.#limits.connections_per_address) return 'address-full'
    const full = this.#sites.size >= this.#limits.connections
    const insteadOf = full ? this.#leastLoss(places, now) : undefined
    if (full && !insteadOf) return 'full'
    if (insteadOf) this.leave(insteadOf)
    this.#sites.set(guest, site)
    this.#places.set(site, this.#placesOf(site) + 1)
    return { insteadOf }
  }

  /** Gives the place of a connection free, if it has one. */
  leave(guest: Inside): void {
    const site = this.#sites.get(guest)
    if (site === undefined) return
    const places = this.#placesOf(site)
    this.#sites.delete(guest)
    if (places > 1) this.#places.set(site, places - 1)
    else this.#places.delete(site)
  }

  /**
   * Finds who makes room: of those that are waited for, the one with least to lose; of these, one from the address with most
   * places; of these, the one that was answered longest ago: a peer that only drips octets has asked for nothing.
   * @param places that the newcomer's address holds already
   */
  #leastLoss(places: number, now: number): Inside | undefined {
    let least: { guest: Inside; held: number } | undefined
    for (const [guest, site] of this.#sites) {
      const held = this.#placesOf(site)
      const stuck = guest.stake === 'transaction' && now - guest.lastAnswer >= budget.stuckMs
      if (!guest.waiting || held - places <= loss[stuck ? 'nothing' : guest.stake]) continue
      if (!least) least = { guest, held }
      const order =
        loss[guest.stake] - loss[least.guest.stake] || least.held - held || guest.lastAnswer - least.guest.lastAnswer
      if (order < 0) least = { guest, held }
    }
    return least?.guest
  }

  #placesOf(site: string): number {
    return this.#places.get(site) ?? 0
  }
}

/**
 * What counts as one host: it has a whole /64 of IPv6 addresses to come from. Groups left out by `::` are taken as
 * zeros from there on, which at worst lumps a few neighbours together.
 */
export function siteOf(address: string): string {
  if (!address.includes(':')) return address
  const [front = ''] = address.split('::')
  return [...front.split(':'), '0', '0', '0'].slice(0, 4).join(':')
}
