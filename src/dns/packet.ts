/** Questions and answers as octets: RFC 1035 §4.1. What does not answer our question is a stray and tells nothing. */
import { randomInt } from 'node:crypto'
import {
  AUTHENTIC_DATA,
  type DecodedPacket,
  DNSSEC_OK,
  decode,
  type Answer as Entry,
  encode,
  type OptAnswer,
  RECURSION_DESIRED,
  type RecordClass,
  type TxtData,
} from 'dns-packet'
import { budget } from '../base/budget.ts'
import type { DnsRecord, QueryType } from './record.ts'
import { maskSections, typeCode } from './sections.ts'

/** What was asked. Whoever cannot read our questions has to guess the id, and the port (RFC 5452 §4). */
export type Question = {
  readonly id: number
  /** Lower case, A-labels. */
  readonly name: string
  readonly type: QueryType
  /** Whether it has an OPT record (RFC 6891), which old servers take for an error. */
  readonly edns: boolean
}

/** A record of the answer section. */
export type Owned = {
  /** The name it belongs to, in lower case. */
  readonly owner: string
  readonly ttl: number /* seconds */
  readonly data: DnsRecord | Alias
}

type Alias = { readonly type: 'CNAME'; readonly target: string }

/** What an answer says. */
export type Message = {
  readonly noName: boolean
  /** The server found all of it signed: the AD bit (RFC 4035 §3.2.3). */
  readonly authentic: boolean
  readonly records: readonly Owned[]
  /** Seconds for which a denial holds (RFC 2308 §5); undefined where the server, as its SOA is missing, claims none. */
  readonly denialTtl: number | undefined
  readonly octets: number
}

export type Reading =
  | { readonly kind: 'stray' }
  | { readonly kind: 'truncated' }
  /** The server did not understand EDNS. */
  | { readonly kind: 'no-edns' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'answer'; readonly message: Message }

const headerOctets = 12
/** RFC 1035 §4.1.1, and BADVERS of RFC 6891 §9. */
const rcode = { noError: 0, formatError: 1, noName: 3, notImplemented: 4, badVersion: 16 } as const
const rcodeNames = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const
const ednsErrors: ReadonlySet<number> = new Set([rcode.formatError, rcode.notImplemented, rcode.badVersion])
const unreadable = { kind: 'failed', reason: 'its answer cannot be read' } as const

/** Makes up a question with an id of its own. */
export function makeQuestion(name: string, type: QueryType, edns: boolean): Question {
  return { id: randomInt(0x1_0000), name, type, edns }
}

const opt: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: budget.dnsUdp,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: DNSSEC_OK,
  flag_do: true,
  options: [],
}

/** @returns the question as a message. It asks for the AD bit, by that bit (RFC 6840 §5.7) and by DO (RFC 3225 §3). */
export function encodeQuestion({ id, name, type, edns }: Question): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type }],
    additionals: edns ? [opt] : [],
  })
}

/**
 * Reads what came back. Any octets give a reading.
 * @param octets borrowed: nothing of them is kept
 */
export function readAnswer(octets: Buffer, question: Question): Reading {
  if (octets.length < headerOctets || octets.readUInt16BE(0) !== question.id) return { kind: 'stray' }
  const message = Buffer.from(octets)
  // The question alone first: it may be all there is, and the records have to be looked through from its end.
  message.fill(0, 6, headerOctets)
  const head = tryDecode(message)
  octets.copy(message, 6, 6, headerOctets)
  if (head === undefined) return unreadable
  if (!head.packet.flag_qr || !repeats(head.packet, question)) return { kind: 'stray' }
  if (head.packet.flag_tc) return { kind: 'truncated' }

  const sections = maskSections(message, head.end, new Set([typeCode[question.type], typeCode.CNAME, typeCode.SOA]))
  const whole = sections && tryDecode(message)
  // A name that does not end where its record does shows here.
  if (whole === undefined || whole.end !== sections?.end) return unreadable

  const code = codeOf(whole.packet) | (sections.upperCode << 4)
  if (code === rcode.noError || code === rcode.noName) return answer(whole.packet, octets.length)
  if (question.edns && ednsErrors.has(code)) return { kind: 'no-edns' }
  return { kind: 'failed', reason: `it says ${rcodeNames[code] ?? `RCODE ${code}`}` }
}

