/** The values of the index, written and read. The grammar is at the head of `keys.ts`. */
import { OctetWriter } from '../wire/octets.ts'
import { damaged, decode, putTexts } from './codec.ts'
import { idOctets } from './keys.ts'

/** Where the index stands. */
export type Version = {
  readonly schema: number
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
  /** Of `flags` (flags.ts). */
  readonly flags: number
}

export function encodeVersion(version: Version): Buffer {
  const { schema, applied, settled, store } = version
  return new OctetWriter().varint(schema).u48(applied).u48(settled).raw(store).finish()
}

export function decodeVersion(value: Buffer): Version {
  return decode('the index version', value, from => ({
    schema: from.varint(),
    applied: from.u48(),
    settled: from.u48(),
    store: from.raw(idOctets),
  }))
}

export function encodeAccount({ created, name, password }: AccountValue): Buffer {
  return new OctetWriter().u48(created).text(name).text(password).finish()
}

export function decodeAccount(value: Buffer): AccountValue {
  return decode('an account', value, from => ({ created: from.u48(), name: from.text(), password: from.text() }))
}

export function encodeAlias(targets: readonly string[]): Buffer {
  return putTexts(new OctetWriter(), targets).finish()
}

export function decodeAlias(value: Buffer): readonly string[] {
  return decode('an alias', value, from => from.list(item => item.text()))
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

/** How the values of entries are read. */
export const asText = { valueEncoding: 'utf8' } as const

/** Characters of an id's text, then digits of each number, most significant first. */
const entryWidths = { id: 16, uid: 5, seq: 7, octets: 7, date: 7, stored: 7, copies: 3, flags: 1 } as const

const entryOctets = Object.values(entryWidths).reduce((sum, width) => sum + width, 0)
/** Values from before there were flags end here. */
const flaglessOctets = entryOctets - entryWidths.flags

export function encodeEntry({ id, uid, seq, octets, date, stored, copies, flags }: EntryValue): Buffer {
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
  put(flags, entryWidths.flags)
  return out
}

/** @param value its octets, read as UTF-8 */
export function decodeEntry(value: string): EntryValue {
  if (value.length < flaglessOctets) throw damaged('a mailbox entry', new RangeError('it ends too early'))
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
    flags: value.length > flaglessOctets ? take(entryWidths.flags) : 0,
  }
}

export function encodeDead(octets: number): Buffer {
  return new OctetWriter().varint(octets).finish()
}

export function decodeDead(value: Buffer): number {
  return decode('a dead message', value, from => from.varint())
}

export function encodeSegment(live: number): Buffer {
  return new OctetWriter().varint(live).finish()
}

export function decodeSegment(value: Buffer): number {
  return decode('a segment', value, from => from.varint())
}

/** A dispatch that is not done. */
export type DispatchValue = {
  /** The message's, in its text form. */
  readonly id: string
  readonly domain: string
  /** When the message was accepted, ms since the epoch. */
  readonly date: number
  /** When it is to be tried, ms since the epoch. */
  readonly due: number
  readonly attempts: number
  readonly held: boolean
  readonly noticed: boolean
  /** Octets that its message takes in the log. */
  readonly stored: number
  /** Deliveries and dispatches that its message had. */
  readonly copies: number
  /** The recipients that are left; those that have not been tried come first. */
  readonly pending: readonly number[]
  /** What was answered last, for people; empty before the first attempt. */
  readonly last: string
}

const states = { held: 1, noticed: 2 } as const

export function encodeDispatch(value: DispatchValue): Buffer {
  const state = (value.held ? states.held : 0) | (value.noticed ? states.noticed : 0)
  const out = new OctetWriter()
    .text(value.id)
    .text(value.domain)
    .u48(value.date)
    .u48(value.due)
    .varint(value.attempts)
    .u8(state)
  out.varint(value.stored).varint(value.copies).varint(value.pending.length)
  for (const recipient of value.pending) out.varint(recipient)
  return out.text(value.last).finish()
}

export function decodeDispatch(value: Buffer): DispatchValue {
  return decode('a dispatch', value, from => {
    const [id, domain, date, due, attempts, state] = [
      from.text(),
      from.text(),
      from.u48(),
      from.u48(),
      from.varint(),
      from.u8(),
    ]
    const [stored, copies, pending] = [from.varint(), from.varint(), from.list(item => item.varint())]
    const held = (state & states.held) !== 0
    const noticed = (state & states.noticed) !== 0
    return { id, domain, date, due, attempts, held, noticed, stored, copies, pending, last: from.text() }
  })
}

export function encodeSetting(value: string): Buffer {
  return new OctetWriter().text(value).finish()
}

export function decodeSetting(value: Buffer): string {
  return decode('a setting', value, from => from.text())
}
