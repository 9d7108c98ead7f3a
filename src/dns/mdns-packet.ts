/** Multicast DNS as octets, as far as the addresses of a host need it: RFC 6762 §18. Whatever is heard gives a meaning or none. */
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet'
import { budget } from '../base/budget.ts'
import { maskSections, typeCode } from './sections.ts'

/** One address of a host. IPv6 in the short form of `URL`, so that equal addresses are equal texts. */
export type Address = { readonly type: 'A' | 'AAAA'; readonly address: string }

/** What a record of somebody says of a name; of other types only that there is one. */
type Claimed = { readonly name: string /* lower case */; readonly ttl: number } & (
  | Address
  | { readonly type: 'other'; readonly address: undefined }
)

type Asked = {
  /** Lower case. */
  readonly name: string
  readonly type: QuestionType
  /** The answer may come to the asker alone: §5.4. */
  readonly unicast: boolean
}

export type Heard = {
  readonly id: number
  readonly response: boolean
  readonly questions: readonly Asked[]
  /** What a response says; in a question, what the asker knows already (§7.1). */
  readonly answers: readonly Claimed[]
  /** In a question, what somebody is about to claim: §8.2. */
  readonly proposed: readonly Claimed[]
}

/** Seconds that addresses are believed: §10. */
export const hostTtl = 120

/** The same for programs that hear no goodbye: §6.7. */
const plainTtl = 10

const headerOctets = 12
const inClass = 1
const unicastBit = 0x8000
/** What is answered. */
const questionTypes = { A: typeCode.A, AAAA: typeCode.AAAA, ANY: 255 } as const
export type QuestionType = keyof typeof questionTypes
const wanted: ReadonlySet<number> = new Set([typeCode.A, typeCode.AAAA])

/**
 * @param octets of a stranger, borrowed: nothing of them is kept
 * @returns undefined for what is no message of multicast DNS
 */
export function readMdns(octets: Buffer): Heard | undefined {
  if (octets.length < headerOctets || octets.length > budget.mdnsDatagram) return undefined
  // Other kinds of messages, and refusals, are passed over: §18.3, §18.11.
  if ((octets.readUInt16BE(2) & 0x780f) !== 0 || octets.readUInt16BE(4) > budget.mdnsQuestions) return undefined
  const records = octets.readUInt16BE(6) + octets.readUInt16BE(8) + octets.readUInt16BE(10)
  if (records > budget.mdnsRecords) return undefined
  const message = Buffer.from(octets)
  try {
    // The questions alone first: the records behind them are looked through before the decoder believes them.
    message.fill(0, 6, headerOctets)
    decode(message)
    octets.copy(message, 6, 6, headerOctets)
    const sections = maskSections(message, decode.bytes, wanted)
    if (sections === undefined) return undefined
    const packet = decode(message)
    if (decode.bytes !== sections.end) return undefined
    const answers = [...(packet.answers ?? []), ...(packet.flag_qr ? (packet.additionals ?? []) : [])]
    return {
      id: packet.id ?? 0,
      response: packet.flag_qr,
      questions: (packet.questions ?? []).flatMap(asked),
      answers: answers.map(claimed),
      proposed: (packet.authorities ?? []).map(claimed),
    }
  } catch {
    return undefined
  }
}

function asked({
  name,
  type,
  class: of,
}: {
  name: string
  type: string
  class?: string | undefined
}): readonly Asked[] {
  // The decoder has no word for the class with its upper bit set, which asks for an answer to the asker alone.
  const unicast = of === `UNKNOWN_${unicastBit | inClass}`
  if (!unicast && of !== 'IN' && of !== 'ANY') return []
  const known = (['A', 'AAAA', 'ANY'] as const).find(known => known === type)
  return known === undefined ? [] : [{ name: name.toLowerCase(), type: known, unicast }]
}

function claimed(entry: Answer): Claimed {
  const name = entry.name.toLowerCase()
  const ttl = 'ttl' in entry ? (entry.ttl ?? 0) : 0
  return entry.type === 'A' || entry.type === 'AAAA'
    ? { name, ttl, ...addressOf(entry.data, entry.type) }
    : { name, ttl, type: 'other', address: undefined }
}

/** An address in its one form. */
export function addressOf(text: string, type: Address['type'] = text.includes(':') ? 'AAAA' : 'A'): Address {
  const address = type === 'A' ? text : (URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1) ?? text)
  return { type, address }
}

/** Type and octets of an address, in hexadecimal: in this order two claims are compared, §8.2. */
export function wireKey({ type, address }: Address): string {
  const octets = encode({ answers: [{ name: '.', type, data: address }] })
  return `${typeCode[type].toString(16).padStart(4, '0')}${octets.toString('hex', octets.length - (type === 'A' ? 4 : 16))}`
}

/** Asks whether somebody has the name, for an answer to us alone, and says what will be claimed: §8.1. */
export function probe(name: string, addresses: readonly Address[]): Buffer {
  const octets = encode({
    type: 'query',
    id: 0,
    questions: [{ name, type: 'A' }],
    authorities: addresses.map(address => record(name, address, { ttl: hostTtl, flush: false })),
  })
  return askingFor(octets, name, questionTypes.ANY, inClass | unicastBit)
}

/** Whom an answer is for: all of them, one of them, or a program that knows only plain DNS and wants its question back (§6.7). */
export type Reader =
  | { readonly kind: 'all' | 'one' }
  | { readonly kind: 'plain'; readonly id: number; readonly type: QuestionType }

type Said = {
  readonly addresses: readonly Address[]
  /** What the asker will want next. */
  readonly more?: readonly Address[]
  /** All kinds of addresses that the name has: so it is told that there are no others (§6.1). */
  readonly kinds?: readonly Address['type'][]
  /** Seconds; 0 takes it back. */
  readonly ttl?: number
}

/** What a name is, as an answer. */
export function statement(name: string, { addresses, more = [], kinds, ttl = hostTtl }: Said, reader: Reader): Buffer {
  const plain = reader.kind === 'plain'
  // A program that does not know of the flush bit takes it for another class, and one that hears no goodbye must forget soon.
  const how = { ttl: plain ? Math.min(ttl, plainTtl) : ttl, flush: !plain }
  const octets = encode({
    type: 'response',
    id: plain ? reader.id : 0,
    flags: AUTHORITATIVE_ANSWER,
    questions: plain ? [{ name, type: 'A' }] : [],
    answers: addresses.map(address => record(name, address, how)),
    additionals: [...more.map(address => record(name, address, how)), ...(kinds ? [noOthers(name, kinds, how)] : [])],
  })
  return plain ? askingFor(octets, name, questionTypes[reader.type], inClass) : octets
}

type How = { readonly ttl: number; readonly flush: boolean }

function record(name: string, { type, address }: Address, { ttl, flush }: How): Answer {
  return { name, type, data: address, ttl, flush }
}

function noOthers(name: string, kinds: readonly Address['type'][], { ttl, flush }: How): Answer {
  return { name, type: 'NSEC', data: { nextDomain: name, rrtypes: [...kinds] }, ttl, flush }
}

/** Writes type and class of the one question, for which the encoder has no words. */
function askingFor(octets: Buffer, name: string, type: number, of: number): Buffer {
  const behindName = headerOctets + Buffer.byteLength(name) + 2
  octets.writeUInt16BE(type, behindName)
  octets.writeUInt16BE(of, behindName + 2)
  return octets
}
