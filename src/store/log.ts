/** The log: the truth of the store. Append-only under one sequence; what `append` has answered survives a power cut. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ClassicLevel } from 'classic-level'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { advice, isDamage } from './failure.ts'
import { decodeLogKey, encodeLogKey, keyOctets } from './keys.ts'
import { hasLostEnd } from './manifest.ts'
import type { MessageRecord } from './message.ts'
import { blockHead, decodeLogRecord, encodeLogRecord, type LogRecord } from './record.ts'
import { syncWriteAhead } from './sync.ts'
import { misleadingTable } from './table.ts'

/** A record under its sequence number. */
export type LogEntry<Kind extends LogRecord = LogRecord> = { readonly seq: number; readonly record: Kind }

/** Octets read ahead while the log is walked. */
const walkOctets = 1024 * 1024
/** Tables that lie side by side in LevelDB's first level, above which it makes writers wait. */
const crowd = 12
/** Milliseconds between looks at how LevelDB gets on, and looks without any progress after which it is left alone. */
const settling = { everyMs: 50, patience: 200 } as const

export class Log {
  readonly #db: ClassicLevel<Buffer, Buffer>
  readonly #directory: string
  /** Writes under way. One that failed stays here: `append` must not answer for anything that LevelDB wrote behind it. */
  readonly #writes = new Set<Promise<void>>()
  /** Octets that LevelDB could not make sense of in its write-ahead files when it was opened, and has thrown away. */
  readonly dropped: number
  #hurt = false
  #next = 0

  private constructor(db: ClassicLevel<Buffer, Buffer>, directory: string, dropped: number) {
    this.#db = db
    this.#directory = directory
    this.dropped = dropped
  }

  /** Opens the log, or makes an empty one. */
  static async open(directory: string): Promise<Log> {
    // Where LevelDB finds files of its own but no CURRENT, it would begin anew and delete them all.
    const createIfMissing = !(await holdsData(directory))
    if (await hasLostEnd(directory))
      throw new Failure('STORE_DAMAGED', `The list of its files has lost its end. ${advice}`)
    const db = new ClassicLevel<Buffer, Buffer>(directory, {
      createIfMissing,
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: budget.logCache,
      writeBufferSize: budget.logWriteBuffer,
    })
    await using opening = new AsyncDisposableStack()
    opening.defer(() => db.close())
    await db.open()
    const log = new Log(db, directory, await droppedOctets(directory))
    log.#next = await log.#end()
    opening.move()
    return log
  }

