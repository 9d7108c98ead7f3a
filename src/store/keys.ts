/**
 * The schema: every key and value of the two databases. Letters are on disk and never change their meaning. Keys are made
 * here, values of the log in record.ts, values of the index in row.ts.
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
 *     V header    schema:varint store:10 created:u48                            always at seq 0; schema.ts
 *     B block     codec:u8 octets                                               codec 0: as received
 *     M message   id:10 date:u48 flags:u8 octets:varint stored:varint header:varint digest:32
 *                 blocks:list(varint: how far behind this record, or behind the block before)
 *                 reversePath:text trace:text envid:text
 *                 recipients:list(path:text notify:u8 orcpt:text)
 *                 deliveries:list(account:u48 box:varint uid:varint)
 *                 queued:list(varint: recipient) messageId:text
 *     T attempt   message:u48 dispatch:varint date:u48 due:u48 attempts:varint state:u8 remote:text
 *                 results:list(recipient:varint outcome:u8 code:varint enhanced:text text:text)
 *     X removal   account:u48 box:varint uids:list(varint: distance to the one before)
 *     F flags     account:u48 box:varint add:varint drop:varint uids:list(varint: distance to the one before)
 *     A account   state:u8 account:u48 created:u48 name:text password:text      state 1: there, 0: removed
 *     N alias     address:text targets:list(text)                               no targets: removed
 *     S setting   name:text value:text                                          no value: removed
 *
 * The bits of notify: 1 never, 2 success, 4 failure, 8 delay, as in RFC 3461 §4.1, and 16 forwarded: an address outside, for
 * which the nearest recipient before it without that bit stands. It is a dispatch of its own beside others of its domain.
 *
 * A decoder stops at the last field it knows, so that a later release may add fields at the end of a value. `add` and `drop`
 * are bits of flags.ts: dropped first, then added; of a message that is gone a flags record says nothing. It stays in the
 * log as a removal does: some 45 octets on the disk each time that somebody marks a message, one for each further message.
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
 *     v                                        schema:varint applied:u48 settled:u48 store:10
 *     a account:u48                            created:u48 name:text password:text
 *     n address                                targets:list(text)
 *     u account:u48 box:u32                    next:u32 validity:u32 count:varint octets:varint
 *     x account:u48 box:u32 uid:u32            id:16 uid:5 seq:7 octets:7 date:7 stored:7 copies:3 flags:1
 *     l seq:u48 account:u48 box:u32 uid:u32    '-'
 *     z seq:u48                                octets:varint
 *     s segment:u48                            live:varint
 *     r seq:u48 dispatch:u16                   id:text domain:text date:u48 due:u48 attempts:varint state:u8
 *                                              stored:varint copies:varint pending:list(varint: recipient) last:text
 *     q domain 00 due:u48 seq:u48 dispatch:u16 '-'
 *     d due:u48 domain 00                      '-'
 *     o message:u48 seq:u48                    '-'
 *     t seq:u48                                what `trace` shows of the record (trace.ts)
 *     g name                                   value:text
 *
 * A dispatch is what of a message goes to one domain: those of its `queued` recipients that are in it. Dispatches count from
 * 0 in the order of their first recipients. `r` is one that is not done, and `q` the waiting line of its domain (a held one
 * stands in none). `d` says when a domain is to be looked at, so that the schedule is read from its front whatever its
 * length; it may say so too often, never too late. `o` finds the attempts of a message, which go with it. The link of a
 * dispatch is that of a mailbox 0 of an account 0, which nobody has.
 *
 * `applied` is the last record of the log at the last checkpoint, when everything in the index was synced; those after it
 * are applied again at start. Below `settled` no block waits for its message. `store` is the one in the log's header: an
 * index of another log is of no use. `u` is written only then, too, and its counters are counted anew when records had to
 * be applied again. `x` is one message in a mailbox, in the order of arrival. Its value is the id as text and numbers of so
 * many digits of seven bits, its UID among them: so a mailbox is opened by reading values as strings, which cost a third of
 * what buffers do, and no keys. One without flags was written before there were any, and has none set. `l` is the link
 * back: when the last link of a message is gone, its record and blocks are dead, and `z` says so until the sweep has taken
 * them out of the log. `copies` spares most messages the look at their links. `s` is written and counted anew as `u` is:
 * the octets of the messages of a segment that are in some mailbox.
 *
 * Benefits: small, so it stays in LevelDB's upper levels and its cache; opening a mailbox is one range scan. Downsides:
 * at start the log's tail is read again; an index that is lost costs a pass over the whole log.
 */
import { OctetWriter } from '../wire/octets.ts'
import { damaged, decode, decodeKey } from './codec.ts'

/** Records of the log whose space is given back together. */
export const segmentRecords = 1024

/** The mailbox that mail is delivered to; POP3 knows no other. */
export const inbox = 1

/** Octets of a message's id, and of a store's. */
export const idOctets = 10

/** Where a copy of a message lies. */
export type Delivery = { readonly account: number; readonly box: number; readonly uid: number }

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

const names = {
  version: 0x76, // v
  account: 0x61, // a
  alias: 0x6e, //   n
  mailbox: 0x75, // u
  entry: 0x78, //   x
  link: 0x6c, //    l
  dead: 0x7a, //    z
  segment: 0x73, // s
  dispatch: 0x72, // r
  waiting: 0x71, // q
  destination: 0x64, // d
  attempt: 0x6f, // o
  trace: 0x74, //   t
  setting: 0x67, // g
} as const

