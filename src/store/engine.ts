/** The two databases opened together, brought into step, and the one queue through which everything is committed. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log as Notes } from '../base/log.ts'
import { advice, isDamage, storeFailure } from './failure.ts'
import { Index } from './index.ts'
import { idOctets } from './keys.ts'
import { Log, type LogEntry } from './log.ts'
import type { HeaderRecord } from './record.ts'
import { schema as ours, refuseUnknown, type Schema } from './schema.ts'

/** Something to commit. `entries` is asked when its group is formed, so that numbers are given out in the log's order. */
export type Commit = {
  readonly entries: () => readonly LogEntry[]
  /** Octets it adds to the group's batch. */
  readonly octets: number
  /** It claims blocks that were put without sync. */
  readonly claimsBlocks: boolean
}

/** Somebody who waits. */
type Waiter = { readonly resolve: () => void; readonly reject: (error: unknown) => void }
type Waiting = Waiter & { readonly commit: Commit }

/** Where the databases lie in the data directory, what a repair leaves there until it is done, and the sign of recovery.ts. */
export function pathsIn(directory: string) {
  return {
    log: join(directory, 'log'),
    index: join(directory, 'index'),
    repair: join(directory, 'repair'),
    sign: join(directory, 'in-use'),
  }
}

type EngineOptions = {
  /** ms since the epoch */
  readonly now: number
  readonly notes: Notes
  /** Makes the index anew. */
  readonly anew?: boolean
  /** The repair that is under way opens this itself. */
  readonly repairing?: boolean
  /** What this release reads and writes; another one in tests. */
  readonly schema?: Schema
  /** Leaves the store at the schema that it has: this version is on trial. A repair does so in any case. */
  readonly holdsSchema?: boolean
  /** Is told of each record of the log that is read again. */
  readonly progress?: () => void
}

export class Engine {
  readonly log: Log
  readonly index: Index
  /** The first block of each message under way; no block below the lowest of them waits for its message. */
  readonly underWay = new Set<number>()
  /** Set when the index turned out to be damaged while it was read, so that it has to be made anew. */
  indexDamaged = false
  /** The first record of the log. */
  readonly #header: HeaderRecord
  readonly #waiting: Waiting[] = []
  /** Those who wait for a checkpoint. */
  readonly #settling: Waiter[] = []
  #running: Promise<void> | undefined
  #failure: Failure | undefined

  private constructor(log: Log, index: Index, header: HeaderRecord) {
    this.log = log
    this.index = index
    this.#header = header
  }

