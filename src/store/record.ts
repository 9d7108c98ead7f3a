/** The values of the log, written and read. The grammar is at the head of `keys.ts`. */
import { crc32 } from 'node:zlib'
import { returnPathField } from '../message/trace.ts'
import { OctetReader, OctetWriter } from '../wire/octets.ts'
import { damaged, putTexts } from './codec.ts'
import { type Delivery, idOctets } from './keys.ts'

const letters = {
  header: 0x56, //  V
  block: 0x42, //   B
  message: 0x4d, // M
  removal: 0x58, // X
  account: 0x41, // A
  alias: 0x4e, //   N
} as const

const flags = { dotted: 1, eightBit: 2, smtputf8: 4, returnHeaders: 8, returnFull: 16 } as const

const codecs = { plain: 0 } as const

/** Octets before the body of a value of the log: its letter and its check. */
const headOctets = 5

/** Octets before those of a message in a body block: the head, and the codec. */
export const blockHead = headOctets + 1

/** The largest UID and mailbox number. */
const u32 = 0xffffffff

/** SHA-256. */
const digestOctets = 32

const noHead = Buffer.alloc(headOctets)

/** The first record of every log. */
type HeaderRecord = {
  readonly kind: 'header'
  readonly format: number
  readonly store: Buffer
  readonly created: number
}

/**
 * A stretch of a message. `value` is what the database holds: `blockHead` octets of ours, then those of the message.
 * Whoever gathers a block leaves room for ours in front, so that nothing has to be copied to write it.
 */
type BlockRecord = { readonly kind: 'block'; readonly value: Buffer }

/** When a recipient wants to hear of its message (RFC 3461 §4.1), one bit each; 0 is "not said". */
export const notify = { never: 1, success: 2, failure: 4, delay: 8 } as const

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
}

/** Messages taken out of a mailbox. */
export type RemovalRecord = {
  readonly kind: 'removal'
  readonly account: number
  readonly box: number
  /** In ascending order. */
  readonly uids: readonly number[]
}

/** An account as it is from this record on. Its number is the sequence number of its first record. */
export type AccountRecord = {
  readonly kind: 'account'
  readonly present: boolean
  readonly account: number
  /** ms since the epoch */
  readonly created: number
  readonly name: string
  readonly password: string
}

/** An alias as it is from this record on; without targets it is gone. */
export type AliasRecord = { readonly kind: 'alias'; readonly address: string; readonly targets: readonly string[] }

export type LogRecord = HeaderRecord | BlockRecord | MessageRecord | RemovalRecord | AccountRecord | AliasRecord

/**
 * @param seq the record's own number: block lists are relative to it
 * @returns the value; a block's own buffer, its head filled in
 */
export function encodeLogRecord(seq: number, record: LogRecord): Buffer {
  const value = record.kind === 'block' ? record.value : encodeBody(seq, record)
  value[0] = letters[record.kind]
  if (record.kind === 'block') value[headOctets] = codecs.plain
  value.writeUInt32BE(checkOf(seq, value), 1)
  return value
}

/** The key is part of it, so that a value under a wrong key is found out, too. */
function checkOf(seq: number, value: Buffer): number {
  const keyAndLetter = Buffer.allocUnsafe(7)
  keyAndLetter.writeUIntBE(seq, 0, 6)
  keyAndLetter[6] = value[0] ?? 0
  return crc32(value.subarray(headOctets), crc32(keyAndLetter))
}

/** Leaves room for the head. */
function encodeBody(seq: number, record: Exclude<LogRecord, BlockRecord>): Buffer {
  const out = new OctetWriter().raw(noHead)
  switch (record.kind) {
    case 'header':
      return out.varint(record.format).raw(record.store).u48(record.created).finish()
    case 'message':
      return encodeMessage(out, seq, record)
    case 'removal':
      out.u48(record.account).varint(record.box)
      return putDistances(out, record.uids).finish()
    case 'account': {
      const { present, account, created, name, password } = record
      out.u8(Number(present)).u48(account).u48(created)
      return out.text(name).text(password).finish()
    }
    case 'alias':
      return putTexts(out.text(record.address), record.targets).finish()
    default:
      return record satisfies never
  }
}

