/** The name servers that are asked: where they are, and which of them may say that an answer is signed. */
import { Resolver as SystemResolver } from 'node:dns'
import { isIP } from 'node:net'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'

export type NameServer = {
  /** An IP address; an IPv6 one may name its interface (`fe80::1%eth0`). */
  readonly address: string
  readonly family: 4 | 6
  readonly port: number
  /** Whether it runs on this host, so that nobody between can change what it says. */
  readonly loopback: boolean
}

const domainPort = 53

/**
 * Chooses the name servers to ask. Where one of them is on this host, only such are asked: it may check signatures, and what
 * another one says when this one cannot answer would pass for unsigned.
 * @param named `192.168.1.1`, `127.0.0.1:5353`, `::1` or `[::1]:53`; an empty list for the system's own
 * @returns as many as the budget allows, in order
 * @throws Failure CONFIG when one of them is no address
 */
export function nameServers(named: readonly string[]): readonly NameServer[] {
  // Read anew each time: a board may get its name servers from the network long after the start.
  const all = (named.length > 0 ? named : new SystemResolver().getServers()).map(parseServer)
  const ours = all.filter(server => server.loopback)
  return (ours.length > 0 ? ours : all).slice(0, budget.dnsServers)
}

function parseServer(text: string): NameServer {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = bracketed ?? plain ?? text
  const port = digits === undefined ? domainPort : Number(digits)
  const family = isIP(address)
  if ((family !== 4 && family !== 6) || port === 0 || port > 0xffff)
    throw new Failure(
      'CONFIG',
      `${JSON.stringify(text)} is not the address of a name server, such as 192.168.1.1 or [::1]:53.`,
    )
  return { address, family, port, loopback: isLoopback(address) }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** @returns the address as it is written in a sentence */
export function formatServer({ address, family, port }: NameServer): string {
  const host = family === 6 ? `[${address}]` : address
  return port === domainPort ? address : `${host}:${port}`
}
