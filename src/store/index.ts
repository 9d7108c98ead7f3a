/**
 * The index: what the log says, arranged for looking up. Derived, so it is written without sync.
 *
 * A power cut may take any of what was written without sync, and not only the end of it. So at a checkpoint, now and then,
 * everything is synced and the last record noted that is surely in; at start the records after that are applied again.
 * Applying one a second time comes to the same, whatever of those behind it is in already. That holds for every key but
 * the counters of mailboxes and segments; these are kept in memory, written only at a checkpoint, and counted anew after an
 * unclean end.
 */
import { ClassicLevel } from 'classic-level'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { Applier } from './apply.ts'
import {
  accountRange,
  aliasRange,
  attemptKey,
  type Delivery,
  deadIn,
  deadKey,
  deadRange,
  decodeAccountKey,
  decodeAliasKey,
  decodeDeadKey,
  decodeLinkKey,
  decodeMailboxKey,
  decodeSegmentKey,
  decodeSettingKey,
  entryKey,
  entryRange,
  inbox,
  linkKey,
  linkRange,
  linksFrom,
  linksOf,
  mailboxKey,
  mailboxRange,
  segmentKey,
  segmentRange,
  settingRange,
  versionKey,
} from './keys.ts'
import type { LogEntry } from './log.ts'
import { Mailbox, Mailboxes, noMailbox } from './mailbox.ts'
import { hasLostEnd } from './manifest.ts'
import { linkOf, Queue } from './queue.ts'
import { type Account, Roster } from './roster.ts'
import {
  asText,
  decodeAccount,
  decodeAlias,
  decodeDead,
  decodeEntry,
  decodeMailbox,
  decodeSegment,
  decodeSetting,
  decodeVersion,
  type EntryValue,
  encodeMailbox,
  encodeSegment,
  encodeVersion,
  type MailboxValue,
} from './row.ts'
import { Segments } from './segments.ts'
import { slices } from './slices.ts'
import { syncWriteAhead } from './sync.ts'
import { damagedTables } from './table.ts'
import { Traces } from './trace.ts'
import { hasHole } from './writeahead.ts'

export class Index {
  readonly roster = new Roster()
  readonly segments = new Segments()
  /** To be read behind `ready`. */
  readonly queue: Queue
  readonly traces: Traces
  readonly #db: ClassicLevel<Buffer, Buffer>
  readonly #directory: string
  readonly #schema: number
  readonly #mailboxes = new Mailboxes()
  readonly #applier: Applier
  /** What is being applied; everything public that reads waits for it first. */
  #applying: Promise<void> = Promise.resolve()
  #applied = -1
  #settled = 0
  #store: Buffer | undefined

  private constructor(db: ClassicLevel<Buffer, Buffer>, directory: string, schema: number) {
    this.#db = db
    this.#directory = directory
    this.#schema = schema
    this.queue = new Queue(db)
    this.traces = new Traces(db)
    const { roster, segments, queue, traces } = this
    this.#applier = new Applier(db, { roster, mailboxes: this.#mailboxes, segments, queue, traces })
  }

