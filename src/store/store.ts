/** The mail store: what the rest of the house sees of it. */
import { mkdir } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { returnPathField } from '../message/trace.ts'
import { Accounts } from './account.ts'
import { loadAddon } from './addon.ts'
import { Engine } from './engine.ts'
import { isDamage, isReadOnly, storeFailure } from './failure.ts'
import { allFlags, type FlagChange } from './flags.ts'
import { idText } from './id.ts'
import type { Index } from './index.ts'
import { inbox } from './keys.ts'
import type { LogEntry } from './log.ts'
import { Maildrop } from './maildrop.ts'
import type { MessageRecord } from './message.ts'
import { Outbound } from './outbound.ts'
import type { LogRecord } from './record.ts'
import { recover, repairAloud, Sign } from './recovery.ts'
import type { EntryValue, MailboxValue } from './row.ts'
import type { Schema } from './schema.ts'
import { Settings } from './settings.ts'
import { Space } from './space.ts'
import { BlockPool, Incoming } from './spool.ts'
import { Sweeper, type Swept, shares } from './sweep.ts'
import { tryDisk } from './sync.ts'
import { type Verified, type VerifyWatch, verify } from './verify.ts'

export type StoreOptions = {
  readonly clock: Clock
  readonly log: Log
  /** Octets of disk that stay free; `budget.reserve` in the household. */
  readonly reserve: number
  /** For a server: what ended the one before is looked for first, and repaired; and the next one will know what became of this. */
  readonly recovers?: boolean
  /** This version is on trial, so that the one before may have to read what is written now (schema.ts). */
  readonly onTrial?: boolean
  /** What this release reads and writes; another one in tests. */
  readonly schema?: Schema
}

/** A message ready to be sent: its trace fields, then its blocks. */
export type StoredMessage = {
  readonly record: MessageRecord
  /** Return-Path and Received, with their CRLFs. */
  readonly trace: string
  /** Reads the blocks in order, one ahead. @throws Failure STORE_DAMAGED or STORE_IO */
  blocks(): AsyncGenerator<Buffer>
}

/** Messages of one record of the log that removes or marks them: its index operations must fit one batch. */
const uidsAtOnce = 10_000
/** Milliseconds between attempts to open a store again whose writes failed. */
const reopenMs = 5000

export class Store {
  readonly accounts: Accounts
  readonly settings: Settings
  readonly outbound: Outbound
  readonly space: Space
  /** Called when a message is durable in mailboxes, with the number of its record and the accounts; must not throw. */
  onDelivery: (seq: number, accounts: readonly number[]) => void = () => {}
  readonly #directory: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #options: StoreOptions
  readonly #pool = new BlockPool()
  readonly #sign: Sign | undefined
  readonly #sweeper: Sweeper
  #engine: Engine
  #reopening: Promise<void> | undefined
  #reopened: number
  #closed = false

  private constructor(directory: string, engine: Engine, options: StoreOptions, sign: Sign | undefined) {
    const { clock, log, reserve } = options
    this.#options = options
    this.#sign = sign
    this.#directory = directory
    this.#engine = engine
    this.#clock = clock
    this.#log = log
    this.#reopened = clock.elapsed()
    this.#sweeper = new Sweeper(() => this.#engine, log)
    this.space = new Space(directory, reserve, clock)
    const roster = () => this.#engine.index.roster
    const writable = () => this.#writable()
    this.accounts = new Accounts({ roster, writable, clock })
    this.settings = new Settings({ roster, writable })
    this.outbound = new Outbound({ engine: () => this.#engine, writable })
  }

  /**
   * Opens the store in a directory, which is made when it is missing.
   * @throws Failure STORE_LOCKED, STORE_NEWER, STORE_DAMAGED, STORE_FULL or STORE_IO
   */
  static async open(directory: string, options: StoreOptions): Promise<Store> {
    await makeDirectory(directory)
    loadAddon(directory)
    const sign = options.recovers ? new Sign(directory) : undefined
    if (sign) {
      await refuseReadOnly(directory)
      await recover(directory, await sign.left(), options)
      await sign.put()
    }
    try {
      const engine = await openEngine(directory, options)
      return new Store(directory, engine, options, sign)
    } catch (error) {
      // When it is locked the sign belongs to another.
      if (storeFailure(error).code !== 'STORE_LOCKED') await sign?.remove()
      throw error
    }
  }

  /** Waits for commits under way, then closes. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#reopening
    await this.#sweeper.stop()
    await this.#engine.close()
    await this.#sign?.remove()
  }

  /** The highest schema that its records may have: who cannot read it cannot read the mail. */
  get schema(): number {
    return this.#engine.schema
  }

  /** Why the store takes no mail, if so. To ask is to try again: when it is time, the store is opened anew. */
  get failure(): Failure | undefined {
    const { failure } = this.#engine
    if (failure) {
      this.#reopening ??= this.#reopen().finally(() => {
        this.#reopening = undefined
      })
    }
    return failure
  }

