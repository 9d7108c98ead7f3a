/** Messages on their way in: their octets gathered into blocks, the blocks written behind each other, then one commit. */
import { createHash, type Hash, hash } from 'node:crypto'
import { budget } from '../base/budget.ts'
import type { Engine } from './engine.ts'
import { takeId } from './id.ts'
import { inbox } from './keys.ts'
import type { LogEntry } from './log.ts'
import type { MessageRecord, Recipient } from './message.ts'
import { blockHead, type LogRecord } from './record.ts'

/** What is kept of a message beside its octets, as the one who received it knows it. */
export type Envelope = {
  /** A mailbox (RFC 5321 §4.1.2) without angle brackets; empty for the null reverse-path. */
  readonly reversePath: string
  readonly recipients: readonly Recipient[]
  /** Numbers of the accounts that get a copy, each once. */
  readonly accounts: readonly number[]
  /** Which of the recipients are sent on, in ascending order. */
  readonly queued: readonly number[]
  /** What is put before it: the Received field, signatures; each with its CRLF. */
  readonly trace: string
  readonly ret: '' | 'FULL' | 'HDRS'
  readonly envid: string
  readonly eightBit: boolean
  readonly smtputf8: boolean
  /** As in `MessageRecord`. */
  readonly requireTls: boolean
  readonly tlsOptional: boolean
  readonly messageId: string
  readonly dotted: boolean
  readonly headerOctets: number
  /** ms since the epoch */
  readonly date: number
}

/** Full-sized block buffers not in use, for the next message. */
export class BlockPool {
  readonly #free: Buffer[] = []

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(budget.block)
  }

  give(block: Buffer): void {
    if (block.length === budget.block && this.#free.length < budget.freeBlocks) this.#free.push(block)
  }
}

const noBlock = Buffer.alloc(0)

/** One message coming in. It ends with `commit`, or is disposed of and leaves nothing behind. */
export class Incoming implements AsyncDisposable {
  /** Random and unique; its text form is the UIDL and the id in Received. */
  readonly id = takeId()
  readonly #engine: Engine
  readonly #pool: BlockPool
  readonly #onDelivery: (seq: number, accounts: readonly number[]) => void
  readonly #blocks: number[] = []
  /** The block being filled, behind its head. */
  #block: Buffer = noBlock
  #used = blockHead
  #octets = 0
  /** Octets of the blocks written so far. */
  #stored = 0
  #hash: Hash | undefined
  #writing: Promise<void> | undefined
  #committed = false

  /** @param onDelivery is told once it is in mailboxes: the number of its record, and whose */
  constructor(engine: Engine, pool: BlockPool, onDelivery: (seq: number, accounts: readonly number[]) => void) {
    this.#engine = engine
    this.#pool = pool
    this.#onDelivery = onDelivery
  }

  /**
   * Adds octets to the message: the one copy on their way to disk.
   * @param octets borrowed until this returns, or until the promise it returns resolves
   * @returns a promise only when a block was filled and has to be waited for
   * @throws Failure STORE_FULL or STORE_IO
   */
  append(octets: Uint8Array): Promise<void> | undefined {
    if (this.#used + octets.length > budget.block) return this.#appendAcross(octets)
    this.#copy(octets)
    return undefined
  }

  /**
   * Commits the message to all its recipients, or to none: one synced batch.
   * @param records what counts together with it, or neither does: the attempts that it reports of, say
   * @returns the number of its record
   * @throws Failure STORE_FULL or STORE_IO
   */
  async commit(envelope: Envelope, records: readonly LogRecord[] = []): Promise<number> {
    await this.#writing
    const last = this.#block.subarray(0, this.#used)
    const claimsBlocks = this.#blocks.length > 0
    const octets = last.subarray(blockHead)
    const digest = this.#hash ? this.#hash.update(octets).digest() : hash('sha256', octets, 'buffer')
    const { log } = this.#engine
    let number = 0
    const entries = (): LogEntry[] => {
      const message = this.#entries(envelope, last, digest)
      number = message.at(-1)?.seq ?? number
      return [...message, ...records.map(record => ({ seq: log.take(), record }))]
    }
    await this.#engine.commit({ entries, octets: last.length + envelopeOctets(envelope), claimsBlocks })
    this.#committed = true
    if (envelope.accounts.length > 0) this.#onDelivery(number, envelope.accounts)
    return number
  }

  /** Takes back what was written, unless the message is committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const [first] = this.#blocks
    this.#pool.give(this.#block)
    this.#block = noBlock
    if (first === undefined) return
    try {
      if (!this.#committed && !this.#engine.failure) {
        await this.#writing
        await this.#engine.log.drop(this.#blocks)
      }
      this.#engine.underWay.delete(first)
    } catch (error) {
      // They stay under way, so that the next start sweeps them.
      this.#engine.fail(error)
    }
  }

  #copy(octets: Uint8Array): void {
    const needed = this.#used + octets.length
    if (needed > this.#block.length) this.#grow(needed)
    this.#block.set(octets, this.#used)
    this.#used = needed
    this.#octets += octets.length
  }

  async #appendAcross(octets: Uint8Array): Promise<void> {
    let from = 0
    while (from < octets.length) {
      const to = Math.min(octets.length, from + budget.block - this.#used)
      this.#copy(octets.subarray(from, to))
      from = to
      if (from < octets.length) await this.#writeBlock()
    }
  }

  /** Doubles the block's buffer, so that a body which has hardly begun holds hardly any memory. */
  #grow(needed: number): void {
    let size = Math.max(this.#block.length, budget.blockStart / 2)
    while (size < needed) size *= 2
    const grown = size < budget.block ? Buffer.allocUnsafeSlow(size) : this.#pool.take()
    grown.set(this.#block.subarray(0, this.#used))
    this.#block = grown
  }

  /** Puts the full block, waiting only for the one before it. */
  async #writeBlock(): Promise<void> {
    const { log, underWay } = this.#engine
    await this.#writing
    if (this.#engine.failure) throw this.#engine.failure
    const block = this.#block
    const seq = log.take()
    if (this.#blocks.length === 0) underWay.add(seq)
    this.#blocks.push(seq)
    this.#stored += block.length
    this.#hash ??= createHash('sha256')
    this.#hash.update(block.subarray(blockHead))
    this.#used = blockHead
    // LevelDB's binding copies the octets before put() returns, so that the buffer is ours again at once.
    this.#writing = log.putBlock(seq, block).catch(error => {
      throw this.#engine.fail(error)
    })
    this.#writing.catch(() => {})
  }

  #entries(envelope: Envelope, last: Buffer, digest: Buffer): LogEntry[] {
    const { log, index } = this.#engine
    const entries: LogEntry[] = []
    if (last.length > blockHead) {
      const seq = log.take()
      this.#blocks.push(seq)
      this.#stored += last.length
      entries.push({ seq, record: { kind: 'block', value: last } })
    }
    const { accounts, ...kept } = envelope
    const deliveries = accounts.map(account => ({ account, box: inbox, uid: index.takeUid(account, inbox) }))
    const record: MessageRecord = {
      ...kept,
      kind: 'message',
      id: this.id,
      octets: this.#octets,
      stored: this.#stored,
      digest,
      blocks: this.#blocks,
      deliveries,
    }
    entries.push({ seq: log.take(), record })
    return entries
  }
}

/** About what an envelope takes in its record: a thousand recipients are no small thing. */
function envelopeOctets({ recipients, trace }: Envelope): number {
  return recipients.reduce((sum, { path, orcpt }) => sum + path.length + orcpt.length, trace.length)
}
