/**
 * The schema: every key and value of the two databases. Letters are on disk and never change their meaning.
 *
 * A data directory holds two LevelDB databases:
 *
 *     log/     the truth: append-only, synced
 *     index/   derived: can be made again from the log, written without sync
 *
 * Integers are big-endian, so that LevelDB's order is the reading order. `varint` is little-endian base 128, `text` is a
 * varint length and UTF-8, `list` is a varint count and its items.
 *
 * ## The log
 *
 *     key      seq:u48                     given out in order, from 0, never twice
 *     value    letter:u8 check:u32 body         check: CRC-32 of key, letter and body
 *
 *     V header    format:varint store:10 created:u48                            always at seq 0
 *     B block     codec:u8 octets                                               codec 0: as received
 *     M message   id:10 date:u48 flags:u8 octets:varint stored:varint header:varint digest:32
 *                 blocks:list(varint: how far behind this record, or behind the block before)
 *                 reversePath:text trace:text envid:text
 *                 recipients:list(path:text notify:u8 orcpt:text)
 *                 deliveries:list(account:u48 box:varint uid:varint)
 *     X removal   account:u48 box:varint uids:list(varint: distance to the one before)
 *     A account   state:u8 account:u48 created:u48 name:text password:text      state 1: there, 0: removed
 *     N alias     address:text targets:list(text)                               no targets: removed
 *
 * A decoder stops at the last field it knows, so that a later release may add fields at the end of a value.
 *
 * Worked example. A message of 70,000 octets to alice (account 1), received while another one of two blocks comes in:
 *
 *     …0007  B  65,530 octets of ours          64 KiB with letter, check and codec
 *     …0008  B  65,530 octets of the other
 *     …0009  B  4,470 octets of ours           these two in one batch, synced: the commit
 *     …000a  M  blocks [1, 2], deliveries [(1, 1, 42)]
 *
 * The block list reads backwards: one before 000a is 0009, two before that is 0007.
 *
 * Benefits: writing is one sequential stream, whatever the number of sessions; one fsync makes a group of messages
 * durable; keys only grow, so LevelDB moves old files between its levels and does not rewrite them; everything else can
 * be made again from here. Downsides: a message's blocks may lie apart; space comes back only when whole stretches of
 * the log are dead and swept; reading a message costs one look-up more than a file would.
 *
 * ## The index
 *
 *     v                                        format:varint applied:u48 settled:u48 store:10
 *     a account:u48                            created:u48 name:text password:text
 *     n address                                targets:list(text)
 *     u account:u48 box:u32                    next:u32 validity:u32 count:varint octets:varint
 *     x account:u48 box:u32 uid:u32            id:16 uid:5 seq:7 octets:7 date:7 stored:7 copies:3
 *     l seq:u48 account:u48 box:u32 uid:u32    (empty)
 *     z seq:u48                                octets:varint
 *     s segment:u48                            live:varint
 *
 * `applied` is the last record of the log at the last checkpoint, when everything in the index was synced; those after it
 * are applied again at start. Below `settled` no block waits for its message. `store` is the one in the log's header: an
 * index of another log is of no use. `u` is written only then, too, and its counters are counted anew when records had to
 * be applied again. `x` is one message in a mailbox, in the order of arrival. Its value is the id as text and numbers of
 * so many digits of seven bits, its UID among them: so a mailbox is opened by reading values as strings, which cost a third
 * of what buffers do, and no keys. `l` is the link back: when the last link of
 * a message is gone, its record and blocks are dead, and `z` says so until the sweep has taken them out of the log.
 * `copies` spares most messages the look at their links. `s` is written and counted anew as `u` is: the octets of the
 * messages of a segment that are in some mailbox.
 *
 * Benefits: small, so it stays in LevelDB's upper levels and its cache; opening a mailbox is one range scan. Downsides:
 * at start the log's tail is read again; an index that is lost costs a pass over the whole log.
 */
import { crc32 } from 'node:zlib'
import { Failure } from '../base/failure.ts'
import { OctetReader, OctetWriter } from '../wire/octets.ts'

/** The format this release writes, of both databases. */
export const format = 1

/** Records of the log whose space is given back together. */
export const segmentRecords = 1024

/** The mailbox that mail is delivered to; POP3 knows no other. */
export const inbox = 1

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

/** Octets of a message's id, and of a digest (SHA-256). */
export const idOctets = 10
const digestOctets = 32

const noHead = Buffer.alloc(headOctets)

// Values of the log

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

/** Where a copy of a message lies. */
export type Delivery = { readonly account: number; readonly box: number; readonly uid: number }

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

/** Octets of a key of the log. */
export const keyOctets = 6

export function encodeLogKey(seq: number): Buffer {
  const key = Buffer.allocUnsafe(keyOctets)
  key.writeUIntBE(seq, 0, 6)
  return key
}