  /** @returns a number behind the last record. Of what cannot be read the key is in doubt, too: it may be any number. */
  async #end(): Promise<number> {
    let margin = 0
    for await (const [key, value] of this.#db.iterator({ reverse: true })) {
      const entry = readEntry(key, value)
      if (entry?.record) return entry.seq + 1 + margin
      margin = budget.checkpoint
    }
    return margin
  }

  close(): Promise<void> {
    return this.#db.close()
  }

  /** The number that the next record gets; 0 while the log is empty. */
  get next(): number {
    return this.#next
  }

  /** Takes the next sequence number. */
  take(): number {
    return this.#next++
  }

  /** Makes sure that no number up to `seq` is given out again, even where the record under it is gone. */
  skipPast(seq: number): void {
    this.#next = Math.max(this.#next, seq + 1)
  }

  /** Writes a body block, not synced: only the message record that claims it makes it count. */
  putBlock(seq: number, value: Buffer): Promise<void> {
    return this.#write(this.#db.put(encodeLogKey(seq), encodeLogRecord(seq, { kind: 'block', value })))
  }

  /** Takes records out that nothing refers to. Synced: once it is done, nothing will look for them again. */
  drop(seqs: readonly number[]): Promise<void> {
    const deletions = seqs.map(seq => ({ type: 'del' as const, key: encodeLogKey(seq) }))
    return this.#write(this.#db.batch(deletions, { sync: true }))
  }

  /** Makes the blocks durable that were put without sync. */
  syncBlocks(): Promise<void> {
    return syncWriteAhead(this.#directory)
  }

  /**
   * Appends in one batch; all of it is on disk when this resolves, or none of it counts.
   *
   * A write that fails may leave half a record in LevelDB's write-ahead file, and what is read back after a restart then
   * ends there, whatever came behind it. So this waits for the writes that may have come before, and fails with them.
   */
  async append(entries: readonly LogEntry[]): Promise<void> {
    const puts = entries.map(({ seq, record }) => ({
      type: 'put' as const,
      key: encodeLogKey(seq),
      value: encodeLogRecord(seq, record),
    }))
    await this.#write(this.#db.batch(puts, { sync: true }))
    await Promise.all(this.#writes)
  }

  async #write(write: Promise<void>): Promise<void> {
    this.#writes.add(write)
    await write
    this.#writes.delete(write)
  }

  /**
   * @returns the octets of a body block
   * @throws Failure STORE_DAMAGED when it is missing or not what was written
   */
  async block(seq: number): Promise<Buffer> {
    return blockOctets(seq, await this.#db.get(encodeLogKey(seq)))
  }

  /**
   * Reads a message's record and, in the same breath, its last block, which lies right before it: of most messages that is
   * all there is.
   * @throws Failure STORE_DAMAGED when the record is missing or not what was written; `lastBlock` does for the block
   */
  async message(seq: number): Promise<{ record: MessageRecord; lastBlock: () => Buffer }> {
    const [before, value] = await this.#db.getMany([encodeLogKey(seq - 1), encodeLogKey(seq)])
    const record = decodeFound(seq, value)
    if (record.kind !== 'message') throw new Failure('STORE_DAMAGED', `record ${seq} of the log is no message`)
    return { record, lastBlock: () => blockOctets(seq - 1, before) }
  }

  /** @returns for each of these numbers whether there is a record */
  have(seqs: readonly number[]): Promise<readonly boolean[]> {
    return this.#db.hasMany(seqs.map(encodeLogKey))
  }

  /** @returns the record, or undefined when it is missing or cannot be read */
  async find(seq: number): Promise<LogRecord | undefined> {
    try {
      return await this.#record(seq)
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }

  async #record(seq: number): Promise<LogRecord> {
    return decodeFound(seq, await this.#db.get(encodeLogKey(seq)))
  }

  /** Gives back the space of what was dropped between two numbers. Takes one thread of the pool for its whole time. */
  compact(from: number, to: number): Promise<void> {
    return this.#db.compactRange(encodeLogKey(from), encodeLogKey(to))
  }

  /** Whether a walk met files of LevelDB in which it cannot find its way, so that records were passed over unseen. */
  get hurt(): boolean {
    return this.#hurt
  }

  /** Walks the log upwards from `from`, without filling the cache. A record that cannot be read is undefined. */
  async *walk(from: number): AsyncGenerator<Walked> {
    let next = from
    try {
      for await (const [key, value] of this.#db.iterator(rangeFrom(next))) {
        const entry = readEntry(key, value)
        if (!entry) continue
        next = entry.seq + 1
        yield entry
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#hurt = true
      yield* this.#crawl(next)
    }
  }

  /** LevelDB steps over what it cannot read. It says so at the end, in place of the last rows it read: so one at a time. */
  async *#crawl(from: number): AsyncGenerator<Walked> {
    await using iterator = this.#db.iterator(rangeFrom(from))
    try {
      for (let rows = await iterator.nextv(1); rows.length > 0; rows = await iterator.nextv(1)) {
        const [key, value] = rows[0] ?? []
        const entry = key && value && readEntry(key, value)
        if (entry) yield entry
      }
    } catch (error) {
      if (!isDamage(error)) throw error
    }
  }

  /** Puts back a record, found where LevelDB does not look any more. */
  async restore(key: Buffer, value: Buffer): Promise<void> {
    const found = readEntry(key, value)
    if (!found?.record || (await this.find(found.seq))) return
    await this.#write(this.#db.put(key, value))
    this.skipPast(found.seq)
  }

  /** As in table.ts. */
  misleadingTable(between: () => Promise<void>): Promise<string | undefined> {
    return misleadingTable(this.#directory, between)
  }

  /** Waits until LevelDB has put its tables in order: after a repair all lie side by side, and each is asked for each key. */
  async settle(): Promise<void> {
    const tables = () => Number(this.#db.getProperty('leveldb.num-files-at-level0'))
    let [least, waited] = [tables(), 0]
    while (least > crowd && waited < settling.patience) {
      await setTimeout(settling.everyMs)
      waited = tables() < least ? 0 : waited + 1
      least = Math.min(least, tables())
    }
  }
}

/** A record met on a walk. */
type Walked = { readonly seq: number; readonly record: LogRecord | undefined }

function rangeFrom(seq: number) {
  return { gte: encodeLogKey(seq), highWaterMarkBytes: walkOctets, fillCache: false }
}

/** @returns the record, undefined when it cannot be read; nothing at all when not even its key has the shape of one */
function readEntry(key: Buffer, value: Buffer): Walked | undefined {
  if (key.length !== keyOctets) return undefined
  const seq = decodeLogKey(key)
  try {
    return { seq, record: decodeLogRecord(seq, value) }
  } catch (error) {
    if (isDamage(error)) return { seq, record: undefined }
    throw error
  }
}

/** @returns whether a directory holds files in which LevelDB has put data */
async function holdsData(directory: string): Promise<boolean> {
  if (!existsSync(directory)) return false
  const names = await readdir(directory)
  return names.some(name => /\.(?:ldb|sst|log)$/.test(name))
}

/** LevelDB tells of this only in the file LOG, which it begins anew each time. */
async function droppedOctets(directory: string): Promise<number> {
  const told = await readFile(join(directory, 'LOG'), 'latin1')
  return told.matchAll(/: dropping (\d+) bytes;/g).reduce((sum, [, octets]) => sum + Number(octets), 0)
}

function decodeFound(seq: number, value: Buffer | undefined): LogRecord {
  if (value === undefined) throw new Failure('STORE_DAMAGED', `record ${seq} of the log is missing`)
  return decodeLogRecord(seq, value)
}

function blockOctets(seq: number, value: Buffer | undefined): Buffer {
  const record = decodeFound(seq, value)
  if (record.kind !== 'block') throw new Failure('STORE_DAMAGED', `record ${seq} of the log is no body block`)
  return record.value.subarray(blockHead)
}