export const versionKey = Buffer.of(names.version)

export function accountKey(account: number): Buffer {
  return new OctetWriter().u8(names.account).u48(account).finish()
}

export function decodeAccountKey(key: Buffer): number {
  return decodeKey(key, from => from.u48())
}

export function aliasKey(address: string): Buffer {
  return Buffer.concat([Buffer.of(names.alias), Buffer.from(address)])
}

export function decodeAliasKey(key: Buffer): string {
  return key.toString('utf8', 1)
}

export function mailboxKey(account: number, box: number): Buffer {
  return new OctetWriter().u8(names.mailbox).u48(account).u32(box).finish()
}

export function decodeMailboxKey(key: Buffer): { account: number; box: number } {
  return decodeKey(key, from => ({ account: from.u48(), box: from.u32() }))
}

export function entryKey(account: number, box: number, uid: number): Buffer {
  return new OctetWriter().u8(names.entry).u48(account).u32(box).u32(uid).finish()
}

export function decodeEntryKey(key: Buffer): Delivery {
  return decodeKey(key, from => ({ account: from.u48(), box: from.u32(), uid: from.u32() }))
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

export function segmentKey(segment: number): Buffer {
  return new OctetWriter().u8(names.segment).u48(segment).finish()
}

export function decodeSegmentKey(key: Buffer): number {
  return decodeKey(key, from => from.u48())
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

/** Whose mailbox 0 stands for the outbound queue in links; its UIDs are numbers of dispatches. */
export const nobody = 0

export function dispatchKey(seq: number, dispatch: number): Buffer {
  return new OctetWriter().u8(names.dispatch).u48(seq).u16(dispatch).finish()
}

export function decodeDispatchKey(key: Buffer): { seq: number; dispatch: number } {
  return decodeKey(key, from => ({ seq: from.u48(), dispatch: from.u16() }))
}

/** @param domain in canonical form, so without NUL */
export function waitingKey(domain: string, due: number, seq: number, dispatch: number): Buffer {
  return waitingPrefix(domain).u48(due).u48(seq).u16(dispatch).finish()
}

export function decodeWaitingKey(key: Buffer): { domain: string; due: number; seq: number; dispatch: number } {
  const domain = domainAt(key, 1)
  return decode('a key of the index', key.subarray(domain.length + 2), from => ({
    domain,
    due: from.u48(),
    seq: from.u48(),
    dispatch: from.u16(),
  }))
}

/** Reads the domain that begins there and ends in a NUL. */
function domainAt(key: Buffer, start: number): string {
  const end = key.indexOf(0, start)
  if (end < 0) throw damaged('a key of the index', new RangeError('it ends too early'))
  return key.toString('latin1', start, end)
}

function waitingPrefix(domain: string): OctetWriter {
  return new OctetWriter().u8(names.waiting).raw(Buffer.from(domain, 'latin1')).u8(0)
}

export function destinationKey(due: number, domain: string): Buffer {
  return new OctetWriter().u8(names.destination).u48(due).raw(Buffer.from(domain, 'latin1')).u8(0).finish()
}

export function decodeDestinationKey(key: Buffer): { due: number; domain: string } {
  return { due: decodeKey(key, from => from.u48()), domain: domainAt(key, 7) }
}

export function attemptKey(message: number, seq: number): Buffer {
  return new OctetWriter().u8(names.attempt).u48(message).u48(seq).finish()
}

export function decodeAttemptKey(key: Buffer): { message: number; seq: number } {
  return decodeKey(key, from => ({ message: from.u48(), seq: from.u48() }))
}

export function traceKey(seq: number): Buffer {
  return new OctetWriter().u8(names.trace).u48(seq).finish()
}

export function decodeTraceKey(key: Buffer): number {
  return decodeKey(key, from => from.u48())
}

export function settingKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(names.setting), Buffer.from(name)])
}

export function decodeSettingKey(key: Buffer): string {
  return key.toString('utf8', 1)
}

export const dispatchRange: Range = { gte: Buffer.of(names.dispatch), lt: Buffer.of(names.dispatch + 1) }

/** @returns the dispatches of one message that are not done */
export function dispatchesOf(seq: number): Range {
  return { gte: dispatchKey(seq, 0), lt: dispatchKey(seq + 1, 0) }
}

export const waitingRange: Range = { gte: Buffer.of(names.waiting), lt: Buffer.of(names.waiting + 1) }

/** @returns the dispatches that wait for one domain, those up to a moment or all */
export function waitingFor(domain: string, until?: number): Range {
  const lt = until === undefined ? waitingPrefix(domain).u8(0xff).finish() : waitingKey(domain, until + 1, 0, 0)
  return { gte: waitingKey(domain, 0, 0, 0), lt }
}

export const destinationRange: Range = { gte: Buffer.of(names.destination), lt: Buffer.of(names.destination + 1) }

/** @returns the records of the attempts of the messages from one to another */
export function attemptsFrom(first: number, last: number): Range {
  return { gte: attemptKey(first, 0), lt: attemptKey(last + 1, 0) }
}

export const traceRange: Range = { gte: Buffer.of(names.trace), lt: Buffer.of(names.trace + 1) }

export const settingRange: Range = { gte: Buffer.of(names.setting), lt: Buffer.of(names.setting + 1) }

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
