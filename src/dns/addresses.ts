/** The addresses of a host in the order in which they are tried. */
import { isIPv4, isIPv6 } from 'node:net'
import { budget } from '../base/budget.ts'
import type { Answer, Names } from './record.ts'

type HostAddress = { readonly address: string; readonly family: 4 | 6 }

export type HostAddresses = {
  /** IPv6 and IPv4 in turn, IPv6 first, at most `budget.dnsAddresses`; none where the host has none. */
  readonly addresses: readonly HostAddress[]
  /** Whether all that was learned is signed. */
  readonly secure: boolean
  /** The name that the host's aliases led to, or its own: TLSA records may be at either (RFC 7672 §2.2.2). */
  readonly name: string
}

/**
 * Asks for both families at once. Where one of them cannot be looked up, the other's addresses do.
 * @throws Failure NETWORK or DNS, as `Resolver.query`, where neither gives an address and one of them failed
 */
export async function addressesOf(names: Names, host: string): Promise<HostAddresses> {
  const [six, four] = await Promise.allSettled([names.query(host, 'AAAA'), names.query(host, 'A')])
  const found = alternate(
    addressesIn(six)
      .filter(isIPv6)
      .map((address): HostAddress => ({ address, family: 6 })),
    addressesIn(four)
      .filter(isIPv4)
      .map((address): HostAddress => ({ address, family: 4 })),
  )
  const failed = [six, four].find(outcome => outcome.status === 'rejected')
  if (found.length === 0 && failed !== undefined) throw failed.reason
  const answers = [six, four].flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  return {
    addresses: found.slice(0, budget.dnsAddresses),
    secure: answers.every(answer => answer.secure),
    name: answers.find(answer => answer.status === 'found')?.name ?? host,
  }
}

function addressesIn(outcome: PromiseSettledResult<Answer<'A'> | Answer<'AAAA'>>): readonly string[] {
  return outcome.status === 'fulfilled' ? outcome.value.records.map(record => record.address) : []
}

function alternate(first: readonly HostAddress[], second: readonly HostAddress[]): readonly HostAddress[] {
  const longer = first.length > second.length ? first : second
  return longer.flatMap((_, i) => [...first.slice(i, i + 1), ...second.slice(i, i + 1)])
}