export function decodeLogKey(key: Buffer): number {
  return decode('a key of the log', key, from => from.u48())
}

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

// Keys and values of the index

const names = {
  version: 0x76, // v
  account: 0x61, // a
  alias: 0x6e, //   n
  mailbox: 0x75, // u
  entry: 0x78, //   x
  link: 0x6c, //    l
  dead: 0x7a, //    z
  segment: 0x73, // s
} as const

/** Where the index stands. */
export type Version = {
  readonly format: number
  readonly applied: number
  readonly settled: number
  /** The log's. */
  readonly store: Buffer
}

export type AccountValue = { readonly created: number; readonly name: string; readonly password: string }

/** A mailbox's counters; `next` is the UID the next message gets. */
export type MailboxValue = {
  readonly next: number
  readonly validity: number
  readonly count: number
  readonly octets: number
}

/** One message in a mailbox: `octets` with its trace fields, as POP3 sends it. */
export type EntryValue = {
  /** In its text form. */
  readonly id: string
  readonly uid: number
  readonly seq: number
  readonly octets: number
  /** ms since the epoch */
  readonly date: number
  /** Octets that the message takes in the log. */
  readonly stored: number
  /** Deliveries that it had. */
  readonly copies: number
}

export const versionKey = Buffer.of(names.version)

export function encodeVersion(version: Version): Buffer {
  const { format, applied, settled, store } = version
  return new OctetWriter().varint(format).u48(applied).u48(settled).raw(store).finish()
}

export function decodeVersion(value: Buffer): Version {
  return decode('the index version', value, from => ({
    format: from.varint(),
    applied: from.u48(),
    settled: from.u48(),
    store: from.raw(idOctets),
  }))
}

export function accountKey(account: number): Buffer {
  return new OctetWriter().u8(names.account).u48(account).finish()
}

export function decodeAccountKey(key: Buffer): number {
  return decodeKey(key, from => from.u48())
}

export function encodeAccount({ created, name, password }: AccountValue): Buffer {
  return new OctetWriter().u48(created).text(name).text(password).finish()
}

export function decodeAccount(value: Buffer): AccountValue {
  return decode('an account', value, from => ({ created: from.u48(), name: from.text(), password: from.text() }))
}

export function aliasKey(address: string): Buffer {
  return Buffer.concat([Buffer.of(names.alias), Buffer.from(address)])
}

export function decodeAliasKey(key: Buffer): string {
  return key.toString('utf8', 1)
}

export function encodeAlias(targets: readonly string[]): Buffer {
  return putTexts(new OctetWriter(), targets).finish()
}

export function decodeAlias(value: Buffer): readonly string[] {
  return decode('an alias', value, from => from.list(item => item.text()))
}

export function mailboxKey(account: number, box: number): Buffer {
  return new OctetWriter().u8(names.mailbox).u48(account).u32(box).finish()
}

export function decodeMailboxKey(key: Buffer): { account: number; box: number } {
  return decodeKey(key, from => ({ account: from.u48(), box: from.u32() }))
}

export function encodeMailbox({ next, validity, count, octets }: MailboxValue): Buffer {
  return new OctetWriter().u32(next).u32(validity).varint(count).varint(octets).finish()
}

export function decodeMailbox(value: Buffer): MailboxValue {
  return decode('a mailbox', value, from => ({
    next: from.u32(),
    validity: from.u32(),
    count: from.varint(),
    octets: from.varint(),
  }))
}

export function entryKey(account: number, box: number, uid: number): Buffer {
  return new OctetWriter().u8(names.entry).u48(account).u32(box).u32(uid).finish()
}

export function decodeEntryKey(key: Buffer): Delivery {
  return decodeKey(key, from => ({ account: from.u48(), box: from.u32(), uid: from.u32() }))
}

/** Characters of an id's text, then digits of each number, most significant first. */
const entryWidths = { id: 16, uid: 5, seq: 7, octets: 7, date: 7, stored: 7, copies: 3 } as const
const entryOctets = Object.values(entryWidths).reduce((sum, width) => sum + width, 0)

export function encodeEntry({ id, uid, seq, octets, date, stored, copies }: EntryValue): Buffer {
  const out = Buffer.alloc(entryOctets)
  let at = out.write(id, 0, entryWidths.id, 'latin1')
  const put = (value: number, width: number) => {
    let rest = value
    for (let i = at + width - 1; i >= at; i--) {
      out[i] = rest % 0x80
      rest = Math.floor(rest / 0x80)
    }
    at += width
  }
  put(uid, entryWidths.uid)
  put(seq, entryWidths.seq)
  put(octets, entryWidths.octets)
  put(date, entryWidths.date)
  put(stored, entryWidths.stored)
  put(copies, entryWidths.copies)
  return out
}