  /**
   * Opens the index, or makes an empty one.
   * @param schema of the store: an index of another one counts as damaged, since it can be made anew
   * @throws Failure STORE_DAMAGED when its files are not as they were written: what would be read from them is anything
   */
  static async open(directory: string, schema: number): Promise<Index> {
    const [damaged] = await damagedTables(directory)
    if (damaged) throw new Failure('STORE_DAMAGED', `${damaged} is not as it was written.`)
    if (await hasLostEnd(directory)) throw new Failure('STORE_DAMAGED', 'The list of its files has lost its end.')
    if (await hasHole(directory)) throw new Failure('STORE_DAMAGED', 'Part of what was written to it is missing.')
    const db = new ClassicLevel<Buffer, Buffer>(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: budget.indexCache,
      writeBufferSize: budget.indexWriteBuffer,
    })
    await using opening = new AsyncDisposableStack()
    opening.defer(() => db.close())
    await db.open()
    const index = new Index(db, directory, schema)
    await index.#load()
    opening.move()
    return index
  }

  async #load(): Promise<void> {
    const stored = await this.#db.get(versionKey)
    if (stored) {
      const version = decodeVersion(stored)
      if (version.schema !== this.#schema) throw new Failure('STORE_DAMAGED', 'Another release wrote it.')
      this.#applied = version.applied
      this.#settled = version.settled
      this.#store = version.store
    }
    for await (const [key, value] of this.#db.iterator(accountRange)) {
      this.roster.putAccount({ id: decodeAccountKey(key), ...decodeAccount(value) })
    }
    for await (const [key, value] of this.#db.iterator(aliasRange)) {
      this.roster.putAlias(decodeAliasKey(key), decodeAlias(value))
    }
    for await (const [key, value] of this.#db.iterator(mailboxRange)) {
      const { account, box } = decodeMailboxKey(key)
      this.#mailboxes.add(new Mailbox(account, box, decodeMailbox(value)))
    }
    for await (const [key, value] of this.#db.iterator(segmentRange)) {
      this.segments.load(decodeSegmentKey(key), decodeSegment(value))
    }
    for await (const [key, value] of this.#db.iterator(settingRange)) {
      this.roster.putSetting(decodeSettingKey(key), decodeSetting(value))
    }
  }

  close(): Promise<void> {
    return this.#db.close()
  }

  /** The last record at the last checkpoint; -1 for none. */
  get applied(): number {
    return this.#applied
  }

  /** The log that this is the index of; undefined before the first checkpoint. */
  get store(): Buffer | undefined {
    return this.#store
  }

  /** At the last checkpoint, all blocks below this number belonged to a message. */
  get settled(): number {
    return this.#settled
  }

  mailbox(account: number, box = inbox): MailboxValue {
    return this.#mailboxes.find(account, box) ?? noMailbox
  }

  /** Takes the next UID of a mailbox. */
  takeUid(account: number, box: number): number {
    return this.#mailboxes.find(account, box)?.takeUid() ?? noMailbox.next
  }

  /**
   * Applies records of the log, in their order. Deliveries are counted when this returns and found when it resolves; whoever
   * reads meanwhile waits for it.
   */
  apply(entries: Iterable<LogEntry>): Promise<void> {
    const applied = this.#applier.apply(entries)
    // Where it fails, readers go on with what is there: the rest is applied when the store is opened anew.
    this.#applying = applied.catch(() => {})
    return applied
  }

  /**
   * Makes everything that is applied durable.
   * @param applied the last record of the log that is applied
   * @param settled blocks below this number all belong to a message
   * @param store the id in the log's header
   */
  async checkpoint(applied: number, settled: number, store: Buffer): Promise<void> {
    if (this.traces.full) await this.traces.trim(0)
    await syncWriteAhead(this.#directory)
    for (const mailbox of this.#mailboxes) {
      this.#applier.put(mailboxKey(mailbox.account, mailbox.box), encodeMailbox(mailbox))
    }
    for (const { segment, octets } of this.segments.takeChanged()) {
      if (octets > 0) this.#applier.put(segmentKey(segment), encodeSegment(octets))
      else this.#applier.delete(segmentKey(segment))
    }
    this.#applier.put(versionKey, encodeVersion({ schema: this.#schema, applied, settled, store }))
    await this.#applier.write({ sync: true })
    this.#applied = applied
    this.#settled = settled
    this.#store = store
  }

  /** Resolves when what is being applied can be read. */
  get ready(): Promise<void> {
    return this.#applying
  }

  /** Walks the dead messages of a segment, a list at a time. */
  async *deadIn(segment: number): AsyncGenerator<readonly Dead[]> {
    await this.#applying
    for await (const rows of slices(this.#db.iterator(deadIn(segment)))) yield rows.map(decodeDeadRow)
  }

  /** Forgets dead messages that the sweep has taken out of the log, in ascending order. */
  async forget(dead: readonly Dead[]): Promise<void> {
    const attempts = await this.queue.attemptsOf(dead.map(({ seq }) => seq))
    const keys = [
      ...attempts.map(({ message, seq }) => attemptKey(message, seq)),
      ...dead.map(({ seq }) => deadKey(seq)),
    ]
    await this.#db.batch(keys.map(key => ({ type: 'del' as const, key })))
    for (const { seq, octets } of dead) this.segments.addDead(seq, -octets)
  }

  /** The highest number of a message that is in some mailbox; -1 for none. */
  async newest(): Promise<number> {
    await this.#applying
    const [key] = await this.#db.keys({ ...linkRange, reverse: true, limit: 1 }).all()
    return key ? decodeLinkKey(key).seq : -1
  }

  /** Walks all messages that are in some mailbox, in the order of their records. However long it takes, it pins nothing. */
  async *live(): AsyncGenerator<{ readonly seq: number; readonly deliveries: readonly Delivery[] }> {
    await this.#applying
    for (let from = 0; ; ) {
      const [first] = await this.#db.keys({ ...linksFrom(from), limit: 1 }).all()
      if (!first) return
      const { seq } = decodeLinkKey(first)
      const keys = await this.#db.keys(linksOf(seq)).all()
      yield { seq, deliveries: keys.map(decodeLinkKey) }
      from = seq + 1
    }
  }

  /** @returns which of these are linked to that message */
  async linked(seq: number, deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
    await this.#applying
    const found = await this.#db.hasMany(deliveries.map(delivery => linkKey(seq, delivery)))
    return deliveries.filter((_, i) => found[i])
  }

  async entry({ account, box, uid }: Delivery): Promise<EntryValue | undefined> {
    await this.#applying
    const value = await this.#db.get<Buffer, string>(entryKey(account, box, uid), asText)
    return value === undefined ? undefined : decodeEntry(value)
  }

  /** All mailboxes, each with its account. */
  mailboxes(): readonly { readonly owner: Account; readonly box: number; readonly next: number }[] {
    return [...this.#mailboxes].flatMap(({ account, box, next }) => {
      const owner = this.roster.account(account)
      return owner ? [{ owner, box, next }] : []
    })
  }

  /** Counts the dead octets of every segment anew. */
  async countDead(): Promise<void> {
    await this.#applying
    this.segments.clearDead()
    for await (const rows of slices(this.#db.iterator(deadRange))) {
      for (const { seq, octets } of rows.map(decodeDeadRow)) this.segments.addDead(seq, octets)
    }
  }

  /** Counts the messages of every mailbox and of every segment anew. */
  async recount(): Promise<void> {
    this.segments.clearLive()
    for (const mailbox of this.#mailboxes) {
      mailbox.clear()
      for await (const entries of this.entries(mailbox.account, mailbox.box)) {
        for (const entry of entries) {
          // Where the log has lost a message that is still here, its number is not given to another one.
          mailbox.add(entry.uid, entry.octets)
          const copy = { account: mailbox.account, box: mailbox.box, uid: entry.uid }
          if (await this.#isFirstCopy(entry, copy)) this.segments.addLive(entry.seq, entry.stored)
        }
      }
    }
    for await (const dispatches of this.queue.all()) {
      for (const waiting of dispatches) {
        if (await this.#isFirstCopy(waiting, linkOf(waiting.dispatch)))
          this.segments.addLive(waiting.seq, waiting.stored)
      }
    }
  }

  /** @returns whether this copy is the one of its message that stands for all of them */
  async #isFirstCopy({ seq, copies }: Pick<EntryValue, 'seq' | 'copies'>, copy: Delivery): Promise<boolean> {
    if (copies === 1) return true
    const [first] = await this.#db.keys({ ...linksOf(seq), limit: 1 }).all()
    return first?.equals(linkKey(seq, copy)) ?? true
  }

  /**
   * Reads one end of a mailbox, or on from there.
   * @param end which entries come first, and are the first in the list: those of the lowest UIDs or of the highest
   * @param past the UID behind which it begins, seen from that end; left out, it begins there
   */
  async page(account: number, end: 'oldest' | 'newest', limit: number, past?: number): Promise<readonly EntryValue[]> {
    await this.#applying
    const reverse = end === 'newest'
    const { gte, lt } = entryRange(account, inbox)
    const range = {
      gte: past === undefined || reverse ? gte : entryKey(account, inbox, past + 1),
      lt: past === undefined || !reverse ? lt : entryKey(account, inbox, past),
    }
    const values = this.#db.values<Buffer, string>({ ...range, ...asText, reverse, limit })
    const pages = await Array.fromAsync(slices(values), page => page.map(decodeEntry))
    return pages.flat()
  }

  /** Walks a mailbox in the order of its UIDs, a list of entries at a time. */
  async *entries(account: number, box = inbox): AsyncGenerator<readonly EntryValue[]> {
    await this.#applying
    for await (const values of slices(this.#db.values<Buffer, string>({ ...entryRange(account, box), ...asText })))
      yield values.map(decodeEntry)
  }
}

/** A dead message: its record's number, and the octets it takes in the log. */
export type Dead = { readonly seq: number; readonly octets: number }

function decodeDeadRow([key, value]: [Buffer, Buffer]): Dead {
  return { seq: decodeDeadKey(key), octets: decodeDead(value) }
}
