/**
 * MTA-STS: a domain's word that its mail hosts have TLS and valid certificates (RFC 8461). A record in the DNS says that there
 * is a policy, and when it is another one; the policy comes by HTTPS, under a certificate for a name of that domain.
 *
 * Policies are kept in memory only: after a start they are fetched again.
 */
import type { LookupFunction } from 'node:net'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { addressesOf } from './addresses.ts'
import { Cache } from './cache.ts'
import { type Policy, parsePolicy, policyId } from './policy.ts'
import type { Names } from './record.ts'

export type MtaStsOptions = {
  readonly names: Names
  readonly clock: Clock
  /** Where policies are fetched; 443 by itself. */
  readonly port?: number
  /** Authorities in PEM to trust instead of the well-known ones. */
  readonly ca?: string
}

type Kept = { readonly policy: Policy; readonly id: string }

const path = '/.well-known/mta-sts.txt'

export class MtaSts {
  readonly #options: MtaStsOptions
  readonly #kept: Cache<Kept>
  /** Domains whose policy could not be fetched a moment ago, by the id that it had. */
  readonly #failed: Cache<string>
  readonly #underWay = new Map<string, Promise<Policy | undefined>>()
  readonly #closing = new AbortController()

  constructor(options: MtaStsOptions) {
    this.#options = options
    this.#kept = new Cache(budget.stsPolicies, options.clock)
    this.#failed = new Cache(budget.stsPolicies, options.clock)
  }

  /**
   * Finds the policy of a domain. It never fails: what cannot be looked up or fetched leaves the policy that was known (§5.1),
   * and without one there is none, or an attacker could hold mail back by breaking the look-up.
   * @param domain lower case, A-labels
   */
  policyOf(domain: string): Promise<Policy | undefined> {
    const shared = this.#underWay.get(domain)
    if (shared !== undefined) return shared
    const fresh = this.#find(domain).finally(() => this.#underWay.delete(domain))
    this.#underWay.set(domain, fresh)
    return fresh
  }

  /** Ends the fetches under way. */
  close(): void {
    this.#closing.abort()
  }

  async #find(domain: string): Promise<Policy | undefined> {
    const id = await this.#announced(domain)
    const kept = this.#kept.get(domain)
    if (id === undefined || kept?.id === id || this.#failed.get(domain) === id) return kept?.policy
    const policy = await this.#fetch(domain)
    if (policy === undefined) {
      this.#failed.put(domain, id, budget.stsRetryMs)
      return this.#kept.get(domain)?.policy
    }
    this.#kept.put(domain, { policy, id }, policy.ageMs)
    return policy
  }

  async #announced(domain: string): Promise<string | undefined> {
    try {
      const { records } = await this.#options.names.query(`_mta-sts.${domain}`, 'TXT')
      return policyId(records.map(record => record.text))
    } catch (error) {
      if (error instanceof Failure) return undefined
      throw error
    }
  }

  async #fetch(domain: string): Promise<Policy | undefined> {
    const over = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, over.signal])
    try {
      const late = this.#options.clock.sleep(budget.stsFetchMs, signal).then(() => undefined)
      const text = await Promise.race([this.#get(`mta-sts.${domain}`, signal), late])
      return text === undefined ? undefined : parsePolicy(text)
    } finally {
      over.abort()
    }
  }

  /** Redirects are not followed (§3.3), and the certificate has to be valid. @returns the text, if that is what comes */
  async #get(host: string, signal: AbortSignal): Promise<string | undefined> {
    // Rarely needed, and large: loaded only here.
    const { request } = await import('node:https')
    const { port = 443, ca } = this.#options
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const fetching = request(
      { host, port, path, signal, agent: false, lookup: this.#lookup, ...(ca === undefined ? {} : { ca }) },
      response => {
        const [type] = (response.headers['content-type'] ?? '').split(';')
        if (response.statusCode !== 200 || type?.trim().toLowerCase() !== 'text/plain') return resolve(undefined)
        const chunks: Buffer[] = []
        let octets = 0
        response.on('data', (chunk: Buffer) => {
          octets += chunk.length
          if (octets > budget.stsPolicy) resolve(undefined)
          else chunks.push(chunk)
        })
        response.on('error', () => resolve(undefined))
        response.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
      },
    )
    fetching.on('error', () => resolve(undefined))
    fetching.end()
    return promise
  }

  /** Finds the policy host's addresses through our own name servers, in the form that `node:net` asks for. */
  readonly #lookup: LookupFunction = (host, options, callback) => {
    void addressesOf(this.#options.names, host).then(
      ({ addresses: [first, ...others] }) => {
        if (first === undefined) callback(new Failure('DNS', `The host ${host} has no address.`), '')
        else if (options.all) callback(null, [first, ...others])
        else callback(null, first.address, first.family)
      },
      error => callback(error, ''),
    )
  }
}
