/**
 * Under which addresses the world knows this box: those that the DNS says, and the one that other mail hosts see. A box behind
 * a router cannot know that by itself; some large mail hosts say in their answer to EHLO from where they are called.
 */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { addressesOf } from '../dns/addresses.ts'
import { mailHosts } from '../dns/mx.ts'
import type { Names } from '../dns/record.ts'
import { ownAddresses } from '../net/here.ts'
import { isPublic, isSame } from './address.ts'
import { type Called, call } from './call.ts'

/** Domains whose hosts are there day and night, and far from each other. */
const largeDomains = ['gmail.com', 'outlook.com', 'yahoo.com'] as const

type Needs = { readonly names: Names; readonly hostname: string; readonly port: number; readonly signal: AbortSignal }

/** A call at a host of a large domain. */
export type FarCall = { readonly host: string; readonly called: Called }

export class Whereabouts {
  readonly #needs: Needs
  #published: Promise<readonly string[]> | undefined
  #calls: Promise<readonly FarCall[]> | undefined

  constructor(needs: Needs) {
    this.#needs = needs
  }

  /** What the DNS says of this host's name. @throws Failure NETWORK or DNS */
  published(): Promise<readonly string[]> {
    const { names, hostname } = this.#needs
    this.#published ??= addressesOf(names, hostname).then(({ addresses }) => addresses.map(({ address }) => address))
    return this.#published
  }

  /** Calls a host of each large domain, once in an examination. @throws Failure NETWORK or DNS where none could be looked up */
  calls(): Promise<readonly FarCall[]> {
    this.#calls ??= this.#call()
    return this.#calls
  }

  /** The addresses that other hosts see us at, as far as they say. Where mail never leaves directly, nobody is called. */
  async seen(): Promise<readonly string[]> {
    const calls = await this.calls().catch(orNothing)
    return [...new Set(calls.flatMap(({ called }) => addressesIn(called)))]
  }

  /** The public addresses that mail leaves from or comes in at, as far as they are known. */
  async ours(): Promise<readonly string[]> {
    const [published, seen] = await Promise.all([this.published().catch(orNothing), this.seen()])
    const known = [...seen, ...published].filter(isPublic)
    const each = known.filter((address, i) => known.findIndex(other => isSame(address, other)) === i)
    return each.slice(0, budget.doctorHosts)
  }

  async #call(): Promise<readonly FarCall[]> {
    const looked = await Promise.allSettled(largeDomains.map(domain => this.#callDomain(domain)))
    const failed = looked.find(result => result.status === 'rejected')
    const calls = looked.flatMap(result => (result.status === 'fulfilled' ? result.value : []))
    if (calls.length === 0 && failed) throw failed.reason
    return calls
  }

  async #callDomain(domain: string): Promise<readonly FarCall[]> {
    const { names, port, hostname, signal } = this.#needs
    const found = await mailHosts(names, domain)
    const host = found.kind === 'hosts' ? found.hosts[0]?.name : undefined
    if (host === undefined) return []
    const { addresses } = await addressesOf(names, host)
    // By IPv6 only where this machine can: its addresses are no secret of a router.
    const families = ownAddresses().some(address => address.includes(':') && isPublic(address)) ? [4, 6] : [4]
    const chosen = families.flatMap(family => addresses.find(address => address.family === family) ?? [])
    const options = { ms: budget.doctorCallMs, signal }
    return Promise.all(
      chosen.map(async ({ address }) => ({ host, called: await call(address, port, hostname, options) })),
    )
  }
}

/** `mx.example at your service, [192.0.2.1]`, `mx.example Hello [192.0.2.1]`. */
function addressesIn(called: Called): readonly string[] {
  if (called.kind !== 'greeted' || called.hello === undefined) return []
  return Array.from(called.hello.text.matchAll(/\[(?:IPv6:)?([0-9a-f.:]{7,45})\]/gi), match => match[1] ?? '').filter(
    isPublic,
  )
}

/** What nobody can tell now is not known; the checks that need it say why. */
function orNothing(error: unknown): readonly never[] {
  if (error instanceof Failure) return []
  throw error
}