/**
 * @returns the record; its octets are views into `value`
 * @throws Failure STORE_DAMAGED when the octets are no record
 */
export function decodeLogRecord(seq: number, value: Buffer): LogRecord {
  try {
    const from = new OctetReader(value)
    const [letter, check] = [from.u8(), from.u32()]
    if (check !== checkOf(seq, value)) throw new RangeError('check differs')
    return readBody(seq, letter, from, value)
  } catch (error) {
    if (error instanceof RangeError) throw damaged(`record ${seq} of the log`, error)
    throw error
  }
}

function readBody(seq: number, letter: number, from: OctetReader, value: Buffer): LogRecord {
  switch (letter) {
    case letters.header:
      return { kind: 'header', format: from.varint(), store: from.raw(idOctets), created: from.u48() }
    case letters.block:
      if (from.u8() !== codecs.plain) throw new RangeError('unknown codec')
      return { kind: 'block', value }
    case letters.message:
      return readMessage(seq, from)
    case letters.removal:
      return { kind: 'removal', account: from.u48(), box: from.varint(u32), uids: takeDistances(from) }
    case letters.account: {
      const present = from.u8() === 1
      const [account, created] = [from.u48(), from.u48()]
      return { kind: 'account', present, account, created, name: from.text(), password: from.text() }
    }
    case letters.alias:
      return { kind: 'alias', address: from.text(), targets: from.list(item => item.text()) }
    default:
      throw new RangeError('unknown letter')
  }
}

function encodeMessage(out: OctetWriter, seq: number, record: MessageRecord): Buffer {
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
  return out.finish()
}

function messageFlags({ dotted, eightBit, smtputf8, ret }: MessageRecord): number {
  return (
    (dotted ? flags.dotted : 0) |
    (eightBit ? flags.eightBit : 0) |
    (smtputf8 ? flags.smtputf8 : 0) |
    (ret === 'HDRS' ? flags.returnHeaders : 0) |
    (ret === 'FULL' ? flags.returnFull : 0)
  )
}

function readMessage(seq: number, from: OctetReader): MessageRecord {
  const [id, date, bits] = [from.raw(idOctets), from.u48(), from.u8()]
  const [octets, stored] = [from.varint(), from.varint()]
  const [headerOctets, digest] = [from.varint(), from.raw(digestOctets)]
  let after = seq
  const blocks = from.list(item => (after -= item.varint(after))).reverse()
  const [reversePath, trace, envid] = [from.text(), from.text(), from.text()]
  const recipients = from.list(item => ({ path: item.text(), notify: item.u8(), orcpt: item.text() }))
  const deliveries = from.list(item => ({ account: item.u48(), box: item.varint(u32), uid: item.varint(u32) }))
  return {
    kind: 'message',
    id,
    date,
    dotted: (bits & flags.dotted) !== 0,
    eightBit: (bits & flags.eightBit) !== 0,
    smtputf8: (bits & flags.smtputf8) !== 0,
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
  }
}

function putDistances(out: OctetWriter, ascending: readonly number[]): OctetWriter {
  out.varint(ascending.length)
  ascending.reduce((before, value) => {
    out.varint(value - before)
    return value
  }, 0)
  return out
}

function takeDistances(from: OctetReader): number[] {
  let value = 0
  return from.list(item => (value += item.varint(u32 - value)))
}

/** @returns the octets of a message as it is sent: trace fields and body */
export function sentOctets(record: MessageRecord): number {
  return Buffer.byteLength(returnPathField(record.reversePath)) + Buffer.byteLength(record.trace) + record.octets
}
