/** A mailbox as the reader shows it: numbers that stay the same while it is open, whatever comes and goes. */
import { budget } from '../base/budget.ts'
import type { FlagChange } from '../store/flags.ts'
import type { EntryValue } from '../store/row.ts'
import { type Household, refuse } from './command.ts'

/** A message and its number. */
export type Numbered = { readonly number: number; readonly entry: EntryValue }

/** Entries read together. */
const pageSize = 500

type Mail = Household['mail']

/**
 * The oldest message is number 1, as a mail program would count them when the reader is opened; what comes later has the
 * numbers behind. Holds the UIDs of those that were looked at, from the newest down, and never an entry.
 */
export class ReaderBox {
  readonly #account: number
  readonly #mail: () => Mail
  /** The highest number when it was opened. */
  readonly #top: number
  /** UIDs from that number down. */
  #uids = new Uint32Array(pageSize)
  #known = 0
  /** Whether there are none below those. */
  #complete = false
  /** UIDs of what has come since, from the number above `#top` on. */
  readonly #arrived: number[] = []
  /** The UID that the next message gets which is not counted yet. */
  #next: number

  /** @param mail asked each time: the store may be opened anew meanwhile */
  constructor(account: number, mail: () => Mail) {
    const { count, next } = mail().mailbox(account)
    this.#account = account
    this.#mail = mail
    this.#top = count
    this.#next = next
    if (count > 0) return
    this.#complete = true
  }

  /** The number of the newest message; 0 when there is none. */
  get newest(): number {
    return this.#top + this.#arrived.length
  }

  /** Counts what has come since the last time. @returns how many */
  async arrive(): Promise<number> {
    const { next } = this.#mail().mailbox(this.#account)
    if (next === this.#next || this.#arrived.length >= budget.readerNumbers) return 0
    const found: number[] = []
    for (let before: number | undefined; found.length < budget.readerNumbers; ) {
      const entries = await this.#mail().entries(this.#account, pageSize, before)
      const fresh = entries.filter(({ uid }) => uid >= this.#next)
      found.push(...fresh.map(({ uid }) => uid))
      if (fresh.length < pageSize) break
      before = fresh.at(-1)?.uid
    }
    this.#next = Math.max(this.#next, ...found.slice(0, 1).map(uid => uid + 1))
    this.#arrived.push(...found.reverse())
    return found.length
  }

  /**
   * Messages from a number down, the newest first.
   * @param limit of those that are there
   */
  async page(from: number, limit: number): Promise<readonly Numbered[]> {
    const page: Numbered[] = []
    let number = Math.min(from, this.newest)
    while (page.length < limit && number > 0) {
      const uid = await this.#uidOf(number)
      if (uid === undefined) break
      const entries = await this.#mail().entries(this.#account, limit - page.length, uid + 1)
      for (const entry of entries) {
        // What lies between has gone.
        while (number > 0 && ((await this.#uidOf(number)) ?? 0) > entry.uid) number -= 1
        if ((await this.#uidOf(number)) !== entry.uid) continue
        page.push({ number, entry })
        number -= 1
      }
      if (entries.length === 0) break
    }
    return page
  }

  /** @throws Failure REFUSED when there is no message of that number, or no more */
  async find(number: number): Promise<Numbered> {
    const uid = await this.#uidOf(number)
    if (uid === undefined) refuse(this.#noSuch(number))
    const [entry] = await this.#mail().entries(this.#account, 1, uid + 1)
    if (entry?.uid !== uid) refuse(`Message ${number} has gone: it was removed by somebody else.`)
    return { number, entry }
  }

  /** Changes the flags of messages: durable when it resolves. */
  mark(messages: readonly Numbered[], change: FlagChange): Promise<void> {
    return this.#mail().mark(
      this.#account,
      messages.map(({ entry }) => entry.uid),
      change,
    )
  }

  #noSuch(number: number): string {
    if (this.newest === 0) return 'There are no messages.'
    if (number >= 1 && number <= this.newest && !this.#complete) {
      return `Message ${number} is too far down: only the newest ${budget.readerNumbers} can be reached here.`
    }
    return `There is no message ${number}; the newest is ${this.newest}.`
  }

  /** @returns undefined where there is none of that number */
  async #uidOf(number: number): Promise<number | undefined> {
    if (number > this.#top) return this.#arrived[number - this.#top - 1]
    const place = this.#top - number
    if (place < 0 || number < 1) return undefined
    while (place >= this.#known && !this.#complete && this.#known < budget.readerNumbers) await this.#readOn()
    return place < this.#known ? this.#uids[place] : undefined
  }

  async #readOn(): Promise<void> {
    const before = this.#known === 0 ? this.#first : this.#uids[this.#known - 1]
    const entries = await this.#mail().entries(this.#account, pageSize, before)
    if (this.#known + entries.length > this.#uids.length) {
      const most = budget.readerNumbers + pageSize
      const grown = new Uint32Array(Math.min(most, Math.max(this.#uids.length * 2, this.#known + entries.length)))
      grown.set(this.#uids)
      this.#uids = grown
    }
    this.#uids.set(
      entries.map(({ uid }) => uid),
      this.#known,
    )
    this.#known += entries.length
    // Where some were removed meanwhile, the lowest numbers belong to nobody.
    this.#complete = entries.length < pageSize || this.#known >= this.#top
  }

  /** What came after it was opened is not among the first. */
  get #first(): number {
    return this.#arrived[0] ?? this.#next
  }
}
