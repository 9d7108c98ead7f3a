/** The kinds of value a setting can have. Each reads what a person wrote and says in a few words what is wrong with it. */
import * as v from 'valibot'
import { accountName, domainName } from './name.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts'

/** Where to listen: an IPv4 or IPv6 address ("::" is every interface) and a port; 0 is a free port. */
type Endpoint = { readonly host: string; readonly port: number }

/** A bound as it is written in the file, and why it is there. */
type Bound = readonly [value: string, reason: string]
type Range = { readonly least: Bound; readonly most: Bound }

const text = v.string('is not text in quotes')

export const path = text
export const domain = read(domainName, 'is not a domain name')
export const account = read(text => (text === '' ? '' : accountName(text)), 'is not the name of an account')
export const size = quantity(parseSize, formatSize, 'is not a size')
export const duration = quantity(parseDuration, formatDuration, 'is not a duration')
export const count = quantity(wholeNumber, String, 'is not a whole number')
const endpoint = read(parseEndpoint, 'is not an address with a port')

/** Domains, at least one. */
export const domains = v.pipe(
  v.array(domain, 'is not a list'),
  v.minLength(1, 'names no domain'),
  v.maxLength(100, 'has more than 100 domains'),
  v.check(list => new Set(list).size === list.length, 'names a domain twice'),
  v.readonly(),
)

/** Endpoints to listen on; none turns a service off. */
export const endpoints = v.pipe(
  v.array(endpoint, 'is not a list'),
  v.maxLength(16, 'has more than 16 addresses'),
  v.readonly(),
)

/** Domains, or none. */
export const domainList = v.pipe(
  v.array(domain, 'is not a list'),
  v.maxLength(1000, 'has more than 1,000 domains'),
  v.readonly(),
)

/** A host name or an IP address; nothing for none. */
export const hostOrNone = read(text => (text === '' ? '' : hostName(text)), 'is not a host name')

/** A fixed way for the mail of a domain. */
export type FixedRoute = { readonly domain: string; readonly host: string; readonly port: number }

export const routes = v.pipe(
  v.array(read(parseRoute, 'is not a route'), 'is not a list'),
  v.maxLength(1000, 'has more than 1,000 routes'),
  v.readonly(),
)

/** Devices of serial lines. */
export const ttyList = v.pipe(
  v.array(
    read(text => (/^\/[\w.+/-]+$/.test(text) ? text : undefined), 'is not a device'),
    'is not a list',
  ),
  v.maxLength(8, 'has more than 8 lines'),
  v.readonly(),
)

/** The name of a time zone; empty for that of the machine. */
export const timeZone = read(knownZone, 'is not a time zone')

/** Name servers: each `address` or `address:port`, an IPv6 address in brackets where a port follows. */
export const servers = v.pipe(
  v.array(read(parseServer, 'is not the address of a name server'), 'is not a list'),
  v.maxLength(8, 'has more than 8 name servers'),
  v.readonly(),
)

/** Waiting times, at least one. */
export const durations = v.pipe(
  v.array(read(waitingTime, 'is not a duration between 1s and 7d'), 'is not a list'),
  v.minLength(1, 'names no duration'),
  v.maxLength(50, 'has more than 50 durations'),
  v.readonly(),
)

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  const list = words.map(word => JSON.stringify(word)).join(', ')
  return v.pipe(v.picklist(words, `is not one of ${list}`), v.description(`One of ${list}.`))
}

/**
 * Finds two endpoints that cannot be open at the same time.
 * @returns both as text, or undefined
 */
export function overlap(list: readonly Endpoint[]): readonly [string, string] | undefined {
  for (const [i, a] of list.entries()) {
    const b = list.slice(0, i).find(b => a.port === b.port && a.port !== 0 && (covers(a, b) || covers(b, a)))
    if (b) return [formatEndpoint(b), formatEndpoint(a)]
  }
  return undefined
}

/** "::" takes every address of both families, 0.0.0.0 every IPv4 address. */
function covers(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host || a.host === '::' || (a.host === '0.0.0.0' && !b.host.includes(':'))
}

function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function parseEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, plain = '', digits = ''] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]*|\*)):(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65_535) return undefined
  if (bracketed !== undefined) {
    // URL is the judge of IPv6 text, and writes it in its one short form.
    const host = URL.parse(`http://[${bracketed}]/`)?.hostname.slice(1, -1)
    return host === undefined ? undefined : { host, port }
  }
  if (plain === '' || plain === '*') return { host: '::', port }
  return v.IPV4_REGEX.test(plain) ? { host: plain, port } : undefined
}

function knownZone(text: string): string | undefined {
  if (text === '') return ''
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return text
  } catch {
    return undefined
  }
}

function waitingTime(text: string): number | undefined {
  const ms = parseDuration(text)
  return ms !== undefined && ms >= 1000 && ms <= 7 * 24 * 60 * 60_000 ? ms : undefined
}

function hostName(text: string): string | undefined {
  return v.IP_REGEX.test(text) ? text.toLowerCase() : domainName(text)
}

function parseRoute(text: string): FixedRoute | undefined {
  const [, name = '', bracketed, plain = '', digits = '25'] =
    /^([^=]+)=(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const [domain, host, port] = [domainName(name), hostName(bracketed ?? plain), Number(digits)]
  return domain === undefined || host === undefined || port < 1 || port > 65_535 ? undefined : { domain, host, port }
}

function parseServer(text: string): string | undefined {
  if (v.IPV4_REGEX.test(text)) return text
  if (v.IPV6_REGEX.test(text)) return `[${text}]:53`
  const endpoint = parseEndpoint(text)
  return endpoint && endpoint.host !== '::' && endpoint.port > 0 ? formatEndpoint(endpoint) : undefined
}

function read<Value>(parse: (text: string) => Value | undefined, wrong: string) {
  return v.pipe(v.string(wrong), parsed(parse, wrong))
}

function parsed<Value>(parse: (text: string) => Value | undefined, wrong: string) {
  return v.rawTransform<string, Value>(({ dataset, addIssue, NEVER }) => {
    const value = parse(dataset.value)
    if (value !== undefined) return value
    addIssue({ message: wrong })
    return NEVER
  })
}

/** A number with a unit: makes the kind for one range. The description of the kind says the range. */
function quantity(parse: (text: string) => number | undefined, format: (value: number) => string, wrong: string) {
  return ({ least: [least, whyLeast], most: [most, whyMost] }: Range) => {
    const [lowest = 0, highest = 0] = [parse(least), parse(most)]
    return v.pipe(
      // A bare number is what a person may write for octets; for a duration it has no unit and is refused by `parse`.
      v.union([v.string(), v.number()], wrong),
      v.transform(String),
      parsed(parse, wrong),
      v.minValue(lowest, `is less than ${format(lowest)}: ${whyLeast}`),
      v.maxValue(highest, `is more than ${format(highest)}: ${whyMost}`),
      v.description(`From ${format(lowest)} to ${format(highest)}.`),
    )
  }
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
