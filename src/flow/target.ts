/** The hosts to try for a next hop, in their order, each with its addresses and what it has to prove. */
import type { Config } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import { addressesOf } from '../dns/addresses.ts'
import { type MailHost, mailHosts, withoutOurselves } from '../dns/mx.ts'
import type { NextHop } from './nexthop.ts'
import { type Directory, opportunistic, policyFor, type TlsPolicy } from './tlspolicy.ts'
import { type Trouble, trouble } from './trouble.ts'

/** One host at one address. */
export type Target = {
  readonly host: string
  readonly address: string
  readonly port: number
  /** Names that its certificate may prove. */
  readonly names: readonly string[]
  readonly policy: TlsPolicy
  /** `implicit`: TLS from the first octet. */
  readonly tls: 'starttls' | 'implicit' | 'none'
  /** It is the household's own choice, so that we may log in there. */
  readonly smarthost: boolean
}

/** Who we are, to see when mail would come back to us. */
export type Ourselves = { readonly hostname: string; isHere(address: string, port: number): boolean }

/** What the targets of mail are found with. */
export type Surroundings = Directory & { readonly config: Config; readonly ourselves: Ourselves }

/**
 * Walks the targets of a next hop; each is looked up only when the one before did not do.
 * @throws Failure NETWORK when no name server answers, DNS when one cannot
 * @returns at its end why there is none, if so
 */
export async function* targetsOf(
  hop: NextHop,
  surroundings: Surroundings,
): AsyncGenerator<Target, Trouble | undefined> {
  const { config } = surroundings
  switch (hop.kind) {
    case 'literal':
      if (hop.address === undefined) return trouble.badLiteral('That')
      yield plainTarget(hop.address, hop.address, config.delivery.port)
      return undefined
    case 'fixed':
      return yield* hostTargets(hop.host, hop.port, surroundings, {})
    case 'smarthost': {
      const { host, port, tls } = config.relay
      const policy: TlsPolicy = tls === 'none' ? opportunistic : { kind: 'verified' }
      return yield* hostTargets(host, port, surroundings, { policy, tls, smarthost: true })
    }
    case 'mx':
      return yield* domainTargets(hop.domain, surroundings)
    default:
      return hop satisfies never
  }
}

function plainTarget(host: string, address: string, port: number): Target {
  return { host, address, port, names: [host], policy: opportunistic, tls: 'starttls', smarthost: false }
}

/** A host that the configuration names. */
async function* hostTargets(
  host: string,
  port: number,
  { resolver }: Surroundings,
  changes: Partial<Target>,
): AsyncGenerator<Target, Trouble | undefined> {
  const { addresses } = isAddress(host) ? { addresses: [{ address: host }] } : await addressesOf(resolver, host)
  for (const { address } of addresses) yield { ...plainTarget(host, address, port), ...changes }
  return addresses.length === 0 ? { ...trouble.unknownNow(`The host ${host} has no address`), remote: host } : undefined
}

async function* domainTargets(domain: string, surroundings: Surroundings): AsyncGenerator<Target, Trouble | undefined> {
  const { resolver, sts, ourselves } = surroundings
  const found = await mailHosts(resolver, domain)
  if (found.kind === 'null-mx') return trouble.nullMx(domain)
  if (found.kind === 'no-domain') return trouble.noDomain(domain)
  if (found.kind === 'bad-mx') return trouble.badMx(domain)
  const isOurs = ({ name }: MailHost) => name === ourselves.hostname
  const hosts = found.hosts.some(isOurs) ? withoutOurselves(found.hosts, isOurs) : found.hosts
  if (hosts === 'loop') return trouble.loop(domain)
  const policy = await sts.policyOf(domain)
  let tried = 0
  let problem: Trouble | undefined
  for (const { name: host } of hosts) {
    try {
      for await (const target of mailHostTargets(host, domain, { policy, secure: found.secure }, surroundings)) {
        tried += 1
        if (ourselves.isHere(target.address, target.port)) return trouble.loop(domain)
        yield target
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'DNS') throw error
      problem = trouble.unknownNow(sentence(error))
    }
  }
  return tried === 0 ? (problem ?? (found.implicit ? trouble.noAddress(domain) : trouble.badMx(domain))) : problem
}

async function* mailHostTargets(
  host: string,
  domain: string,
  about: { readonly policy: Parameters<typeof policyFor>[1]['sts']; readonly secure: boolean },
  { resolver, config }: Surroundings,
): AsyncGenerator<Target> {
  const { port } = config.delivery
  const addresses = await addressesOf(resolver, host)
  const policy = await policyFor(resolver, { host, addresses, port, sts: about.policy, secure: about.secure })
  const names = [...new Set([host, addresses.name, ...(about.secure ? [domain] : [])])]
  for (const { address } of addresses.addresses) {
    yield { host, address, port, names, policy, tls: 'starttls', smarthost: false }
  }
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host)
}
