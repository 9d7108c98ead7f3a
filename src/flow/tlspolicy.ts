/** What a mail host must prove before it is trusted with mail: DANE (RFC 7672), MTA-STS (RFC 8461), or nothing. */
import { X509Certificate } from 'node:crypto'
import type { HostAddresses } from '../dns/addresses.ts'
import type { MtaSts } from '../dns/mta-sts.ts'
import { matchesMx, type Policy } from '../dns/policy.ts'
import type { Resolver } from '../dns/resolver.ts'
import { matchesTlsa, type Tlsa, tlsaRecords } from '../dns/tlsa.ts'
import type { TlsProof } from '../net/connection.ts'

export type TlsPolicy =
  /** TLS where it is offered, whoever it is with: better than none. */
  | { readonly kind: 'opportunistic' }
  /** TLS in any case, with whomever. */
  | { readonly kind: 'encrypted' }
  /** A certificate that proves the host's name. */
  | { readonly kind: 'verified' }
  /** A certificate that the domain's signed DNS names. */
  | { readonly kind: 'dane'; readonly records: Extract<Tlsa, { kind: 'usable' }>['records'] }
  /** TLS from a policy of the domain that does not know this host: nothing goes there. */
  | { readonly kind: 'foreign' }

export const opportunistic: TlsPolicy = { kind: 'opportunistic' }

/**
 * @param sts the policy of the recipient's domain, if there is one
 * @param secure the DNS said in a signed way that this is the domain's host
 * @throws Failure NETWORK or DNS: mail has to wait then
 */
export async function policyFor(
  resolver: Resolver,
  {
    host,
    addresses,
    port,
    sts,
    secure,
  }: {
    readonly host: string
    readonly addresses: HostAddresses
    readonly port: number
    readonly sts: Policy | undefined
    readonly secure: boolean
  },
): Promise<TlsPolicy> {
  // RFC 8461 §2: DANE comes first where there is both.
  const tlsa: Tlsa =
    secure && addresses.secure ? await findTlsa(resolver, host, addresses.name, port) : { kind: 'none' }
  if (tlsa.kind === 'usable') return { kind: 'dane', records: tlsa.records }
  if (tlsa.kind === 'unusable') return { kind: 'encrypted' }
  if (sts?.mode !== 'enforce') return opportunistic
  return matchesMx(sts, host) ? { kind: 'verified' } : { kind: 'foreign' }
}

/** RFC 7672 §2.2.2: at the name that the host's aliases lead to, and where nothing is there at its own. */
async function findTlsa(resolver: Resolver, host: string, expanded: string, port: number): Promise<Tlsa> {
  const tlsa = await tlsaRecords(resolver, expanded, port)
  return tlsa.kind === 'none' && expanded !== host ? tlsaRecords(resolver, host, port) : tlsa
}

/**
 * @param names that the host may prove: its own, and its domain's (RFC 7672 §3.2.2)
 * @param now ms since the epoch
 * @returns why the host is not trusted, if so, in words for an answer
 */
export function objectionToProof(
  policy: TlsPolicy,
  proof: TlsProof,
  names: readonly string[],
  now: number,
): string | undefined {
  switch (policy.kind) {
    case 'opportunistic':
    case 'encrypted':
      return undefined
    case 'verified':
      return proof.problem === undefined ? undefined : `its certificate does not prove its name (${proof.problem})`
    case 'dane': {
      const match = matchesTlsa(policy.records, proof.chain, now)
      if (match === 'ee' || (match === 'ta' && provesOneOf(names, proof))) return undefined
      return 'its certificate is not the one that its domain names in the DNS'
    }
    case 'foreign':
      return 'the policy of its domain does not know it'
    default:
      return policy satisfies never
  }
}

function provesOneOf(names: readonly string[], { chain: [own] }: TlsProof): boolean {
  const certificate = own && new X509Certificate(own.raw)
  return names.some(name => certificate?.checkHost(name) !== undefined)
}

/** What MTA-STS and the resolver are asked through. */
export type Directory = { readonly resolver: Resolver; readonly sts: MtaSts }
