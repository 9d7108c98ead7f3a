/** How the records of the log change the index: each is a few rows, written a batch at a time. */
import type { ClassicLevel } from 'classic-level'
import type { AttemptRecord } from './attempt.ts'
import { changed } from './flags.ts'
import { idText } from './id.ts'
import {
  accountKey,
  aliasKey,
  type Delivery,
  deadKey,
  decodeEntryKey,
  entryKey,
  entryRange,
  inbox,
  linkKey,
  linksOf,
  mailboxKey,
  settingKey,
} from './keys.ts'
import type { LogEntry } from './log.ts'
import { Mailbox, type Mailboxes, noMailbox } from './mailbox.ts'
import { type MessageRecord, sentOctets } from './message.ts'
import { linkOf, present, type Queue } from './queue.ts'
import type { AccountRecord, AliasRecord, FlagsRecord, RemovalRecord, SettingRecord } from './record.ts'
import type { Roster } from './roster.ts'
import {
  asText,
  decodeEntry,
  type EntryValue,
  encodeAccount,
  encodeAlias,
  encodeDead,
  encodeEntry,
  encodeSetting,
} from './row.ts'
import type { Segments } from './segments.ts'
import type { Traces } from './trace.ts'

type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer }

/** Operations written at a time: a slice that leaves the event loop alone. */
const slice = 1000

/** What is kept in memory beside the rows, and the rows that have a file of their own. */
type Counted = {
  readonly roster: Roster
  readonly mailboxes: Mailboxes
  readonly segments: Segments
  readonly queue: Queue
  readonly traces: Traces
}

export class Applier {
  readonly #db: ClassicLevel<Buffer, Buffer>
  readonly #roster: Roster
  readonly #mailboxes: Mailboxes
  readonly #segments: Segments
  readonly #queue: Queue
  readonly #traces: Traces
  /** What is applied and not yet written. */
  #operations: Operation[] = []

  constructor(db: ClassicLevel<Buffer, Buffer>, { roster, mailboxes, segments, queue, traces }: Counted) {
    this.#db = db
    this.#roster = roster
    this.#mailboxes = mailboxes
    this.#segments = segments
    this.#queue = queue
    this.#traces = traces
  }

  /** Applies records, in the order of the log. */
  async apply(entries: Iterable<LogEntry>): Promise<void> {
    for (const { seq, record } of entries) {
      switch (record.kind) {
        case 'message':
          this.#deliver(seq, record)
          if (this.#operations.length >= slice) await this.write()
          break
        case 'attempt':
          await this.#attempt(seq, record)
          break
        case 'removal':
          await this.#remove(record)
          break
        case 'flags':
          await this.#mark(record)
          break
        case 'account':
          await this.#account(record)
          break
        case 'alias':
          this.#alias(record)
          break
        case 'setting':
          this.#setting(record)
          break
        case 'header':
        case 'block':
          break
        default:
          record satisfies never
      }
    }
    await this.write()
  }

  put(key: Buffer, value: Buffer): void {
    this.#operations.push({ type: 'put', key, value })
  }

  delete(key: Buffer): void {
    this.#operations.push({ type: 'del', key })
  }

  async write(options: { sync: boolean } = { sync: false }): Promise<void> {
    const operations = this.#operations
    if (operations.length === 0) return
    this.#operations = []
    await this.#db.batch(operations, options)
  }

  #deliver(seq: number, record: MessageRecord): void {
    const octets = sentOctets(record)
    const { date, id, stored, deliveries } = record
    let links = this.#queue.enter(this, seq, record)
    const entry = { id: idText(id), seq, octets, date, stored, copies: deliveries.length + links, flags: 0 }
    this.#traces.accepted(this, seq, record)
    for (const delivery of deliveries) {
      const { account, box, uid } = delivery
      const mailbox = this.#mailboxes.find(account, box)
      if (!mailbox) continue // The account was removed while the message was under way.
      const value = encodeEntry({ ...entry, uid })
      this.put(entryKey(account, box, uid), value)
      this.put(linkKey(seq, delivery), present)
      links += 1
      mailbox.add(uid, octets)
    }
    if (links > 0) this.#segments.addLive(seq, stored)
    else this.#bury(seq, stored)
  }

