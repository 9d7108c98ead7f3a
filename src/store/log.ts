/** The log: the truth of the store. Append-only under one sequence; what `append` has answered survives a power cut. */
import { ClassicLevel } from 'classic-level'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import {
  blockHead,
  decodeLogKey,
  decodeLogRecord,
  encodeLogKey,
  encodeLogRecord,
  type LogRecord,
  type MessageRecord,
} from './keys.ts'
import { syncWriteAhead } from './sync.ts'

/** A record under its sequence number. */
export type LogEntry<Kind extends LogRecord = LogRecord> = { readonly seq: number; readonly record: Kind }

/** Octets read ahead while the log is walked. */
const walkOctets = 1024 * 1024

export class Log {
  readonly #db: ClassicLevel<Buffer, Buffer>
  readonly #directory: string
  /** Writes under way. One that failed stays here: `append` must not answer for anything that LevelDB wrote behind it. */
  readonly #writes = new Set<Promise<void>>()
  #next = 0

  private constructor(db: ClassicLevel<Buffer, Buffer>, directory: string) {
    this.#db = db
    this.#directory = directory
  }

  /** Opens the log, or makes an empty one. */
  static async open(directory: string): Promise<Log> {
    const db = new ClassicLevel<Buffer, Buffer>(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: budget.logCache,
      writeBufferSize: budget.logWriteBuffer,
    })
    await using opening = new AsyncDisposableStack()
    opening.defer(() => db.close())
    await db.open()
    const log = new Log(db, directory)
    for await (const key of db.keys({ reverse: true, limit: 1 })) log.#next = decodeLogKey(key) + 1
    opening.move()
    return log
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
    const record = await this.#record(seq)
    if (record.kind !== 'block') throw new Failure('STORE_DAMAGED', `record ${seq} of the log is no body block`)
    return record.value.subarray(blockHead)
  }

  /** @throws Failure STORE_DAMAGED when the record is missing or not what was written */
  async message(seq: number): Promise<MessageRecord> {
    const record = await this.#record(seq)
    if (record.kind !== 'message') throw new Failure('STORE_DAMAGED', `record ${seq} of the log is no message`)
    return record
  }

  /** @returns the record, or undefined when it is missing or not what was written */
  async find(seq: number): Promise<LogRecord | undefined> {
    const value = await this.#db.get(encodeLogKey(seq))
    return value && readable(seq, value)
  }

  async #record(seq: number): Promise<LogRecord> {
    const value = await this.#db.get(encodeLogKey(seq))
    if (value === undefined) throw new Failure('STORE_DAMAGED', `record ${seq} of the log is missing`)
    return decodeLogRecord(seq, value)
  }

  /** Octets on the disk of the records from one number up to another; those not yet in a table are left out. */
  size(from: number, to: number): Promise<number> {
    return this.#db.approximateSize(encodeLogKey(from), encodeLogKey(to))
  }

  /** Gives back the space of what was dropped between two numbers. Takes one thread of the pool for its whole time. */
  compact(from: number, to: number): Promise<void> {
    return this.#db.compactRange(encodeLogKey(from), encodeLogKey(to))
  }

  /** Walks the log upwards from `from`, without filling the cache. A record that cannot be read is undefined. */
  async *walk(from: number): AsyncGenerator<{ seq: number; record: LogRecord | undefined }> {
    const range = { gte: encodeLogKey(from), highWaterMarkBytes: walkOctets, fillCache: false }
    for await (const [key, value] of this.#db.iterator(range)) {
      const seq = decodeLogKey(key)
      yield { seq, record: readable(seq, value) }
    }
  }
}

function readable(seq: number, value: Buffer): LogRecord | undefined {
  try {
    return decodeLogRecord(seq, value)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
