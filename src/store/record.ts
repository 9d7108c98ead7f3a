/** The values of the log, written and read. The grammar is at the head of `keys.ts`. */
import { crc32 } from 'node:zlib'
import { OctetReader, OctetWriter } from '../wire/octets.ts'
import { type AttemptRecord, encodeAttempt, readAttempt } from './attempt.ts'
import { damaged, putTexts } from './codec.ts'
import { allFlags } from './flags.ts'
import { idOctets } from './keys.ts'
import { encodeMessage, type MessageRecord, readMessage, u32 } from './message.ts'

const letters = {
  header: 0x56, //  V
  block: 0x42, //   B
  message: 0x4d, // M
  removal: 0x58, // X
  flags: 0x46, //   F
  account: 0x41, // A
  alias: 0x4e, //   N
  attempt: 0x54, // T
  setting: 0x53, // S
} as const

const codecs = { plain: 0 } as const

/** Octets before the body of a value of the log: its letter and its check. */
const headOctets = 5

/** Octets before those of a message in a body block: the head, and the codec. */
export const blockHead = headOctets + 1

const noHead = Buffer.alloc(headOctets)

/** The first record of every log. */
export type HeaderRecord = {
  readonly kind: 'header'
  /** The highest of the records behind it: schema.ts. */
  readonly schema: number
  readonly store: Buffer
  readonly created: number
}

/**
 * A stretch of a message. `value` is what the database holds: `blockHead` octets of ours, then those of the message.
 * Whoever gathers a block leaves room for ours in front, so that nothing has to be copied to write it.
 */
type BlockRecord = { readonly kind: 'block'; readonly value: Buffer }

/** Messages taken out of a mailbox. */
export type RemovalRecord = {
  readonly kind: 'removal'
  readonly account: number
  readonly box: number
  /** In ascending order. */
  readonly uids: readonly number[]
}

/** Flags of messages in a mailbox that are changed (flags.ts). */
export type FlagsRecord = {
  readonly kind: 'flags'
  readonly account: number
  readonly box: number
  readonly add: number
  readonly drop: number
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

/** A thing the household has set at the console, as it is from this record on; without a value it is gone. */
export type SettingRecord = { readonly kind: 'setting'; readonly name: string; readonly value: string }

export type LogRecord =
  | HeaderRecord
  | BlockRecord
  | MessageRecord
  | AttemptRecord
  | RemovalRecord
  | FlagsRecord
  | AccountRecord
  | AliasRecord
  | SettingRecord

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
      return out.varint(record.schema).raw(record.store).u48(record.created).finish()
    case 'message':
      return encodeMessage(out, seq, record)
    case 'removal':
      out.u48(record.account).varint(record.box)
      return putDistances(out, record.uids).finish()
    case 'flags':
      out.u48(record.account).varint(record.box).varint(record.add).varint(record.drop)
      return putDistances(out, record.uids).finish()
    case 'account': {
      const { present, account, created, name, password } = record
      out.u8(Number(present)).u48(account).u48(created)
      return out.text(name).text(password).finish()
    }
    case 'alias':
      return putTexts(out.text(record.address), record.targets).finish()
    case 'attempt':
      return encodeAttempt(out, record)
    case 'setting':
      return out.text(record.name).text(record.value).finish()
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
      return { kind: 'header', schema: from.varint(), store: from.raw(idOctets), created: from.u48() }
    case letters.block:
      if (from.u8() !== codecs.plain) throw new RangeError('unknown codec')
      return { kind: 'block', value }
    case letters.message:
      return readMessage(seq, from)
    case letters.removal:
      return { kind: 'removal', account: from.u48(), box: from.varint(u32), uids: takeDistances(from) }
    case letters.flags: {
      const [account, box] = [from.u48(), from.varint(u32)]
      const [add, drop] = [from.varint(allFlags), from.varint(allFlags)]
      return { kind: 'flags', account, box, add, drop, uids: takeDistances(from) }
    }
    case letters.account: {
      const present = from.u8() === 1
      const [account, created] = [from.u48(), from.u48()]
      return { kind: 'account', present, account, created, name: from.text(), password: from.text() }
    }
    case letters.alias:
      return { kind: 'alias', address: from.text(), targets: from.list(item => item.text()) }
    case letters.attempt:
      return readAttempt(from)
    case letters.setting:
      return { kind: 'setting', name: from.text(), value: from.text() }
    default:
      throw new RangeError('unknown letter')
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