  async #remove({ account, box, uids }: RemovalRecord): Promise<void> {
    const mailbox = this.#mailboxes.find(account, box)
    if (!mailbox) return // The account was removed before.
    // Their records may be gone from the log by now; their numbers are used up for good all the same.
    mailbox.useUp(uids.at(-1) ?? 0)
    for await (const found of this.#present(account, box, uids)) {
      for (const { uid, entry } of found) {
        await this.#deleteEntry(entry, { account, box, uid })
        mailbox.remove(entry.octets)
      }
    }
  }

  async #mark({ account, box, uids, add, drop }: FlagsRecord): Promise<void> {
    for await (const found of this.#present(account, box, uids)) {
      for (const { uid, entry } of found) {
        const flags = changed(entry.flags, { add, drop })
        if (flags !== entry.flags) this.put(entryKey(account, box, uid), encodeEntry({ ...entry, flags }))
      }
    }
  }

  /** Walks those of these messages that are there, a slice at a time; what is done to one is written before the next. */
  async *#present(
    account: number,
    box: number,
    uids: readonly number[],
  ): AsyncGenerator<readonly { readonly uid: number; readonly entry: EntryValue }[]> {
    await this.write() // What was delivered in the same group is to be found.
    for (let start = 0; start < uids.length; start += slice) {
      const part = uids.slice(start, start + slice)
      const values = await this.#db.getMany<Buffer, string>(
        part.map(uid => entryKey(account, box, uid)),
        asText,
      )
      yield part.flatMap((uid, i) => {
        const value = values[i]
        return value === undefined ? [] : { uid, entry: decodeEntry(value) }
      })
      await this.write()
    }
  }

  async #account({ present, account, created, name, password }: AccountRecord): Promise<void> {
    if (!present) return this.#dropAccount(account)
    this.#roster.putAccount({ id: account, created, name, password })
    this.put(accountKey(account), encodeAccount({ created, name, password }))
    if (this.#mailboxes.find(account, inbox)) return
    const validity = Math.floor(created / 1000)
    this.#mailboxes.add(new Mailbox(account, inbox, { ...noMailbox, validity }))
  }

  async #dropAccount(account: number): Promise<void> {
    this.#roster.dropAccount(account)
    this.#mailboxes.drop(account, inbox)
    await this.write() // What was delivered in the same group is to be found.
    for await (const [key, value] of this.#db.iterator<Buffer, string>({ ...entryRange(account), ...asText })) {
      await this.#deleteEntry(decodeEntry(value), decodeEntryKey(key))
      if (this.#operations.length >= slice) await this.write()
    }
    this.delete(mailboxKey(account, inbox))
    this.delete(accountKey(account))
  }

  /** Its link goes with it, and with the last link the message is dead: all in one batch. */
  async #deleteEntry(entry: EntryValue, delivery: Delivery): Promise<void> {
    this.delete(entryKey(delivery.account, delivery.box, delivery.uid))
    await this.#unlink(entry, delivery)
  }

  async #attempt(seq: number, record: AttemptRecord): Promise<void> {
    const { message, dispatch } = record
    await this.write() // What was queued in the same group is to be found.
    const from = await this.#queue.find(message, dispatch)
    this.#traces.attempt(this, seq, record)
    if (!from || !this.#queue.note(this, seq, record, from)) return
    await this.#unlink({ seq: message, stored: from.stored, copies: from.copies }, linkOf(dispatch))
  }

  async #unlink({ seq, stored, copies }: Pick<EntryValue, 'seq' | 'stored' | 'copies'>, link: Delivery): Promise<void> {
    const last = copies === 1 || (await this.#links(seq)) === 1
    this.delete(linkKey(seq, link))
    if (!last) return
    this.#segments.addLive(seq, -stored)
    this.#bury(seq, stored)
  }

  #bury(seq: number, octets: number): void {
    this.put(deadKey(seq), encodeDead(octets))
    this.#segments.addDead(seq, octets)
  }

  /** @returns how many links a message has, of those that are written; two stand for more */
  async #links(seq: number): Promise<number> {
    const keys = await this.#db.keys({ ...linksOf(seq), limit: 2 }).all()
    return keys.length
  }

  #alias({ address, targets }: AliasRecord): void {
    this.#roster.putAlias(address, targets)
    if (targets.length === 0) this.delete(aliasKey(address))
    else this.put(aliasKey(address), encodeAlias(targets))
  }

  #setting({ name, value }: SettingRecord): void {
    this.#roster.putSetting(name, value)
    if (value === '') this.delete(settingKey(name))
    else this.put(settingKey(name), encodeSetting(value))
  }
}