  /**
   * Opens both databases, applies what the index has missed and sweeps blocks that no message claims. An index that is
   * missing or damaged, or does not belong to the log, is made anew.
   * @throws Failure STORE_LOCKED, STORE_NEWER, STORE_DAMAGED, STORE_FULL or STORE_IO
   */
  static async open(directory: string, options: EngineOptions): Promise<Engine> {
    const paths = pathsIn(directory)
    try {
      if (!options.repairing && existsSync(paths.repair)) {
        throw new Failure('STORE_DAMAGED', `A repair of the mail store is under way, or was not finished. ${advice}`)
      }
      await using opening = new AsyncDisposableStack()
      const log = await Log.open(paths.log)
      opening.defer(() => log.close())
      const header = await checkHeader(log, existsSync(paths.index), options)
      if (options.anew) await rm(paths.index, { recursive: true, force: true })
      const engine = await Engine.#join(log, paths.index, header, options).catch(async error => {
        if (!isDamage(error)) throw error
        options.notes.warn({ reason: sentence(error) }, 'the index of the mail store cannot be used')
        await rm(paths.index, { recursive: true })
        return Engine.#join(log, paths.index, header, options)
      })
      opening.move()
      return engine
    } catch (error) {
      throw storeFailure(error)
    }
  }

  static async #join(log: Log, path: string, header: HeaderRecord, options: EngineOptions): Promise<Engine> {
    await using opening = new AsyncDisposableStack()
    const index = await Index.open(path, header.schema)
    opening.defer(() => index.close())
    if (index.store && !index.store.equals(header.store))
      throw new Failure('STORE_DAMAGED', 'It belongs to another log.')
    if ((await index.newest()) >= log.next) throw new Failure('STORE_DAMAGED', 'It is newer than the log.')
    if (!index.store && log.next > 1) options.notes.warn('the index of the mail store is made anew from the log')
    const engine = new Engine(log, index, header)
    await engine.#catchUp(options)
    opening.move()
    return engine
  }

  /** The highest schema that records of the log may have: schema.ts. */
  get schema(): number {
    return this.#header.schema
  }

  /** Waits for what is under way, then closes. */
  async close(): Promise<void> {
    while (this.#running) await this.#running
    const failure = this.#failure
    this.#failure ??= new Failure('STORE_IO', 'The mail store is closed.')
    // The next start can do without a checkpoint; it only takes longer.
    if (!failure) await this.#checkpoint().catch(error => this.fail(error))
    await this.index.close()
    await this.log.close()
  }

  /**
   * Set when a write failed: LevelDB's files may then end in the middle of a record, so nothing more is written to them.
   * Set, too, when this is closed.
   */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /**
   * Commits: resolves when it is durable, and whatever reads the index from then on finds it applied. Those that wait at
   * the same moment share one fsync.
   * @throws Failure STORE_FULL or STORE_IO; whether the commit will be found after a restart is then unknown
   */
  commit(commit: Commit): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ commit, resolve, reject })
    this.#running ??= this.#run()
    return promise
  }

  /**
   * Resolves when the index has for good what the log says up to a record: then a start needs that record no more.
   * @throws Failure STORE_FULL or STORE_IO
   */
  async settle(seq: number): Promise<void> {
    if (seq <= this.index.applied) return
    if (this.#failure) throw this.#failure
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#settling.push({ resolve, reject })
    this.#running ??= this.#run()
    await promise
  }

  /** Notes that a write failed, and turns the error into a Failure. */
  fail(error: unknown): Failure {
    this.#failure ??= storeFailure(error)
    return this.#failure
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#settling.length > 0) {
      const group = this.#waiting.splice(0, groupLength(this.#waiting))
      const settling = this.#settling.splice(0)
      try {
        if (this.#failure) throw this.#failure
        if (group.length > 0) await this.#commit(group)
        if (settling.length > 0 || this.log.next - this.index.applied > budget.checkpoint) await this.#checkpoint()
        for (const { resolve } of settling) resolve()
      } catch (error) {
        const failure = this.fail(error)
        for (const { reject } of [...group, ...settling]) reject(failure)
      }
    }
    this.#running = undefined
  }

  /** Resolves when all of a group is applied; those who wait have heard of it before. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const entries = group.flatMap(({ commit }) => commit.entries())
    if (group.some(({ commit }) => commit.claimsBlocks)) await this.log.syncBlocks()
    await this.log.append(entries)
    const applied = this.index.apply(entries)
    // What was delivered is looked for only behind what is being applied, so that the 250 need not wait for it.
    if (!entries.every(({ record }) => record.kind === 'message' || record.kind === 'block')) await applied
    for (const { resolve } of group) resolve()
    await applied
  }

  /** To be called when every record that has a number is applied. */
  #checkpoint(): Promise<void> {
    const { log, underWay } = this
    return this.index.checkpoint(log.next - 1, Math.min(log.next, ...underWay), this.#header.store)
  }

  async #catchUp({ notes, progress }: EngineOptions): Promise<void> {
    const { log, index } = this
    // An account whose record the log has lost goes on as long as the index knows it, and its number is taken.
    log.skipPast(Math.max(index.applied, ...index.roster.accounts().map(({ id }) => id)))
    const unclaimed = new Set<number>()
    let missed: LogEntry[] = []
    let anew = false
    let unreadable = 0
    for await (const { seq, record } of log.walk(Math.min(index.settled, index.applied + 1))) {
      progress?.()
      if (record === undefined) {
        unreadable += 1
        continue
      }
      if (record.kind === 'block') {
        unclaimed.add(seq)
        continue
      }
      if (record.kind === 'message') for (const block of record.blocks) unclaimed.delete(block)
      if (seq <= index.applied) continue
      anew = true
      missed.push({ seq, record })
      if (missed.length < budget.groupEntries) continue
      await index.apply(missed)
      missed = []
    }
    await index.apply(missed)
    const whole = unreadable === 0 && !log.hurt
    const gone = anew && whole ? await index.queue.forgetGone(seqs => log.have(seqs)) : 0
    if (gone > 0)
      notes.warn({ dispatches: gone }, 'of mail that waited nothing is left in the log: it was done, or is lost')
    if (anew) await index.recount()
    await index.countDead()
    await index.queue.restore()
    await index.traces.count()
    if (!whole) notes.error({ records: unreadable }, `part of the mail store cannot be read. ${advice}`)
    if (log.dropped > 0) {
      // After a power cut that may be a message which was never acknowledged; more cannot be known.
      notes.warn({ octets: log.dropped }, 'part of what was written last to the mail store cannot be read')
    }
    // Where a record cannot be read, blocks without one may be its own; `repair` looks closer.
    if (unclaimed.size > 0 && whole) await log.drop([...unclaimed])
    await this.#checkpoint()
  }
}

/** @returns how many of those that wait go into the next group; at least one */
function groupLength(waiting: readonly Waiting[]): number {
  let octets = 0
  let length = 0
  for (const { commit } of waiting) {
    octets += commit.octets
    if (length > 0 && (octets > budget.groupOctets || length === budget.groupEntries)) break
    length += 1
  }
  return length
}

/**
 * Begins an empty log with its header; refuses one of a schema that this release does not read, or that is no log of ours.
 * Moves the store on to the schema that this release writes.
 * @param indexed there is an index, so that the log cannot be new
 */
async function checkHeader(log: Log, indexed: boolean, options: EngineOptions): Promise<HeaderRecord> {
  const { now, schema = ours, holdsSchema, repairing } = options
  const header = await log.find(0)
  if (header === undefined && log.next === 0 && !indexed) return beginLog(log, now, schema.writes)
  if (header?.kind !== 'header') {
    throw new Failure('STORE_DAMAGED', `The mail store has lost the first record of its log. ${advice}`)
  }
  refuseUnknown(header.schema, schema)
  if (header.schema >= schema.writes || holdsSchema || repairing) return header
  const moved = { ...header, schema: schema.writes }
  await log.append([{ seq: 0, record: moved }])
  options.notes.info({ schema: schema.writes }, 'the mail store moves on to what this version writes')
  return moved
}

/** Writes the first record of a log. */
export async function beginLog(
  log: Log,
  created: number,
  schema: number,
  store: Buffer = randomBytes(idOctets),
): Promise<HeaderRecord> {
  const record = { kind: 'header', schema, store, created } as const
  await log.append([{ seq: 0, record }])
  log.skipPast(0)
  return record
}
