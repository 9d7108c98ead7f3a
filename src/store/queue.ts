/** The rows of the outbound queue: what waits to be sent on, in line by domain, and when each domain is to be looked at. */
import type { ClassicLevel } from 'classic-level'
import { budget } from '../base/budget.ts'
import type { AttemptRecord } from './attempt.ts'
import { idText } from './id.ts'
import {
  attemptKey,
  attemptsFrom,
  decodeAttemptKey,
  decodeDestinationKey,
  decodeDispatchKey,
  decodeWaitingKey,
  destinationKey,
  destinationRange,
  dispatchesOf,
  dispatchKey,
  dispatchRange,
  linkKey,
  nobody,
  waitingFor,
  waitingKey,
  waitingRange,
} from './keys.ts'
import { dispatchesIn, type MessageRecord } from './message.ts'
import { type DispatchValue, decodeDispatch, encodeDispatch } from './row.ts'
import { slices } from './slices.ts'

/** Where rows are put until they are written together. */
export type Rows = { put(key: Buffer, value: Buffer): void; delete(key: Buffer): void }

/** A dispatch with its name. */
export type Waiting = DispatchValue & { readonly seq: number; readonly dispatch: number }

/** A row that says all in its key. Not empty all the same: classic-level 3.0.0 never frees the copy it makes of an empty value. */
export const present = Buffer.from('-')

/** Domains whose waiting line is found at once when the schedule is made anew. */
const rowsAtOnce = 1000

export class Queue {
  readonly #db: ClassicLevel<Buffer, Buffer>
  #length = 0

  constructor(db: ClassicLevel<Buffer, Buffer>) {
    this.#db = db
  }

  /** Dispatches that are not done. */
  get length(): number {
    return this.#length
  }

  /** The dispatches of a message that was just accepted. @returns how many there are */
  enter(rows: Rows, seq: number, record: MessageRecord): number {
    const dispatches = dispatchesIn(record)
    const copies = record.deliveries.length + dispatches.length
    for (const [dispatch, { domain, recipients }] of dispatches.entries()) {
      const { date, stored } = record
      const state = { attempts: 0, held: false, noticed: false, last: '' }
      const value = { ...state, id: idText(record.id), domain, date, due: date, stored, copies, pending: recipients }
      rows.put(linkKey(seq, linkOf(dispatch)), present)
      this.#put(rows, seq, dispatch, value)
    }
    this.#length += dispatches.length
    return dispatches.length
  }

  /**
   * What an attempt has changed.
   * @param from the dispatch as it was
   * @returns true when it is done, and its rows but for the link are gone
   */
  note(rows: Rows, seq: number, attempt: AttemptRecord, from: DispatchValue): boolean {
    const { message, dispatch, due, results } = attempt
    const tried = new Map(results.map(({ recipient, outcome }) => [recipient, outcome]))
    // Whoever has not been tried yet comes first.
    const pending = [undefined, 'deferred'].flatMap(outcome =>
      from.pending.filter(recipient => tried.get(recipient) === outcome),
    )
    rows.put(attemptKey(message, seq), present)
    rows.delete(waitingKey(from.domain, from.due, message, dispatch))
    if (pending.length === 0) {
      rows.delete(dispatchKey(message, dispatch))
      this.#length -= 1
      return true
    }
    const answer = results.findLast(({ outcome }) => outcome === 'deferred')?.answer
    const words = answer && [answer.code, answer.enhanced, answer.text].filter(word => word !== '' && word !== 0)
    const last = words ? words.join(' ').slice(0, budget.lastAnswer) : from.last
    // A person's word, which has no results, may come while an attempt is under way: neither undoes the other.
    const { held } = results.length === 0 ? attempt : from
    const { attempts, noticed } = results.length === 0 ? from : attempt
    this.#put(rows, message, dispatch, { ...from, due, attempts, held, noticed, pending, last })
    return false
  }

