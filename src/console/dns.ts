/** The command dns: the records to publish for the household's domains, as a zone file has them (RFC 1035 §5.1). */
import type { Config, Endpoint } from '../base/config.ts'
import { dnsRecord, type Keyring, quotedStrings } from '../store/keyring.ts'
import type { Call, Context, Lines } from './command.ts'

/** What the world is told of a service that mail programs look for: RFC 6186 §3, RFC 8314 §5.1. */
const services = [
  { name: 'submissions', standard: 465, priority: 0 },
  { name: 'submission', standard: 587, priority: 10 },
  { name: 'pop3s', standard: 995, priority: 0 },
  { name: 'pop3', standard: 110, priority: 10 },
] as const

export async function printRecords(_call: Call, { household, print }: Context): Promise<Lines> {
  const { config, keyring } = household
  for (const line of aboutHost(config)) await print(line)
  for (const domain of config.domains) {
    for (const line of await aboutDomain(domain, config, keyring)) await print(line)
  }
  return []
}

function aboutHost({ hostname }: Config): Lines {
  return [
    '; The host. Put its public addresses in place of these, and have whoever gave you the addresses',
    `; name it in their reverse records (PTR): many hosts take no mail from one without.`,
    `; ${hostname}. IN A 192.0.2.1`,
    `; ${hostname}. IN AAAA 2001:db8::1`,
  ]
}

async function aboutDomain(domain: string, config: Config, keyring: Keyring): Promise<Lines> {
  return [
    '',
    `; ${domain}`,
    '; Its mail comes in at this host.',
    `${domain}. IN MX 10 ${config.hostname}.`,
    ...sendersOf(domain, config),
    ...(await signaturesOf(domain, config, keyring)),
    '; Mail in its name that is neither from there nor signed is suspicious; reports of it go to the postmaster.',
    `_dmarc.${domain}. IN TXT "v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}"`,
    '; Mail programs find the servers by these.',
    ...services.flatMap(service => serversOf(service, domain, config)),
  ]
}

/** SPF, for the way in which mail really leaves: RFC 7208. */
function sendersOf(domain: string, { relay }: Config): Lines {
  const { host, mode, domains } = relay
  const relayed = host !== '' && (mode !== 'direct' || domains.length > 0)
  if (!relayed) return ['; Its mail leaves from this host.', `${domain}. IN TXT "v=spf1 mx ~all"`]
  return [
    mode === 'smarthost'
      ? `; Its mail leaves through ${host}.`
      : `; Its mail leaves from this host, or through ${host}.`,
    `; If the provider of ${host} tells you an "include:" to use, put that in place of "${mechanism(host)}".`,
    `${domain}. IN TXT "v=spf1 mx ${mechanism(host)} ~all"`,
  ]
}

function mechanism(host: string): string {
  if (host.includes(':')) return `ip6:${host}`
  return /^[0-9.]+$/.test(host) ? `ip4:${host}` : `a:${host}`
}

async function signaturesOf(domain: string, { submission }: Config, keyring: Keyring): Promise<Lines> {
  if (submission.dkim === 'off') return ['; Its mail is not signed: submission.dkim is "off".']
  const { rsa, ed25519 } = await keyring.keys(domain)
  const records = [rsa, ed25519].map(
    key => `${key.selector}._domainkey.${domain}. IN TXT ${quotedStrings(dnsRecord(key))}`,
  )
  return ['; The keys that its mail is signed with (DKIM).', ...records]
}

/** The ports at which others than this host itself come in; where there are none, a router may lead the usual one here. */
function serversOf({ name, standard, priority }: (typeof services)[number], domain: string, config: Config): Lines {
  const endpoints = config.listen[name]
  const owner = `_${name}._tcp.${domain}. IN SRV`
  // RFC 6186 §3.4: a service that is not there.
  if (endpoints.length === 0) return [`${owner} 0 0 0 .`]
  const ports = new Set(endpoints.filter(isReachable).map(({ port }) => port))
  return Array.from(ports.size > 0 ? ports : [standard], port => `${owner} ${priority} 1 ${port} ${config.hostname}.`)
}

/** Port 0 is any free one, another one at each start. */
function isReachable({ host, port }: Endpoint): boolean {
  return port !== 0 && host !== '::1' && !host.startsWith('127.')
}
