/** Who may come in: bounds on connections, in all and from one address. */

/** Why a connection is turned away. */
export type Refusal = 'full' | 'address-full'

export class Admission {
  readonly #perAddress = new Map<string, number>()
  #total = 0
  #limits: { readonly connections: number; readonly connections_per_address: number }

  constructor(limits: { readonly connections: number; readonly connections_per_address: number }) {
    this.#limits = limits
  }

  get total(): number {
    return this.#total
  }

  /** Those already inside stay. */
  set limits(limits: { readonly connections: number; readonly connections_per_address: number }) {
    this.#limits = limits
  }

  /** Counts a connection in, or says why not. One that was counted in must `leave`. */
  enter(address: string): Refusal | undefined {
    const site = siteOf(address)
    const inside = this.#perAddress.get(site) ?? 0
    if (this.#total >= this.#limits.connections) return 'full'
    if (inside >= this.#limits.connections_per_address) return 'address-full'
    this.#total += 1
    this.#perAddress.set(site, inside + 1)
    return undefined
  }

  leave(address: string): void {
    const site = siteOf(address)
    const inside = this.#perAddress.get(site) ?? 0
    this.#total -= 1
    if (inside > 1) this.#perAddress.set(site, inside - 1)
    else this.#perAddress.delete(site)
  }
}

/**
 * One host has a whole /64 of IPv6 addresses to come from, so those count as one. Groups left out by `::` are taken as
 * zeros from there on, which at worst lumps a few neighbours together.
 */
function siteOf(address: string): string {
  if (!address.includes(':')) return address
  const [front = ''] = address.split('::')
  return [...front.split(':'), '0', '0', '0'].slice(0, 4).join(':')
}
