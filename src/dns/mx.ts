/** Which hosts take a domain's mail: RFC 5321 §5.1, RFC 7505. */
import { canonicalDomain } from '../message/address.ts'
import type { Names } from './record.ts'

export type MailHost = {
  /** Lower case, A-labels. */
  readonly name: string
  readonly preference: number
}

export type MailHosts =
  | {
      readonly kind: 'hosts'
      /** In the order in which they are tried; at least one. */
      readonly hosts: readonly MailHost[]
      /** Whether the records, or their absence, are signed. */
      readonly secure: boolean
      /** Whether the domain has no MX record and so is its own host. That it has an address is not certain then. */
      readonly implicit: boolean
    }
  /** The domain says that it takes no mail: RFC 7505 §3. */
  | { readonly kind: 'null-mx' }
  /** It has MX records, and none of them names a host. */
  | { readonly kind: 'bad-mx' }
  /** Nothing of that name exists. */
  | { readonly kind: 'no-domain' }

/**
 * Finds the mail hosts of a domain.
 * @param random gives 0 ≤ n < 1, to spread the load among hosts of equal preference
 * @throws Failure NETWORK or DNS, as `Resolver.query`
 */
export async function mailHosts(
  names: Names,
  domain: string,
  { random }: { readonly random: () => number } = Math,
): Promise<MailHosts> {
  const { status, records, secure } = await names.query(domain, 'MX')
  if (status === 'no-name') return { kind: 'no-domain' }
  if (status === 'no-data') return { kind: 'hosts', hosts: [{ name: domain, preference: 0 }], secure, implicit: true }
  if (records.every(({ exchange }) => exchange === '')) return { kind: 'null-mx' }

  const hosts = new Map<string, MailHost>()
  for (const { exchange, preference } of records.toSorted((a, b) => a.preference - b.preference)) {
    const name = hostName(exchange)
    if (name !== undefined && !hosts.has(name)) hosts.set(name, { name, preference })
  }
  if (hosts.size === 0) return { kind: 'bad-mx' }
  // The sort is stable: what was shuffled stays so among equals.
  const ordered = shuffled([...hosts.values()], random).sort((a, b) => a.preference - b.preference)
  return { kind: 'hosts', hosts: ordered, secure, implicit: false }
}

/**
 * Leaves out this host and all that are no better, so that mail does not go round in circles: RFC 5321 §5.1.
 * @param hosts in the order of their preferences
 * @returns the hosts before the first of ours, or 'loop' where that leaves none
 */
export function withoutOurselves(
  hosts: readonly MailHost[],
  isOurs: (host: MailHost) => boolean,
): readonly MailHost[] | 'loop' {
  const ours = Math.min(...hosts.filter(isOurs).map(host => host.preference))
  const better = hosts.filter(host => host.preference < ours)
  return better.length > 0 ? better : 'loop'
}

/** An MX record names a host, not an address; some say an address all the same. */
function hostName(exchange: string): string | undefined {
  if (/[^!-~]/.test(exchange)) return undefined
  const name = canonicalDomain(exchange)
  return name === undefined || /(?:^|\.)\d+$/.test(name) ? undefined : name
}

/** Fisher and Yates. */
function shuffled(hosts: MailHost[], random: () => number): MailHost[] {
  const rest = [...hosts]
  const order: MailHost[] = []
  while (rest.length > 0) order.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return order
}
