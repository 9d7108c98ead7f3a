/** The records that the DNS has to have for the household's mail: what `dns` prints and what the doctor compares with. */
import type { Config, Endpoint } from '../base/config.ts'
import { dnsRecord, type Keyring, quotedStrings } from '../store/keyring.ts'

export type NeededRecord = {
  /** Without the final dot. */
  readonly owner: string
  readonly type: 'A' | 'AAAA' | 'MX' | 'TXT' | 'SRV' | 'PTR'
  /** As a zone file has it; of a TXT record its text, without quotes. */
  readonly value: string
}

/** How the household's mail leaves. */
export type WayOut = 'direct' | 'either' | 'smarthost'

/** What the world is told of a service that mail programs look for: RFC 6186 §3, RFC 8314 §5.1. */
const services = [
  { name: 'submissions', standard: 465, priority: 0 },
  { name: 'submission', standard: 587, priority: 10 },
  { name: 'pop3s', standard: 995, priority: 0 },
  { name: 'pop3', standard: 110, priority: 10 },
] as const

/** A record as a zone file has it: RFC 1035 §5.1. */
export function zoneLine({ owner, type, value }: NeededRecord): string {
  return `${owner}. IN ${type} ${type === 'TXT' ? quotedStrings(value) : value}`
}

export function wayOut({ relay: { host, mode, domains } }: Config): WayOut {
  if (host === '' || (mode === 'direct' && domains.length === 0)) return 'direct'
  return mode === 'smarthost' ? 'smarthost' : 'either'
}

/** Where a domain's mail comes in. */
export function mxRecord(domain: string, { hostname }: Config): NeededRecord {
  return { owner: domain, type: 'MX', value: `10 ${hostname}.` }
}

/** Which hosts send a domain's mail, for the way in which it really leaves: RFC 7208. */
export function spfRecord(domain: string, config: Config): NeededRecord {
  const relayed = wayOut(config) === 'direct' ? '' : ` ${spfMechanism(config.relay.host)}`
  return { owner: domain, type: 'TXT', value: `v=spf1 mx${relayed} ~all` }
}

/** What stands for one host in such a record. */
export function spfMechanism(host: string): string {
  if (host.includes(':')) return `ip6:${host}`
  return /^[0-9.]+$/.test(host) ? `ip4:${host}` : `a:${host}`
}

/** The keys that a domain's mail is signed with; they are made when they are missing. @throws Failure KEY */
export async function dkimRecords(domain: string, keyring: Keyring): Promise<readonly NeededRecord[]> {
  const { rsa, ed25519 } = await keyring.keys(domain)
  return [rsa, ed25519].map(key => ({
    owner: `${key.selector}._domainkey.${domain}`,
    type: 'TXT',
    value: dnsRecord(key),
  }))
}

/** What others are to make of the rest: RFC 7489. */
export function dmarcRecord(domain: string): NeededRecord {
  return { owner: `_dmarc.${domain}`, type: 'TXT', value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}` }
}

/** Where mail programs find the servers of a domain. */
export function serviceRecords(domain: string, config: Config): readonly NeededRecord[] {
  return services.flatMap(service => serversOf(service, domain, config))
}

/** The ports at which others than this host itself come in; where there are none, a router may lead the usual one here. */
function serversOf(
  { name, standard, priority }: (typeof services)[number],
  domain: string,
  config: Config,
): readonly NeededRecord[] {
  const endpoints = config.listen[name]
  const record = { owner: `_${name}._tcp.${domain}`, type: 'SRV' } as const
  // RFC 6186 §3.4: a service that is not there.
  if (endpoints.length === 0) return [{ ...record, value: '0 0 0 .' }]
  const ports = new Set(endpoints.filter(isReachable).map(({ port }) => port))
  return Array.from(ports.size > 0 ? ports : [standard], port => ({
    ...record,
    value: `${priority} 1 ${port} ${config.hostname}.`,
  }))
}

/** Whether others than this host come in there. Port 0 is any free one, another one at each start. */
export function isReachable({ host, port }: Endpoint): boolean {
  return port !== 0 && host !== '::1' && !host.startsWith('127.')
}
