/** A fixed address of the box as a person writes it: what is wrong with it is said before the network is lost over it. */
import * as v from 'valibot'
import { Failure } from './failure.ts'

/** Checked, in the one form in which the rest of the box takes it. */
export type FixedNetwork = {
  /** With the length of its network: `192.168.1.5/24`. */
  readonly address: string
  readonly gateway: string
  readonly dns: readonly string[]
}

/** Name servers of one network; the system's own resolver looks at no more. */
const mostServers = 3
/** Lengths of a network at home: /30 is the smallest with room for a box and its router. */
const lengths = [8, 30] as const
/** Networks that no box at home has an address of: RFC 6890. */
const reserved: readonly (readonly [network: string, length: number, why: string])[] = [
  ['0.0.0.0', 8, 'means no address at all'],
  ['127.0.0.0', 8, 'is for programs within one machine'],
  ['169.254.0.0', 16, 'is for networks without a router'],
  ['224.0.0.0', 3, 'is not for single machines'],
]

/**
 * @param dns none for the gateway, which answers for names in most homes
 * @throws Failure REFUSED with what is wrong, in a sentence or two
 */
export function readFixed(address: string, gateway: string, dns: readonly string[] = []): FixedNetwork {
  const [host = '', digits] = address.split('/')
  if (address.includes(':') || gateway.includes(':'))
    refuse(
      'Only an IPv4 address can be fixed, as 192.168.1.5/24 is. IPv6 addresses come from the router by themselves.',
    )
  const own = machine(host, 'an address')
  if (digits === undefined)
    refuse(
      `How large the network is has to be written behind ${host}. In most homes it is /24 (the same as 255.255.255.0): ${host}/24`,
    )
  const length = lengthOf(digits)
  const router = machine(gateway, 'the address of a gateway')
  const size = 2 ** (32 - length)
  const first = own - (own % size)
  for (const [what, number] of [
    [host, own],
    [gateway, router],
  ] as const) {
    if (Math.floor(number / size) * size !== first)
      refuse(`The gateway ${gateway} is not in the network of ${address}. It is the address of your router.`)
    if (number === first) refuse(`${what} is the name of the network itself, not an address in it. Choose another one.`)
    if (number === first + size - 1) refuse(`${what} speaks to all machines of the network. Choose another one.`)
  }
  if (own === router) refuse(`${gateway} cannot be both the box and the gateway, which is your router.`)
  return { address: `${host}/${length}`, gateway, dns: dns.length === 0 ? [gateway] : servers(dns) }
}

/** Whether it is an address that a machine gives itself while nobody gives it one: RFC 3927, RFC 4291 §2.5.6. */
export function isSelfMade(address: string): boolean {
  return /^(?:169\.254\.|fe[89ab])/i.test(address)
}

/**
 * @returns the name of the box on its own network, in lower case
 * @throws Failure REFUSED when it is no label of a host name (RFC 1123 §2.1)
 */
export function hostLabel(text: string): string {
  const name = text.toLowerCase().replace(/\.local\.?$/, '')
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && !/^\d+$/.test(name) && name !== 'localhost') return name
  return refuse(
    `"${text}" cannot be the name of the box: letters from a to z, digits and - between them, at most 63, as porchlight.`,
  )
}

/** An IPv4 address of one machine, as a number. */
function machine(text: string, what: string): number {
  if (!v.IPV4_REGEX.test(text)) refuse(`"${text}" is not ${what}: four numbers from 0 to 255, as 192.168.1.5.`)
  const number = numberOf(text)
  const [, , why] = reserved.find(([network, length]) => covers(numberOf(network), length, number)) ?? []
  return why === undefined ? number : refuse(`${text} ${why}. Addresses at home begin with 192.168, 10 or 172.16.`)
}

function lengthOf(digits: string): number {
  const length = Number(digits)
  const [least, most] = lengths
  if (/^\d{1,2}$/.test(digits) && length >= least && length <= most) return length
  return refuse(`"/${digits}" is not the size of a network: /${least} to /${most}. In most homes it is /24.`)
}

function servers(dns: readonly string[]): readonly string[] {
  if (dns.length > mostServers) refuse(`${mostServers} name servers are enough.`)
  const bad = dns.find(text => !v.IP_REGEX.test(text) || text === '0.0.0.0' || text === '::')
  if (bad !== undefined) refuse(`"${bad}" is not the address of a name server, as 192.168.1.1 or 9.9.9.9 is.`)
  return dns.map(text => text.toLowerCase())
}

function covers(network: number, length: number, number: number): boolean {
  const size = 2 ** (32 - length)
  return Math.floor(number / size) === Math.floor(network / size)
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function refuse(why: string): never {
  throw new Failure('REFUSED', why)
}
