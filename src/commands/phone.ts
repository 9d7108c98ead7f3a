/** What a mail program has to be told to use the box: as a table, and as one address. */
import type { Config, Endpoint } from '../base/config.ts'
import { isOpen } from './setup-mail.ts'

type Door = { readonly host: string; readonly port: number; readonly security: 'TLS' | 'STARTTLS' }

/** @param name of the account @returns a label and a value each */
export function programSettings(name: string, config: Config): readonly (readonly [label: string, value: string])[] {
  const [domain = ''] = config.domains
  const [incoming, outgoing] = [incomingDoor(config), outgoingDoor(config)]
  return [
    ['Address', `${name}@${domain}`],
    ['User name', name],
    ['Password', 'the one of the account'],
    ['Incoming mail', incoming ? doorWords('POP3', incoming) : 'not yet possible'],
    ['Outgoing mail', outgoing ? doorWords('SMTP', outgoing) : 'not yet possible'],
  ]
}

/** Where mail is fetched, as RFC 2384 writes it: `pop://alice@mail.home.example:995`. Undefined when nobody can. */
export function popAddress(name: string, config: Config): string | undefined {
  const door = incomingDoor(config)
  return door && `pop://${encodeURIComponent(name)}@${door.host}:${door.port}`
}

function incomingDoor({ hostname, listen }: Config): Door | undefined {
  return doorOf(hostname, listen.pop3s, 'TLS') ?? doorOf(hostname, listen.pop3, 'STARTTLS')
}

function outgoingDoor({ hostname, listen }: Config): Door | undefined {
  return doorOf(hostname, listen.submissions, 'TLS') ?? doorOf(hostname, listen.submission, 'STARTTLS')
}

function doorOf(host: string, endpoints: readonly Endpoint[], security: Door['security']): Door | undefined {
  const endpoint = endpoints.find(endpoint => isOpen(endpoint) && endpoint.port !== 0)
  return endpoint && { host, port: endpoint.port, security }
}

function doorWords(protocol: string, { host, port, security }: Door): string {
  return `${protocol}, ${host}, port ${port}, ${security}`
}