  /** @returns whether so many octets can be kept; when not, what is dead is swept out to make room */
  hasRoom(octets: number): boolean {
    if (this.space.hasRoom(octets)) return true
    this.#sweeper.nudge(shares.shortOfSpace)
    return false
  }

  /**
   * Begins to receive a message.
   * @param octets its size as declared, or 0
   * @throws Failure STORE_FULL when that would touch the reserve, or why the store takes nothing
   */
  incoming(octets: number): Incoming {
    const engine = this.#writable()
    if (!this.hasRoom(octets)) throw new Failure('STORE_FULL', 'The disk is nearly full.')
    return new Incoming(engine, this.#pool, (seq, accounts) => this.onDelivery(seq, accounts))
  }

  mailbox(account: number): MailboxValue {
    return this.#engine.index.mailbox(account)
  }

  /** @throws Failure STORE_IO; when the index is damaged, it is made anew and this works again after that */
  maildrop(account: number): Promise<Maildrop> {
    return this.#look(index => Maildrop.open(index, account))
  }

  /**
   * The newest messages of an account's mailbox, the newest first. It costs what is asked for, whatever the mailbox holds.
   * @param before a UID: of those below it
   * @throws Failure as `maildrop`
   */
  entries(account: number, limit: number, before?: number): Promise<readonly EntryValue[]> {
    return this.#look(index => index.page(account, 'newest', limit, before))
  }

  /** The same from the other end. @param after a UID: of those above it */
  oldest(account: number, limit: number, after?: number): Promise<readonly EntryValue[]> {
    return this.#look(index => index.page(account, 'oldest', limit, after))
  }

  /**
   * @param seq the message's record, from `Maildrop.seq`
   * @param uidl the message that should be there, from `Maildrop.uidl`
   * @throws Failure STORE_DAMAGED or STORE_IO
   */
  async message(seq: number, uidl?: string): Promise<StoredMessage> {
    const { record, lastBlock } = await this.#read(({ log }) => log.message(seq))
    if (uidl !== undefined && idText(record.id) !== uidl) {
      throw new Failure('STORE_DAMAGED', `record ${seq} of the log is another message than the index says`)
    }
    const trace = returnPathField(record.reversePath) + record.trace
    return { record, trace, blocks: () => this.#blocks(record.blocks, lastBlock) }
  }

  /**
   * Removes messages from an account's mailbox: durable when this resolves.
   * @param uids in ascending order; those that are gone already do no harm
   */
  async remove(account: number, uids: readonly number[]): Promise<void> {
    await this.#change(uids, part => ({ kind: 'removal', account, box: inbox, uids: part }))
    this.#sweeper.nudge()
  }

  /**
   * Changes flags (flags.ts) of messages in an account's mailbox: durable when this resolves.
   * @param uids those that are gone already do no harm
   * @param change what is added and dropped; where both say so, it is added
   * @throws Failure STORE_FULL or STORE_IO
   */
  async mark(account: number, uids: readonly number[], change: FlagChange): Promise<void> {
    const [add, drop] = [(change.add ?? 0) & allFlags, (change.drop ?? 0) & allFlags]
    if (uids.length === 0 || (add | drop) === 0) return
    const ascending = uids.toSorted((a, b) => a - b)
    await this.#change(ascending, part => ({ kind: 'flags', account, box: inbox, add, drop, uids: part }))
  }

  /** Commits a change to messages, all of it at once. */
  async #change(uids: readonly number[], recordOf: (uids: readonly number[]) => LogRecord): Promise<void> {
    const engine = this.#writable()
    const entries = () => {
      const parts: LogEntry[] = []
      for (let start = 0; start < uids.length; start += uidsAtOnce) {
        parts.push({ seq: engine.log.take(), record: recordOf(uids.slice(start, start + uidsAtOnce)) })
      }
      return parts
    }
    await engine.commit({ entries, octets: 0, claimsBlocks: false })
  }

  /**
   * Takes dead messages out of the log and gives their space back. It happens by itself while messages are deleted; to
   * ask for it goes further, or further down.
   * @param share of the log that may stay dead
   * @throws Failure STORE_FULL or STORE_IO
   */
  sweep(share: number): Promise<Swept> {
    this.#writable()
    return this.#sweeper.run(share)
  }

  /**
   * Reads every message and compares it with what was written, beside everything else that goes on.
   * @throws Failure REFUSED when it is stopped, or STORE_IO
   */
  verify(watch: VerifyWatch): Promise<Verified> {
    return verify(this.#engine, watch)
  }

  /** @throws Failure when writes have failed and the store could not be opened again yet */
  #writable(): Engine {
    const { failure } = this
    if (failure) throw failure
    return this.#engine
  }

  async *#blocks(seqs: readonly number[], lastBlock: () => Buffer): AsyncGenerator<Buffer> {
    const last = seqs.at(-1)
    const read = async (seq: number) => (seq === last ? lastBlock() : this.#read(({ log }) => log.block(seq)))
    let next = seqs[0] === undefined ? undefined : read(seqs[0])
    for (const [i] of seqs.entries()) {
      if (next === undefined) return
      const block = await next
      const following = seqs[i + 1]
      next = following === undefined ? undefined : read(following)
      // It may fail while nobody waits for it yet; it is awaited in the next round, or never when the reader has left.
      next?.catch(() => {})
      yield block
    }
  }

  /** Reads the index; one that turns out to be damaged is made anew. */
  async #look<Value>(read: (index: Index) => Promise<Value>): Promise<Value> {
    try {
      return await this.#read(({ index }) => read(index))
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#engine.indexDamaged = true
      this.#engine.fail(error)
      void this.failure // To ask is to open it anew.
      throw new Failure('STORE_IO', 'The index of the mail store is damaged; it is made anew.', { cause: error })
    }
  }

