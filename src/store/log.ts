/** The log: the truth of the store. Append-only under one sequence; what `append` has answered survives a power cut. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import {
  blockPrefix,
  decodeLogKey,
  decodeLogRecord,
  encodeLogKey,
  encodeLogRecord,
  type LogRecord,
  type MessageRecord,
} from './keys.ts'

/** A record under its sequence number. */
export type LogEntry<Kind extends LogRecord = LogRecord> = { readonly seq: number; readonly record: Kind }

/** Octets read ahead while the log is walked. */
const walkOctets = 1024 * 1024

export class Log {
  readonly #db: Level<Buffer, Buffer>
  readonly #directory: string
  #next = 0

  private constructor(db: Level<Buffer, Buffer>, directory: string) {
    this.#db = db
    this.#directory = directory
  }

  /** Opens the log, or makes an empty one. */
  static async open(directory: string): Promise<Log> {
    const db = new Level<Buffer, Buffer>(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: budget.logCache,
      writeBufferSize: budget.logWriteBuffer,
    })
    await db.open()
    const log = new Log(db, directory)
    for await (const key of db.keys({ reverse: true, limit: 1 })) log.#next = decodeLogKey(key) + 1
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
  async putBlock(seq: number, value: Buffer): Promise<void> {
    await this.#db.put(encodeLogKey(seq), encodeLogRecord(seq, { kind: 'block', value }))
  }

  /** Takes blocks back that no message will claim. Synced: once it is done, nothing will look for them again. */
  async dropBlocks(seqs: readonly number[]): Promise<void> {
    const deletions = seqs.map(seq => ({ type: 'del' as const, key: encodeLogKey(seq) }))
    await this.#db.batch(deletions, { sync: true })
  }

  /** Appends in one batch; all of it is on disk when this resolves, or none of it counts. */
  async append(entries: readonly LogEntry[]): Promise<void> {
    const puts = entries.map(({ seq, record }) => ({
      type: 'put' as const,
      key: encodeLogKey(seq),
      value: encodeLogRecord(seq, record),
    }))
    await this.#db.batch(puts, { sync: true })
  }

  /**
   * Makes blocks durable that were put without sync. A synced batch only syncs LevelDB's current write-ahead file; when
   * LevelDB has begun a new one since the blocks were put, those before lie unsynced in the old one, and a power cut
   * could take them from under a message that was acknowledged.
   */
  async syncBlocks(): Promise<void> {
    const files = await readdir(this.#directory)
    for (const name of files.filter(name => name.endsWith('.log'))) await syncFile(join(this.#directory, name))
  }

  /**
   * @returns the octets of a body block
   * @throws Failure STORE_DAMAGED when it is missing or not what was written
   */
  async block(seq: number): Promise<Buffer> {
    const record = await this.#record(seq)
    if (record.kind !== 'block') throw new Failure('STORE_DAMAGED', `record ${seq} of the log is no body block`)
    return record.value.subarray(blockPrefix.length)
  }

  /** @throws Failure STORE_DAMAGED when the record is missing or not what was written */
  async message(seq: number): Promise<MessageRecord> {
    const record = await this.#record(seq)
    if (record.kind !== 'message') throw new Failure('STORE_DAMAGED', `record ${seq} of the log is no message`)
    return record
  }

  async #record(seq: number): Promise<LogRecord> {
    const value = await this.#db.get(encodeLogKey(seq))
    if (value === undefined) throw new Failure('STORE_DAMAGED', `record ${seq} of the log is missing`)
    return decodeLogRecord(seq, value)
  }

  /** @returns the log's first record, or undefined when the log is empty */
  async header(): Promise<LogRecord | undefined> {
    const value = await this.#db.get(encodeLogKey(0))
    return value && decodeLogRecord(0, value)
  }

  /** Walks the log upwards from `from`, without filling the cache. */
  async *walk(from: number): AsyncGenerator<LogEntry> {
    const range = { gte: encodeLogKey(from), highWaterMarkBytes: walkOctets, fillCache: false }
    for await (const [key, value] of this.#db.iterator(range)) {
      const seq = decodeLogKey(key)
      yield { seq, record: decodeLogRecord(seq, value) }
    }
  }
}

/** Syncs a file that another descriptor has written. One that is gone became a table, which LevelDB has synced. */
async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r')
    await file.datasync()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
}