/** @param value its octets, read as UTF-8 */
export function decodeEntry(value: string): EntryValue {
  if (value.length < entryOctets) throw damaged('a mailbox entry', new RangeError('it ends too early'))
  const id = value.slice(0, entryWidths.id)
  if (!/^[\x21-\x7e]+$/.test(id)) throw damaged('a mailbox entry', new RangeError('its id is no id'))
  let at: number = entryWidths.id
  const take = (width: number): number => {
    let number = 0
    for (const end = at + width; at < end; at++) {
      const digit = value.charCodeAt(at)
      if (digit >= 0x80) throw damaged('a mailbox entry', new RangeError('it has octets of eight bits'))
      number = number * 0x80 + digit
    }
    return number
  }
  return {
    id,
    uid: take(entryWidths.uid),
    seq: take(entryWidths.seq),
    octets: take(entryWidths.octets),
    date: take(entryWidths.date),
    stored: take(entryWidths.stored),
    copies: take(entryWidths.copies),
  }
}

export function linkKey(seq: number, { account, box, uid }: Delivery): Buffer {
  return new OctetWriter().u8(names.link).u48(seq).u48(account).u32(box).u32(uid).finish()
}

export function decodeLinkKey(key: Buffer): Delivery & { seq: number } {
  return decodeKey(key, from => ({ seq: from.u48(), account: from.u48(), box: from.u32(), uid: from.u32() }))
}

export function deadKey(seq: number): Buffer {
  return new OctetWriter().u8(names.dead).u48(seq).finish()
}

export function decodeDeadKey(key: Buffer): number {
  return decodeKey(key, from => from.u48())
}

export function encodeDead(octets: number): Buffer {
  return new OctetWriter().varint(octets).finish()
}

export function decodeDead(value: Buffer): number {
  return decode('a dead message', value, from => from.varint())
}

export function segmentKey(segment: number): Buffer {
  return new OctetWriter().u8(names.segment).u48(segment).finish()
}

export function decodeSegmentKey(key: Buffer): number {
  return decodeKey(key, from => from.u48())
}

export function encodeSegment(live: number): Buffer {
  return new OctetWriter().varint(live).finish()
}

export function decodeSegment(value: Buffer): number {
  return decode('a segment', value, from => from.varint())
}

/** The keys of one kind, or below one prefix of it, as a LevelDB range. */
export type Range = { readonly gte: Buffer; readonly lt: Buffer }

export const accountRange: Range = { gte: Buffer.of(names.account), lt: Buffer.of(names.account + 1) }
export const aliasRange: Range = { gte: Buffer.of(names.alias), lt: Buffer.of(names.alias + 1) }
export const mailboxRange: Range = { gte: Buffer.of(names.mailbox), lt: Buffer.of(names.mailbox + 1) }
export const linkRange: Range = { gte: Buffer.of(names.link), lt: Buffer.of(names.link + 1) }

/** @returns the links of one message */
export function linksOf(seq: number): Range {
  return { gte: linksFrom(seq).gte, lt: linksFrom(seq + 1).gte }
}

/** @returns the links of all messages from this number on */
export function linksFrom(seq: number): Range {
  return { gte: new OctetWriter().u8(names.link).u48(seq).finish(), lt: linkRange.lt }
}

export const segmentRange: Range = { gte: Buffer.of(names.segment), lt: Buffer.of(names.segment + 1) }
export const deadRange: Range = { gte: Buffer.of(names.dead), lt: Buffer.of(names.dead + 1) }

/** @returns the dead messages whose records lie in one segment of the log */
export function deadIn(segment: number): Range {
  return { gte: deadKey(segment * segmentRecords), lt: deadKey((segment + 1) * segmentRecords) }
}

/** @returns the messages of one account, in all its mailboxes or in one */
export function entryRange(account: number, box?: number): Range {
  if (box === undefined) return { gte: entryKey(account, 0, 0), lt: entryKey(account + 1, 0, 0) }
  return { gte: entryKey(account, box, 0), lt: entryKey(account, box + 1, 0) }
}

// Pieces

function putTexts(out: OctetWriter, texts: readonly string[]): OctetWriter {
  out.varint(texts.length)
  for (const text of texts) out.text(text)
  return out
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

/** Reads a key of the index behind its letter, which the range it was found in vouches for. */
function decodeKey<Value>(key: Buffer, read: (from: OctetReader) => Value): Value {
  return decode('a key of the index', key.subarray(1), read)
}

function decode<Value>(what: string, value: Buffer, read: (from: OctetReader) => Value): Value {
  try {
    return read(new OctetReader(value))
  } catch (error) {
    throw damaged(what, error)
  }
}

function damaged(what: string, cause: unknown): Failure {
  return new Failure('STORE_DAMAGED', `${what} cannot be read: it is not what was written`, { cause })
}
