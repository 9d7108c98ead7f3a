/** The index: what the log says, arranged for looking up. Derived, so it is written without sync and replayed at start. */
import { Level } from 'level'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { returnPathField } from '../message/trace.ts'
import {
  type AccountRecord,
  type AliasRecord,
  accountKey,
  accountRange,
  aliasKey,
  aliasRange,
  decodeAccount,
  decodeAccountKey,
  decodeAlias,
  decodeAliasKey,
  decodeEntry,
  decodeEntryKey,
  decodeMailbox,
  decodeMailboxKey,
  decodeVersion,
  type EntryValue,
  encodeAccount,
  encodeAlias,
  encodeEntry,
  encodeMailbox,
  encodeVersion,
  entryKey,
  entryRange,
  format,
  inbox,
  linkKey,
  type MailboxValue,
  type MessageRecord,
  mailboxKey,
  mailboxRange,
  type RemovalRecord,
  versionKey,
} from './keys.ts'
import type { LogEntry } from './log.ts'
import { Roster } from './roster.ts'

type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer }

/** Entries read or deleted at a time: a slice that leaves the event loop alone. */
const slice = 1000

const nothing = Buffer.alloc(0)
const emptyMailbox = { next: 1, validity: 1, count: 0, octets: 0 } as const satisfies MailboxValue

export class Index {
  readonly roster = new Roster()
  readonly #db: Level<Buffer, Buffer>
  readonly #mailboxes = new Map<string, MailboxValue>()
  /** UIDs given to messages whose record is not applied yet. */
  readonly #promised = new Map<string, number>()
  #applied = -1
  #settled = 0

  private constructor(db: Level<Buffer, Buffer>) {
    this.#db = db
  }

