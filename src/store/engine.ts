/** The two databases opened together, brought into step, and the one queue through which everything is committed. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { Index } from './index.ts'
import { format, idOctets, type LogRecord } from './keys.ts'
import { Log, type LogEntry } from './log.ts'

/** Something to commit. `entries` is asked when its group is formed, so that numbers are given out in the log's order. */
export type Commit = {
  readonly entries: () => readonly LogEntry[]
  /** Octets it adds to the group's batch. */
  readonly octets: number
  /** It claims blocks that were put without sync. */
  readonly claimsBlocks: boolean
}

type Waiting = { readonly commit: Commit; readonly resolve: () => void; readonly reject: (error: unknown) => void }

export class Engine {
  readonly log: Log
  readonly index: Index
  /** The first block of each message under way; no block below the lowest of them waits for its message. */
  readonly underWay = new Set<number>()
  /** Numbers under which the start found no record that can be read. */
  readonly unreadable: number[] = []
  readonly #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #failure: Failure | undefined

  private constructor(log: Log, index: Index) {
    this.log = log
    this.index = index
  }

  /**
   * Opens both databases, applies what the index has missed and sweeps blocks that no message claims.
   * @throws Failure STORE_LOCKED, STORE_NEWER, STORE_DAMAGED, STORE_FULL or STORE_IO
   */
  static async open(directory: string, now: number): Promise<Engine> {
    try {
      await using opening = new AsyncDisposableStack()
      const log = await Log.open(join(directory, 'log'))
      opening.defer(() => log.close())
      await checkHeader(log, now)
      const index = await Index.open(join(directory, 'index'))
      opening.defer(() => index.close())
      const engine = new Engine(log, index)
      await engine.#catchUp()
      opening.move()
      return engine
    } catch (error) {
      throw storeFailure(error)
    }
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
   * Commits: resolves when it is durable and applied. Those that wait at the same moment share one fsync.
   * @throws Failure STORE_FULL or STORE_IO; whether the commit will be found after a restart is then unknown
   */
  commit(commit: Commit): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ commit, resolve, reject })
    this.#running ??= this.#run()
    return promise
  }

  /** Notes that a write failed, and turns the error into a Failure. */
  fail(error: unknown): Failure {
    this.#failure ??= storeFailure(error)
    return this.#failure
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, groupLength(this.#waiting))
      try {
        if (this.#failure) throw this.#failure
        const entries = group.flatMap(({ commit }) => commit.entries())
        if (group.some(({ commit }) => commit.claimsBlocks)) await this.log.syncBlocks()
        await this.log.append(entries)
        await this.index.apply(entries)
        for (const { resolve } of group) resolve()
        if (this.log.next - this.index.applied > budget.checkpoint) await this.#checkpoint()
      } catch (error) {
        const failure = this.fail(error)
        for (const { reject } of group) reject(failure)
      }
    }
    this.#running = undefined
  }

  /** To be called when every record that has a number is applied. */
  #checkpoint(): Promise<void> {
    return this.index.checkpoint(this.log.next - 1, Math.min(this.log.next, ...this.underWay))
  }

  async #catchUp(): Promise<void> {
    const { log, index } = this
    log.skipPast(index.applied)
    const unclaimed = new Set<number>()
    let missed: LogEntry[] = []
    let anew = false
    for await (const { seq, record } of log.walk(Math.min(index.settled, index.applied + 1))) {
      if (record === undefined) {
        this.unreadable.push(seq)
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
    if (anew) await index.recount()
    await index.countDead()
    // Where a record cannot be read, blocks without one may be its own; `repair` looks closer.
    if (unclaimed.size > 0 && this.unreadable.length === 0) await log.drop([...unclaimed])
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

/** Begins an empty log with its header; refuses one that a newer release wrote, or that is no log of ours. */
async function checkHeader(log: Log, now: number): Promise<void> {
  const header = await log.find(0)
  if (header === undefined && log.next === 0) {
    const record: LogRecord = { kind: 'header', format, store: randomBytes(idOctets), created: now }
    return log.append([{ seq: log.take(), record }])
  }
  if (header?.kind !== 'header') throw new Failure('STORE_DAMAGED', 'The mail store has lost its first record.')
  if (header.format > format) {
    throw new Failure(
      'STORE_NEWER',
      'This mail store was written by a newer Porchlight. Install that release or a later one.',
    )
  }
}

/** Gives an error of LevelDB or the file system its code and a sentence. */
function storeFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const words = [...causes(error)].join(': ')
  if (/LEVEL_LOCKED/.test(words)) {
    return new Failure('STORE_LOCKED', 'Another Porchlight is using this data directory.', { cause: error })
  }
  if (/ENOSPC|EDQUOT|No space left|quota exceeded/i.test(words)) {
    return new Failure('STORE_FULL', 'The disk is full.', { cause: error })
  }
  if (/LEVEL_CORRUPTION/.test(words)) {
    return new Failure('STORE_DAMAGED', `The mail store is damaged (${words}).`, { cause: error })
  }
  return new Failure('STORE_IO', `The mail store cannot be read or written (${words}).`, { cause: error })
}

function* causes(error: unknown): Generator<string> {
  for (let at = error; at instanceof Error; at = at.cause) {
    yield 'code' in at ? `${at.code} ${at.message}` : at.message
  }
}
