/** IP addresses as numbers: which are reachable from everywhere, which lie in a network, and their names in the DNS. */

type Network = { readonly octets: readonly number[]; readonly bits: number }

/**
 * What is not reachable from everywhere: the registries of special-purpose addresses (RFC 6890), and what is for examples,
 * groups and nobody. Of IPv6 only 2000::/3 is given to anybody.
 */
const special = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]
const unicast = '2000::/3'
/** Where a provider puts many customers behind one address: RFC 6598. */
const shared = '100.64.0.0/10'

/** @returns the 4 or 16 octets of an address, or undefined when the text is none */
export function octetsOf(address: string): readonly number[] | undefined {
  return address.includes(':') ? sixteen(address) : four(address)
}

/** @param network `192.0.2.0/24`; without a length the one address. Undefined when it is none */
export function isWithin(address: string, network: string): boolean | undefined {
  const range = parseNetwork(network)
  const octets = octetsOf(address)
  if (range === undefined || octets === undefined) return undefined
  if (octets.length !== range.octets.length) return false
  return range.octets.every((octet, i) => {
    const bits = Math.min(8, Math.max(0, range.bits - 8 * i))
    const mask = 0xff & (0xff << (8 - bits))
    return ((octets[i] ?? 0) & mask) === (octet & mask)
  })
}

/** Whether an address can be reached from everywhere. */
export function isPublic(address: string): boolean {
  if (octetsOf(address) === undefined || special.some(network => isWithin(address, network))) return false
  return !address.includes(':') || isWithin(address, unicast) === true
}

/** Whether the provider shares one public address among many customers, so that nobody outside can call. */
export function isShared(address: string): boolean {
  return isWithin(address, shared) === true
}

/** The name under which a fact about an address is kept: RFC 1035 §3.5, RFC 3596 §2.5. @param zone `in-addr.arpa`, or a blocklist */
export function reversed(address: string, zone: string): string {
  const octets = octetsOf(address) ?? []
  const labels =
    octets.length === 4
      ? octets.map(String)
      : octets.flatMap(octet => [(octet >> 4).toString(16), (octet & 15).toString(16)])
  return `${labels.toReversed().join('.')}.${zone}`
}

/** The name of the record that names the host at an address. */
export function reverseName(address: string): string {
  return reversed(address, address.includes(':') ? 'ip6.arpa' : 'in-addr.arpa')
}

/** Whether two texts are the same address. */
export function isSame(a: string, b: string): boolean {
  return isWithin(a, b) === true
}

function parseNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const octets = octetsOf(address)
  const bits = length === undefined ? 8 * (octets?.length ?? 0) : Number(length)
  return octets === undefined || bits > 8 * octets.length ? undefined : { octets, bits }
}

function four(text: string): readonly number[] | undefined {
  const parts = text.split('.')
  const plain = parts.length === 4 && parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  return plain ? parts.map(Number) : undefined
}

function sixteen(text: string): readonly number[] | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return undefined
  // URL is the judge of IPv6 text, and writes it in its one short form, without dots.
  const short = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1)
  if (short === undefined) return undefined
  const [head = '', tail] = short.split('::')
  const [before, after] = [groups(head), groups(tail ?? '')]
  const missing = tail === undefined ? 0 : 8 - before.length - after.length
  const all = [...before, ...Array.from({ length: missing }, () => 0), ...after]
  return all.flatMap(group => [group >> 8, group & 0xff])
}

function groups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16))
}