  /** Reads, and when the databases were opened anew meanwhile, reads there. @throws Failure STORE_DAMAGED or STORE_IO */
  async #read<Value>(read: (engine: Engine) => Promise<Value>): Promise<Value> {
    for (;;) {
      await this.#reopening
      const engine = this.#engine
      try {
        return await read(engine)
      } catch (error) {
        if (engine === this.#engine && !this.#reopening) throw storeFailure(error)
      }
    }
  }

  /**
   * Opens the databases anew after a failed write: LevelDB then begins fresh files behind the one that may be torn, and
   * what was durable is found again. Mail is refused until that has worked.
   */
  async #reopen(): Promise<void> {
    const now = this.#clock.elapsed()
    if (this.#closed || now - this.#reopened < reopenMs || !this.space.hasRoom(0)) return
    this.#reopened = now
    try {
      const { indexDamaged: anew } = this.#engine
      // While the databases are closed nothing can be read: they stay open until the disk takes octets again.
      await tryDisk(this.#directory)
      await this.#engine.close()
      this.#engine = await Engine.open(this.#directory, { ...engineOptions(this.#options), anew })
      this.#log.info('the mail store takes mail again')
    } catch (error) {
      this.#log.error({ reason: sentence(storeFailure(error)) }, 'the mail store could not be opened again')
    }
  }
}

/** LevelDB opens nothing there, and the files need not be looked through at each attempt. */
async function refuseReadOnly(directory: string): Promise<void> {
  try {
    await tryDisk(directory)
  } catch (error) {
    // A disk that is full, or fails in other ways, may open all the same.
    if (isReadOnly(error)) throw storeFailure(error)
  }
}

/** Opens both databases. A server has damage repaired at once: nobody may be there, and meanwhile mail would go back. */
async function openEngine(directory: string, options: StoreOptions): Promise<Engine> {
  try {
    return await Engine.open(directory, engineOptions(options))
  } catch (error) {
    if (!options.recovers || !isDamage(error)) throw error
    options.log.error({ reason: sentence(error) }, 'the mail store is damaged; it is repaired')
    await repairAloud(directory, options)
    return Engine.open(directory, engineOptions(options))
  }
}

function engineOptions({ clock, log, schema, onTrial }: StoreOptions) {
  return { now: clock.now(), notes: log, ...(schema ? { schema } : {}), holdsSchema: onTrial === true }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Failure('STORE_IO', `The data directory ${directory} cannot be made.`, { cause: error })
  }
}
