/** What one answer says about a name: its records, their absence, or an alias that somebody else has to be asked about. */
import { budget } from '../base/budget.ts'
import { canonicalDomain } from '../message/address.ts'
import type { Message, Owned } from './packet.ts'
import type { DnsRecord, QueryType } from './record.ts'

export type Step = {
  /** `alias`: the last of `aliases` has to be asked for. */
  readonly status: 'found' | 'no-data' | 'no-name' | 'alias'
  readonly records: readonly DnsRecord[]
  /** The names that the one asked for is an alias of, in order. */
  readonly aliases: readonly string[]
  readonly secure: boolean
  /** Milliseconds for which it may be kept. */
  readonly keepMs: number
}

/**
 * Follows the aliases within an answer (RFC 1034 §3.6.2). What it says about other names is not looked at.
 * @param believed whether this server's AD bit counts
 * @returns a reason, after "cannot,", when it makes no sense
 */
export function readStep(message: Message, name: string, type: QueryType, believed: boolean): Step | string {
  const aliases: string[] = []
  let last = name
  let ttl = Number.POSITIVE_INFINITY
  for (;;) {
    const alias = message.records.find(({ owner, data }) => owner === last && data.type === 'CNAME')
    if (alias?.data.type !== 'CNAME') break
    const target = canonicalDomain(alias.data.target)
    if (target === undefined) return 'an alias in its answer is no name'
    if (aliases.push(target) > budget.dnsAliases) return 'its answer has too many aliases'
    ttl = Math.min(ttl, alias.ttl)
    last = target
  }
  const own = message.records.filter(({ owner, data }) => owner === last && data.type === type)
  const status = statusOf(message, own, aliases)
  // Without the SOA record a denial is good for this once: RFC 2308 §5.
  const denialMs = Math.min((message.denialTtl ?? 0) * 1000, budget.dnsDenialMs)
  const mostMs = status === 'no-data' || status === 'no-name' ? denialMs : budget.dnsCacheMs
  for (const record of own) ttl = Math.min(ttl, record.ttl)
  return {
    status,
    records: preferred(own),
    aliases,
    secure: believed && message.authentic,
    keepMs: message.octets > budget.dnsCached ? 0 : Math.min(ttl * 1000, mostMs),
  }
}

function statusOf(message: Message, own: readonly Owned[], aliases: readonly string[]): Step['status'] {
  if (own.length > 0) return 'found'
  // It is the last name of the chain that does not exist: RFC 6604 §3.
  if (message.noName) return 'no-name'
  return aliases.length > 0 && message.denialTtl === undefined ? 'alias' : 'no-data'
}

/** As many as are used, those of MX with the lowest preferences. */
function preferred(own: readonly Owned[]): readonly DnsRecord[] {
  const records = own.flatMap(({ data }) => (data.type === 'CNAME' ? [] : [data]))
  return records.sort((a, b) => preference(a) - preference(b)).slice(0, budget.dnsUsed)
}

function preference(record: DnsRecord): number {
  return record.type === 'MX' ? record.preference : 0
}