  #put(rows: Rows, seq: number, dispatch: number, value: DispatchValue): void {
    rows.put(dispatchKey(seq, dispatch), encodeDispatch(value))
    if (value.held) return
    rows.put(waitingKey(value.domain, value.due, seq, dispatch), present)
    rows.put(destinationKey(value.due, value.domain), present)
  }

  /** A dispatch as it is; undefined when it is done. */
  async find(seq: number, dispatch: number): Promise<DispatchValue | undefined> {
    const value = await this.#db.get(dispatchKey(seq, dispatch))
    return value && decodeDispatch(value)
  }

  /** The dispatches of a message that are not done. */
  async of(seq: number): Promise<readonly Waiting[]> {
    const rows = await this.#db.iterator(dispatchesOf(seq)).all()
    return rows.map(readDispatch)
  }

  /** Walks all dispatches that are not done, oldest first, a list at a time. */
  async *all(): AsyncGenerator<readonly Waiting[]> {
    for await (const rows of slices(this.#db.iterator(dispatchRange))) yield rows.map(readDispatch)
  }

  /**
   * Takes domains from the front of the schedule.
   * @param now ms since the epoch
   * @param take says what becomes of one: taken, left where it stands, or struck out because somebody sees to it already
   * @returns when the next one is due, where none of those left is
   */
  async takeDue(now: number, take: (domain: string) => 'taken' | 'left' | 'struck'): Promise<number | undefined> {
    const gone: Buffer[] = []
    let later: number | undefined
    for await (const rows of slices(this.#db.keys({ ...destinationRange, limit: budget.scheduleWindow }))) {
      for (const key of rows) {
        const { due, domain } = decodeDestinationKey(key)
        if (due > now) {
          later = due
          break
        }
        if (take(domain) !== 'left') gone.push(key)
      }
      if (later !== undefined) break
    }
    if (gone.length > 0) await this.#db.batch(gone.map(key => ({ type: 'del' as const, key })))
    return later
  }

  /** Has a domain looked at then. */
  async wake(domain: string, due: number): Promise<void> {
    await this.#db.put(destinationKey(due, domain), present)
  }

  /** When the first dispatch of a domain is due, ms since the epoch. */
  async firstOf(domain: string): Promise<number | undefined> {
    const [key] = await this.#db.keys({ ...waitingFor(domain), limit: 1 }).all()
    return key && decodeWaitingKey(key).due
  }

  /**
   * @param until ms since the epoch
   * @returns the dispatches for one domain that are due, longest due first, up to `most` of them
   */
  async waiting(domain: string, until: number, most: number): Promise<readonly Waiting[]> {
    const keys = await this.#db.keys({ ...waitingFor(domain, until), limit: most }).all()
    const names = keys.map(decodeWaitingKey)
    const values = await this.#db.getMany(names.map(({ seq, dispatch }) => dispatchKey(seq, dispatch)))
    const stale: Buffer[] = []
    const found = names.flatMap(({ seq, dispatch, due }, i) => {
      const value = values[i] && decodeDispatch(values[i])
      if (value && !value.held && value.due === due) return [{ ...value, seq, dispatch }]
      // A power cut may keep what was written last without what was written before it.
      const key = keys[i]
      if (key) stale.push(key)
      return []
    })
    if (stale.length > 0) await this.#db.batch(stale.map(key => ({ type: 'del' as const, key })))
    return found.length === 0 && stale.length > 0 ? this.waiting(domain, until, most) : found
  }

  /**
   * Takes out the dispatches of messages that the log has no more. As a rule a sweep took them, for they were done, and a disk
   * has lost what it had been synced for; where the log lost them, nothing is left that could be sent or returned.
   * @param areThere says of each number whether the log has it
   * @returns how many there were
   */
  async forgetGone(areThere: (seqs: readonly number[]) => Promise<readonly boolean[]>): Promise<number> {
    let gone = 0
    for await (const waiting of this.all()) {
      const there = await areThere(waiting.map(({ seq }) => seq))
      const keys = waiting.flatMap(({ seq, dispatch, domain, due }, i) =>
        there[i]
          ? []
          : [linkKey(seq, linkOf(dispatch)), dispatchKey(seq, dispatch), waitingKey(domain, due, seq, dispatch)],
      )
      if (keys.length > 0) await this.#db.batch(keys.map(key => ({ type: 'del' as const, key })))
      gone += there.filter(is => !is).length
    }
    return gone
  }

  /**
   * The numbers of the records of the attempts of these messages, with the message of each.
   *
   * One walk from the first message to the last, and not one for each of them: an iterator holds memory in LevelDB for every
   * table it may read, and most messages have no attempts.
   * @param messages ascending
   */
  async attemptsOf(
    messages: readonly number[],
  ): Promise<readonly { readonly message: number; readonly seq: number }[]> {
    const [first, last] = [messages[0], messages.at(-1)]
    if (first === undefined || last === undefined) return []
    const wanted = new Set(messages)
    const lists = await Array.fromAsync(slices(this.#db.keys(attemptsFrom(first, last))), keys =>
      keys.map(decodeAttemptKey).filter(({ message }) => wanted.has(message)),
    )
    return lists.flat()
  }

  /** Makes the schedule anew from the waiting lines, and counts them: what the last run was about is unknown. */
  async restore(): Promise<void> {
    await this.#db.clear(destinationRange)
    this.#length = 0
    for await (const rows of slices(this.#db.keys(dispatchRange))) this.#length += rows.length
    let before = ''
    let found: Buffer[] = []
    const write = async () => {
      if (found.length > 0) await this.#db.batch(found.map(key => ({ type: 'put' as const, key, value: present })))
      found = []
    }
    for await (const rows of slices(this.#db.keys(waitingRange))) {
      for (const { domain, due } of rows.map(decodeWaitingKey)) {
        if (domain !== before) found.push(destinationKey(due, domain))
        before = domain
      }
      if (found.length >= rowsAtOnce) await write()
    }
    await write()
  }
}

function readDispatch([key, value]: [Buffer, Buffer]): Waiting {
  return { ...decodeDispatchKey(key), ...decodeDispatch(value) }
}

/** What stands for a dispatch among the links of its message. */
export function linkOf(dispatch: number) {
  return { account: nobody, box: 0, uid: dispatch }
}