  /** Opens the index, or makes an empty one. */
  static async open(location: string): Promise<Index> {
    const db = new Level<Buffer, Buffer>(location, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: budget.indexCache,
      writeBufferSize: budget.indexWriteBuffer,
    })
    await db.open()
    const index = new Index(db)
    await index.#load()
    return index
  }

  async #load(): Promise<void> {
    const stored = await this.#db.get(versionKey)
    if (stored) {
      const version = decodeVersion(stored)
      if (version.format > format) throw new Failure('STORE_NEWER', newer)
      this.#applied = version.applied
      this.#settled = version.settled
    }
    for await (const [key, value] of this.#db.iterator(accountRange)) {
      this.roster.putAccount({ id: decodeAccountKey(key), ...decodeAccount(value) })
    }
    for await (const [key, value] of this.#db.iterator(aliasRange)) {
      this.roster.putAlias(decodeAliasKey(key), decodeAlias(value))
    }
    for await (const [key, value] of this.#db.iterator(mailboxRange)) {
      const { account, box } = decodeMailboxKey(key)
      this.#mailboxes.set(mailboxName(account, box), decodeMailbox(value))
    }
  }

  close(): Promise<void> {
    return this.#db.close()
  }

  /** The last record of the log that the index knows; -1 for none. */
  get applied(): number {
    return this.#applied
  }

  /** Blocks below this number all belong to a message. */
  get settled(): number {
    return this.#settled
  }

  mailbox(account: number, box = inbox): MailboxValue {
    return this.#mailboxes.get(mailboxName(account, box)) ?? emptyMailbox
  }

  /** Takes the next UID of a mailbox. One whose message is never committed stays unused: RFC 9051 §2.3.1.1 allows gaps. */
  takeUid(account: number, box: number): number {
    const name = mailboxName(account, box)
    const uid = this.#promised.get(name) ?? this.mailbox(account, box).next
    this.#promised.set(name, uid + 1)
    return uid
  }

  /**
   * Applies records of the log, in their order.
   * @param settled blocks below this number all belong to a message
   */
  async apply(entries: Iterable<LogEntry>, settled: number): Promise<void> {
    let operations: Operation[] = []
    let applied = this.#applied
    for (const { seq, record } of entries) {
      applied = seq
      switch (record.kind) {
        case 'message':
          this.#deliver(operations, seq, record)
          break
        case 'removal':
          // Its counts are read from what the operations before it have written.
          if (operations.length > 0) await this.#write(operations, seq - 1, settled)
          operations = []
          await this.#remove(operations, record)
          break
        case 'account':
          await this.#account(operations, record)
          break
        case 'alias':
          this.#alias(operations, record)
          break
        case 'header':
        case 'block':
          break
        default:
          record satisfies never
      }
    }
    await this.#write(operations, applied, settled)
  }

  async #write(operations: Operation[], applied: number, settled: number): Promise<void> {
    operations.push({ type: 'put', key: versionKey, value: encodeVersion({ format, applied, settled }) })
    await this.#db.batch(operations)
    this.#applied = applied
    this.#settled = settled
  }

  #deliver(operations: Operation[], seq: number, record: MessageRecord): void {
    const octets = sentOctets(record)
    const value = encodeEntry({ seq, octets, date: record.date, id: record.id })
    for (const delivery of record.deliveries) {
      const { account, box, uid } = delivery
      // The account may have been removed while the message was under way.
      if (!this.roster.account(account)) continue
      operations.push({ type: 'put', key: entryKey(account, box, uid), value })
      operations.push({ type: 'put', key: linkKey(seq, delivery), value: nothing })
      const before = this.mailbox(account, box)
      this.#count(operations, account, box, {
        ...before,
        next: Math.max(before.next, uid + 1),
        count: before.count + 1,
        octets: before.octets + octets,
      })
    }
  }

  async #remove(operations: Operation[], { account, box, uids }: RemovalRecord): Promise<void> {
    const mailbox = this.mailbox(account, box)
    let { count, octets } = mailbox
    for (let start = 0; start < uids.length; start += slice) {
      const part = uids.slice(start, start + slice)
      const values = await this.#db.getMany(part.map(uid => entryKey(account, box, uid)))
      for (const [i, uid] of part.entries()) {
        const value = values[i]
        if (value === undefined) continue
        const entry = decodeEntry(value)
        count -= 1
        octets -= entry.octets
        operations.push({ type: 'del', key: entryKey(account, box, uid) })
        operations.push({ type: 'del', key: linkKey(entry.seq, { account, box, uid }) })
      }
    }
    if (this.roster.account(account)) this.#count(operations, account, box, { ...mailbox, count, octets })
  }

  #count(operations: Operation[], account: number, box: number, value: MailboxValue): void {
    this.#mailboxes.set(mailboxName(account, box), value)
    operations.push({ type: 'put', key: mailboxKey(account, box), value: encodeMailbox(value) })
  }

  async #account(operations: Operation[], record: AccountRecord): Promise<void> {
    const { present, account, created, name, password } = record
    if (present) {
      this.roster.putAccount({ id: account, created, name, password })
      operations.push({ type: 'put', key: accountKey(account), value: encodeAccount({ created, name, password }) })
      if (!this.#mailboxes.has(mailboxName(account, inbox))) {
        this.#count(operations, account, inbox, { ...emptyMailbox, validity: Math.floor(created / 1000) })
      }
      return
    }
    this.roster.dropAccount(account)
    await this.#dropEntries(account)
    this.#mailboxes.delete(mailboxName(account, inbox))
    this.#promised.delete(mailboxName(account, inbox))
    operations.push({ type: 'del', key: mailboxKey(account, inbox) }, { type: 'del', key: accountKey(account) })
  }

  /** Deletes an account's entries in slices of their own: a power cut in between only means doing it again. */
  async #dropEntries(account: number): Promise<void> {
    let operations: Operation[] = []
    for await (const [key, value] of this.#db.iterator(entryRange(account))) {
      operations.push({ type: 'del', key }, { type: 'del', key: linkKey(decodeEntry(value).seq, decodeEntryKey(key)) })
      if (operations.length < slice) continue
      await this.#db.batch(operations)
      operations = []
    }
    await this.#db.batch(operations)
  }

  #alias(operations: Operation[], { address, targets }: AliasRecord): void {
    this.roster.putAlias(address, targets)
    operations.push(
      targets.length === 0
        ? { type: 'del', key: aliasKey(address) }
        : { type: 'put', key: aliasKey(address), value: encodeAlias(targets) },
    )
  }

  /** Walks a mailbox in the order of its UIDs, a list of entries at a time. */
  async *entries(account: number, box = inbox): AsyncGenerator<readonly (EntryValue & { uid: number })[]> {
    const iterator = this.#db.iterator(entryRange(account, box))
    try {
      for (;;) {
        const entries = await iterator.nextv(slice)
        if (entries.length === 0) return
        yield entries.map(([key, value]) => ({ uid: decodeEntryKey(key).uid, ...decodeEntry(value) }))
      }
    } finally {
      await iterator.close()
    }
  }
}

const newer =
  'This mail store was written by a newer Porchlight. Install that release or a later one; nothing was changed.'

/** @returns the octets of a message as it is sent: trace fields and body */
function sentOctets(record: MessageRecord): number {
  return Buffer.byteLength(returnPathField(record.reversePath)) + Buffer.byteLength(record.trace) + record.octets
}

function mailboxName(account: number, box: number): string {
  return `${account}/${box}`
}