function tryDecode(message: Buffer): { packet: DecodedPacket; end: number } | undefined {
  try {
    return { packet: decode(message), end: decode.bytes }
  } catch {
    return undefined
  }
}

function codeOf({ flags = 0 }: DecodedPacket): number {
  return flags & 0xf
}

/** Whether it is our question that this answers. One that could not be read may be missing (RFC 1035 §4.1.1, FORMERR). */
function repeats(packet: DecodedPacket, { name, type }: Question): boolean {
  const [asked, ...others] = packet.questions ?? []
  if (asked === undefined) return codeOf(packet) !== rcode.noError && codeOf(packet) !== rcode.noName
  return others.length === 0 && asked.name.toLowerCase() === name && asked.type === type && asked.class === 'IN'
}

function answer(packet: DecodedPacket, octets: number): Reading {
  const noName = codeOf(packet) === rcode.noName
  const records = (packet.answers ?? []).flatMap(owned)
  const denialTtl = Math.max(...(packet.authorities ?? []).map(ttlOfDenial))
  const referral = !noName && records.length === 0 && denialTtl < 0 && !packet.flag_ra && !packet.flag_aa
  if (referral) return { kind: 'failed', reason: 'it looks up no names for others' }
  return {
    kind: 'answer',
    message: { noName, authentic: packet.flag_ad, records, denialTtl: denialTtl < 0 ? undefined : denialTtl, octets },
  }
}

/** Seconds for which a denial with this record holds: RFC 2308 §5. Less than none where it says nothing about that. */
function ttlOfDenial(entry: Entry): number {
  return entry.type === 'SOA' && isPlain(entry) ? Math.min(seconds(entry.ttl), seconds(entry.data.minimum)) : -1
}

function owned(entry: Entry): readonly Owned[] {
  if (entry.type === 'OPT' || !isPlain(entry)) return []
  const data = dataOf(entry)
  return data === undefined ? [] : [{ owner: entry.name.toLowerCase(), ttl: seconds(entry.ttl), data }]
}

function dataOf(entry: Entry): DnsRecord | Alias | undefined {
  switch (entry.type) {
    case 'A':
    case 'AAAA':
      return { type: entry.type, address: entry.data }
    case 'CNAME':
      return { type: 'CNAME', target: entry.data.toLowerCase() }
    case 'PTR':
      return { type: 'PTR', name: entry.data.toLowerCase() }
    case 'MX': {
      const { preference = 0, exchange } = entry.data
      return { type: 'MX', preference, exchange: exchange === '.' ? '' : exchange.toLowerCase() }
    }
    case 'TXT':
      return { type: 'TXT', text: textOf(entry.data) }
    case 'TLSA': {
      const { usage, selector, matchingType, certificate } = entry.data
      return { type: 'TLSA', usage, selector, matchingType, association: certificate }
    }
    default:
      return undefined
  }
}

function textOf(data: TxtData): string {
  return [data]
    .flat()
    .map(part => part.toString('latin1'))
    .join('')
}

/** Whether it is of the Internet's class. The decoder takes the upper bit of the class for multicast DNS's own. */
function isPlain(entry: { readonly class?: RecordClass | undefined; readonly flush?: boolean | undefined }): boolean {
  return entry.class === 'IN' && entry.flush !== true
}

/** A TTL with its upper bit set is taken as none: RFC 2181 §8. */
function seconds(ttl: number | undefined): number {
  return ttl === undefined || ttl > 0x7fff_ffff ? 0 : ttl
}
