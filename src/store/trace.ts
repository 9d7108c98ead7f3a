/**
 * What became of each message, for those who ask where it is: a row when it was accepted, and one for each attempt to send
 * it on. They outlive the message, but not `budget.traceMs`, and there are at most `budget.traceRows` of them.
 */
import type { ClassicLevel } from 'classic-level'
import { budget } from '../base/budget.ts'
import { Pace } from '../base/pace.ts'
import { OctetWriter } from '../wire/octets.ts'
import { type AttemptRecord, putResults, type Result, takeResults } from './attempt.ts'
import { decode } from './codec.ts'
import { idText } from './id.ts'
import { decodeTraceKey, traceKey, traceRange } from './keys.ts'
import { isForwarded, type MessageRecord } from './message.ts'
import type { Rows } from './queue.ts'
import { slices } from './slices.ts'

/** A message when it was accepted. */
export type AcceptedTrace = {
  readonly kind: 'accepted'
  readonly seq: number
  readonly id: string
  /** ms since the epoch */
  readonly date: number
  readonly messageId: string
  readonly reversePath: string
  /** Its first recipients, and how many there were. */
  readonly recipients: readonly string[]
  readonly count: number
  /** Mailboxes here that it was put into. */
  readonly deliveries: number
  /** Recipients that it has to be sent on to. */
  readonly queued: number
  /** Which of those that are named are addresses outside that one of the others leads to. */
  readonly forwarded: readonly number[]
}

/** What one attempt to send a message on came to. */
export type AttemptTrace = {
  readonly kind: 'attempt'
  readonly seq: number
  readonly message: number
  readonly date: number
  readonly due: number
  readonly remote: string
  readonly results: readonly Result[]
}

export type Trace = AcceptedTrace | AttemptTrace

const letters = { accepted: 0x6d, attempt: 0x61 } as const

/** Recipients that are named. */
const named = 50
/** Rows deleted together when there are too many: a tenth, so that it is not done at every turn. */
const excess = 0.1

export class Traces {
  readonly #db: ClassicLevel<Buffer, Buffer>
  #count = 0

  constructor(db: ClassicLevel<Buffer, Buffer>) {
    this.#db = db
  }

  async count(): Promise<void> {
    this.#count = 0
    for await (const rows of slices(this.#db.keys(traceRange))) this.#count += rows.length
  }

  accepted(rows: Rows, seq: number, record: MessageRecord): void {
    const { recipients, deliveries, queued } = record
    const out = new OctetWriter().u8(letters.accepted).u48(record.date).text(idText(record.id)).text(record.messageId)
    out.text(record.reversePath).varint(recipients.length).varint(deliveries.length).varint(queued.length)
    const first = recipients.slice(0, named)
    out.varint(first.length)
    for (const { path } of first) out.text(path)
    const forwarded = [...first.keys()].filter(i => isForwarded(first[i]))
    out.varint(forwarded.length)
    for (const recipient of forwarded) out.varint(recipient)
    this.#put(rows, seq, out.finish())
  }

  attempt(rows: Rows, seq: number, { message, date, due, remote, results }: AttemptRecord): void {
    const out = new OctetWriter().u8(letters.attempt).u48(date).u48(message).u48(due).text(remote)
    this.#put(rows, seq, putResults(out, results.slice(0, named)).finish())
  }

  #put(rows: Rows, seq: number, value: Buffer): void {
    rows.put(traceKey(seq), value)
    this.#count += 1
  }

  /** Walks what there is, oldest first. */
  async *all(): AsyncGenerator<Trace> {
    const pace = new Pace()
    for await (const rows of slices(this.#db.iterator(traceRange))) {
      for (const [key, value] of rows) {
        yield readTrace(decodeTraceKey(key), value)
        await pace.step()
      }
    }
  }

  /**
   * Walks back from the newest to the first one that is older. Where the clock was set back, those before that are not seen.
   * @param since ms since the epoch
   */
  async *since(since: number): AsyncGenerator<Trace> {
    const pace = new Pace()
    for await (const rows of slices(this.#db.iterator({ ...traceRange, reverse: true }))) {
      for (const [key, value] of rows) {
        const trace = readTrace(decodeTraceKey(key), value)
        if (trace.date < since) return
        yield trace
        await pace.step()
      }
    }
  }

  /**
   * Deletes what is too old or too much.
   * @param now ms since the epoch
   */
  async trim(now: number): Promise<void> {
    const tooMany = this.#count > budget.traceRows ? this.#count - budget.traceRows * (1 - excess) : 0
    const gone: Buffer[] = []
    for await (const rows of slices(this.#db.iterator(traceRange))) {
      const old = rows.filter(([key, value], i) => {
        const tooOld = readTrace(decodeTraceKey(key), value).date < now - budget.traceMs
        return tooOld || gone.length + i < tooMany
      })
      gone.push(...old.map(([key]) => key))
      if (old.length < rows.length) break
    }
    for (let at = 0; at < gone.length; at += 1000) {
      await this.#db.batch(gone.slice(at, at + 1000).map(key => ({ type: 'del' as const, key })))
    }
    this.#count -= gone.length
  }

  /** Whether there are more than there should be. */
  get full(): boolean {
    return this.#count > budget.traceRows
  }
}

function readTrace(seq: number, value: Buffer): Trace {
  return decode('a trace', value, from => {
    const letter = from.u8()
    const date = from.u48()
    if (letter === letters.attempt) {
      const [message, due, remote] = [from.u48(), from.u48(), from.text()]
      return { kind: 'attempt', seq, message, date, due, remote, results: takeResults(from) }
    }
    const [id, messageId, reversePath] = [from.text(), from.text(), from.text()]
    const [count, deliveries, queued] = [from.varint(), from.varint(), from.varint()]
    const recipients = from.list(item => item.text())
    // Written before anything was forwarded, it ends here.
    const forwarded = from.ended ? [] : from.list(item => item.varint())
    return { kind: 'accepted', seq, id, date, messageId, reversePath, recipients, count, deliveries, queued, forwarded }
  })
}
