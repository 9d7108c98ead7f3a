/**
 * Looks names up by asking name servers that do the work (RFC 1034 §5.3.1). It remembers what they said for as long as they
 * allow, follows aliases, and tells "nobody answers" from "that cannot be answered".
 *
 * Whether an answer is signed is the server's word, the AD bit, and is believed only of one on this host: on the way from
 * another one anybody could set it (RFC 4035 §4.9.3, RFC 6698 §1.3).
 */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { Gate } from '../base/gate.ts'
import { canonicalDomain } from '../message/address.ts'
import { Cache } from './cache.ts'
import { exchange } from './exchange.ts'
import { type Answer, isOfType, type Names, type QueryType } from './record.ts'
import { formatServer, type NameServer, nameServers } from './server.ts'
import { readStep, type Step } from './step.ts'

/** Octets of a name as text, without the final dot: 255 on the wire (RFC 1035 §3.1). */
const mostName = 253

export class Resolver implements Names {
  readonly #named: readonly string[]
  readonly #clock: Clock
  readonly #cache: Cache<Step>
  readonly #gate = new Gate(budget.dnsQueries, budget.dnsQueue)
  readonly #underWay = new Map<string, Promise<Step>>()
  readonly #closing = new AbortController()

  /**
   * @param options servers: as `nameServers` takes them; an empty list for the system's
   * @throws Failure CONFIG when one of them is no address
   */
  constructor({ servers, clock }: { readonly servers: readonly string[]; readonly clock: Clock }) {
    this.#named = servers
    this.#clock = clock
    this.#cache = new Cache(budget.dnsCache, clock)
    if (servers.length > 0) nameServers(servers)
  }

  /**
   * Looks up the records of one type that a name has, through its aliases. A name that no DNS message can hold does not exist.
   * @throws Failure NETWORK when no name server answers; DNS when one answers that it cannot, or what makes no sense
   */
  async query<Type extends QueryType>(name: string, type: Type): Promise<Answer<Type>> {
    let asked = canonicalDomain(name)
    const seen = new Set(asked === undefined ? [] : [asked])
    let secure = true
    while (asked !== undefined && asked.length <= mostName) {
      const step = await this.#step(asked, type)
      secure &&= step.secure
      for (const alias of step.aliases) {
        if (seen.has(alias) || seen.size > budget.dnsAliases)
          throw new Failure('DNS', `The name ${asked} could not be looked up: its aliases lead nowhere.`)
        seen.add(alias)
      }
      const last = step.aliases.at(-1) ?? asked
      if (step.status !== 'alias')
        return { status: step.status, records: step.records.filter(isOfType(type)), secure, name: last }
      asked = last
    }
    return { status: 'no-name', records: [], secure: false, name: asked ?? '' }
  }

  /** Ends what is under way, which then fails with NETWORK. Nothing can be asked any more. */
  close(): void {
    this.#closing.abort()
  }

  /** As much of the way as one answer goes. Who asks for the same at the same time gets the same. */
  #step(name: string, type: QueryType): Promise<Step> {
    const key = `${type} ${name}`
    const kept = this.#cache.get(key)
    if (kept !== undefined) return Promise.resolve(kept)
    const shared = this.#underWay.get(key)
    if (shared !== undefined) return shared
    const fresh = this.#ask(name, type).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, fresh)
    return fresh
  }

  async #ask(name: string, type: QueryType): Promise<Step> {
    const step = await this.#gate.run(() => this.#askServers(name, type))
    if (step === undefined) throw new Failure('DNS', `The name ${name} could not be looked up: too many others wait.`)
    this.#cache.put(`${type} ${name}`, step, step.keepMs)
    return step
  }

  /** Asks each server, and once more those that stayed silent. One that says it cannot will not know better in a moment. */
  async #askServers(name: string, type: QueryType): Promise<Step> {
    let servers = nameServers(this.#named)
    let problem: string | undefined
    const options = { clock: this.#clock, signal: this.#closing.signal }
    for (let round = 0; round < budget.dnsRounds; round += 1) {
      const silent: NameServer[] = []
      for (const server of servers) {
        if (this.#closing.signal.aborted) throw new Failure('NETWORK', 'No more names are looked up: Porchlight stops.')
        const outcome = await exchange(server, name, type, options)
        if (outcome.kind === 'silent') {
          silent.push(server)
          continue
        }
        const step = outcome.kind === 'answer' ? readStep(outcome.message, name, type, server.loopback) : outcome.reason
        if (typeof step !== 'string') return step
        problem = `the name server ${formatServer(server)} cannot, ${step}`
      }
      servers = silent
    }
    if (problem !== undefined) throw new Failure('DNS', `The name ${name} could not be looked up: ${problem}.`)
    const names = nameServers(this.#named).map(formatServer).join(', ')
    throw new Failure('NETWORK', `No name server answers (asked: ${names}). Is the network there?`)
  }
}
