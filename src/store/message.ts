/** The record of a message: what is kept of it beside its octets. */
import { returnPathField } from '../message/trace.ts'
import type { OctetReader, OctetWriter } from '../wire/octets.ts'
import { type Delivery, idOctets } from './keys.ts'

const flags = {
  dotted: 1,
  eightBit: 2,
  smtputf8: 4,
  returnHeaders: 8,
  returnFull: 16,
  requireTls: 32,
  tlsOptional: 64,
} as const

/** The largest UID and mailbox number. */
export const u32 = 0xffffffff

/** SHA-256. */
const digestOctets = 32

/** When a recipient wants to hear of its message (RFC 3461 §4.1), one bit each; 0 is "not said". */
export const notify = { never: 1, success: 2, failure: 4, delay: 8 } as const

/** Beside those bits: an address outside, for which an address here stands. It comes behind the recipient that led to it. */
export const forwarded = 16

export type Recipient = { readonly path: string; readonly notify: number; readonly orcpt: string }

/** What is kept of a message beside its octets. */
export type MessageRecord = {
  readonly kind: 'message'
  /** Random and unique; its text form is the UIDL and the id in Received. */
  readonly id: Buffer
  /** When it was accepted, ms since the epoch. */
  readonly date: number
  /** Some line begins with a dot, so that it must be stuffed when it is sent. */
  readonly dotted: boolean
  readonly eightBit: boolean
  readonly smtputf8: boolean
  /** It may only go where TLS is sure: RFC 8689 §4. */
  readonly requireTls: boolean
  /** Its sender would rather have it delivered than delivered over TLS: RFC 8689 §3. */
  readonly tlsOptional: boolean
  /** RET of RFC 3461 §4.3; empty when not given. */
  readonly ret: '' | 'FULL' | 'HDRS'
  readonly envid: string
  /** Octets as received, without the trace fields. */
  readonly octets: number
  /** Octets that its blocks take in the log. */
  readonly stored: number
  /** Octets of the header section with the empty line that ends it. */
  readonly headerOctets: number
  /** SHA-256 over the octets as received. */
  readonly digest: Buffer
  /** Sequence numbers of its blocks, first to last. */
  readonly blocks: readonly number[]
  /** As a mailbox (RFC 5321 §4.1.2) without angle brackets; empty for the null reverse-path. */
  readonly reversePath: string
  /** The Received field added at receipt, with its CRLF. */
  readonly trace: string
  readonly recipients: readonly Recipient[]
  readonly deliveries: readonly Delivery[]
  /** Which of the recipients are sent on, in ascending order. */
  readonly queued: readonly number[]
  /** Its Message-ID with angle brackets; empty when it has none. */
  readonly messageId: string
}

export function encodeMessage(out: OctetWriter, seq: number, record: MessageRecord): Buffer {
  out.raw(record.id).u48(record.date).u8(messageFlags(record))
  out.varint(record.octets).varint(record.stored).varint(record.headerOctets).raw(record.digest)
  out.varint(record.blocks.length)
  record.blocks.toReversed().reduce((after, block) => {
    out.varint(after - block)
    return block
  }, seq)
  out.text(record.reversePath).text(record.trace).text(record.envid)
  out.varint(record.recipients.length)
  for (const recipient of record.recipients) out.text(recipient.path).u8(recipient.notify).text(recipient.orcpt)
  out.varint(record.deliveries.length)
  for (const delivery of record.deliveries) out.u48(delivery.account).varint(delivery.box).varint(delivery.uid)
  out.varint(record.queued.length)
  for (const recipient of record.queued) out.varint(recipient)
  return out.text(record.messageId).finish()
}

function messageFlags({ dotted, eightBit, smtputf8, ret, requireTls, tlsOptional }: MessageRecord): number {
  return (
    (dotted ? flags.dotted : 0) |
    (eightBit ? flags.eightBit : 0) |
    (smtputf8 ? flags.smtputf8 : 0) |
    (ret === 'HDRS' ? flags.returnHeaders : 0) |
    (ret === 'FULL' ? flags.returnFull : 0) |
    (requireTls ? flags.requireTls : 0) |
    (tlsOptional ? flags.tlsOptional : 0)
  )
}

export function readMessage(seq: number, from: OctetReader): MessageRecord {
  const [id, date, bits] = [from.raw(idOctets), from.u48(), from.u8()]
  const [octets, stored] = [from.varint(), from.varint()]
  const [headerOctets, digest] = [from.varint(), from.raw(digestOctets)]
  let after = seq
  const blocks = from.list(item => (after -= item.varint(after))).reverse()
  const [reversePath, trace, envid] = [from.text(), from.text(), from.text()]
  const recipients = from.list(item => ({ path: item.text(), notify: item.u8(), orcpt: item.text() }))
  const deliveries = from.list(item => ({ account: item.u48(), box: item.varint(u32), uid: item.varint(u32) }))
  // Written before mail went out, it ends here.
  const queued = from.ended ? [] : from.list(item => item.varint())
  const messageId = from.ended ? '' : from.text()
  return {
    kind: 'message',
    id,
    date,
    dotted: (bits & flags.dotted) !== 0,
    eightBit: (bits & flags.eightBit) !== 0,
    smtputf8: (bits & flags.smtputf8) !== 0,
    requireTls: (bits & flags.requireTls) !== 0,
    tlsOptional: (bits & flags.tlsOptional) !== 0,
    ret: bits & flags.returnFull ? 'FULL' : bits & flags.returnHeaders ? 'HDRS' : '',
    envid,
    octets,
    stored,
    headerOctets,
    digest,
    blocks,
    reversePath,
    trace,
    recipients,
    deliveries,
    queued,
    messageId,
  }
}

/** @returns the octets of a message as it is sent: trace fields and body */
export function sentOctets(record: MessageRecord): number {
  return Buffer.byteLength(returnPathField(record.reversePath)) + Buffer.byteLength(record.trace) + record.octets
}

/** What of a message goes to one domain. */
export type Dispatch = { readonly domain: string; readonly recipients: readonly number[] }

/** @returns the dispatches of a message; each one's place here is its number */
export function dispatchesIn({
  recipients,
  queued,
}: Pick<MessageRecord, 'recipients' | 'queued'>): readonly Dispatch[] {
  // What is forwarded leaves in the name of the domain that it was for, and so by itself.
  const found = Map.groupBy(queued, recipient => {
    const domain = domainOf(recipients[recipient]?.path ?? '')
    const origin = forwardedFor(recipients, recipient)
    return origin === undefined ? domain : `${domain} ${domainOf(origin)}`
  })
  return Array.from(found.values(), group => {
    const [first = 0] = group
    return { domain: domainOf(recipients[first]?.path ?? ''), recipients: group }
  })
}

/** @returns the address here that a recipient was put in for; undefined when it is not forwarded */
export function forwardedFor(recipients: readonly Recipient[], recipient: number): string | undefined {
  let at = recipient
  while (at > 0 && isForwarded(recipients[at])) at -= 1
  return at === recipient ? undefined : recipients[at]?.path
}

export function isForwarded(recipient: Recipient | undefined): boolean {
  return recipient !== undefined && (recipient.notify & forwarded) !== 0
}

/** @param path as in a `Recipient`, its domain in canonical form */
function domainOf(path: string): string {
  return path.slice(path.lastIndexOf('@') + 1)
}
