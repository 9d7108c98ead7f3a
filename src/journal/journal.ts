/**
 * The journal: the log in memory and on the disk, and read back. Lines gather in memory and are written together, at the latest
 * after a minute, and at once where one tells of an error. So what a power cut takes from the log is at most what had gathered:
 * a minute, or 16 KiB, and no error that is older than a second. While the disk is full or fails, nothing but the log suffers:
 * memory keeps the newest lines, and they are written when it is well again.
 */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { JournalFiles } from './files.ts'
import { type Filter, passes } from './filter.ts'
import { boundLine, type JournalLine, levels, parseLine } from './line.ts'
import { type Held, Ring } from './ring.ts'
import { words } from './sentences.ts'

type JournalOptions = {
  /** Of the files; it is made when there is something to write. */
  readonly directory: string
  /** Octets on the disk in all: 256 KiB or more. */
  readonly keep: number
  readonly clock: Clock
}

/** Gets a line, and its text as it is kept. Must not throw, nor write to the log. */
type Listener = (line: JournalLine, text: string) => void

export class Journal implements AsyncDisposable {
  readonly clock: Clock
  readonly #ring = new Ring()
  readonly #files: JournalFiles
  readonly #listeners = new Set<Listener>()
  /** Ends the wait for more lines. */
  #hurry = new AbortController()
  #urgent = false
  #closed = false
  /** The writing, while there is something to write. */
  #keeping: Promise<void> | undefined
  /** The write under way, and those that wait for their turn. */
  #writing: Promise<boolean> = Promise.resolve(true)

  private constructor({ directory, keep, clock }: JournalOptions) {
    this.clock = clock
    this.#files = new JournalFiles(directory, keep)
  }

  /** Opens the journal. A disk that cannot be read is no reason to throw. Nothing is written before the first line. */
  static async open(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options)
    await journal.#files.measure()
    return journal
  }

  /** Octets on the disk in all; the next write holds to it. */
  set keep(octets: number) {
    this.#files.keep = octets
  }

  /** Takes a line as pino writes it. Throws nothing of its own. */
  write(line: string): void {
    const text = boundLine(line)
    const parsed = parseLine(text)
    if (!parsed) return
    this.#ring.push(text)
    if (parsed.level >= levels.error || this.#ring.waiting >= budget.journalBatch) this.#hurryUp()
    if (!this.#closed) this.#keeping ??= this.#keep()
    for (const listener of this.#listeners) listener(parsed, text)
  }

  /**
   * Reads the log back, from memory and from the disk, the newest line first: in the order in which they were written, whatever
   * the clock said. Holds a chunk of a file and the lines of the ring.
   */
  async *recent(filter: Filter = {}): AsyncGenerator<JournalLine> {
    for await (const { line } of this.recentTexts(filter)) yield line
  }

  /** The same with each line as it is kept: JSON. */
  async *recentTexts(filter: Filter = {}): AsyncGenerator<{ readonly line: JournalLine; readonly text: string }> {
    await this.#written()
    const held = this.#ring.newest()
    const oldest = held.at(-1)
    // What is in memory is not read from the disk again: there it is newer than this.
    const before = oldest?.place ?? this.#files.end
    for (const { text } of held) {
      const line = parseLine(text)
      if (line && passes(line, filter)) yield { line, text }
    }
    for await (const text of this.#files.backwards(before)) {
      const line = parseLine(text)
      if (line && passes(line, filter)) yield { line, text }
    }
  }

  /** @param listener gets each line from now on @returns ends it */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** A line as a sentence for people, without the time. @param when writes a moment; UTC without it */
  words(line: JournalLine, when?: (ms: number) => string): string {
    return words(line, when)
  }

  /** Writes what has gathered. @returns whether the disk has all of it */
  async flush(): Promise<boolean> {
    this.#hurryUp()
    return this.#writeAll()
  }

  /** The same without waiting, for a process that ends now. */
  flushNow(): void {
    const lines = this.#ring.unwritten(Number.POSITIVE_INFINITY)
    if (lines.length > 0) this.#files.appendNow(lines.map(({ text }) => text))
  }

  /** Writes the rest. Lines that come later stay in memory. */
  async close(): Promise<void> {
    this.#closed = true
    this.#hurry.abort()
    await this.#keeping
    await this.#writeAll()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Once until it is heard: under load every line asks for it. */
  #hurryUp(): void {
    if (this.#urgent) return
    this.#urgent = true
    this.#hurry.abort()
  }

  /** Writes as lines come, until none is left to write. */
  async #keep(): Promise<void> {
    while (!this.#closed && this.#ring.waiting > 0) {
      if (!this.#urgent) await this.#pause(budget.journalBatchMs)
      this.#urgent = false
      const written = await this.#writeAll()
      // Urgent or not: an error for each message that comes in must not wear out the disk, and a failing one needs time.
      const until = this.clock.elapsed() + (written ? budget.journalPaceMs : budget.journalBatchMs)
      for (let left = 1; left > 0 && !this.#closed; left = until - this.clock.elapsed()) await this.#pause(left)
    }
    this.#keeping = undefined
  }

  async #pause(ms: number): Promise<void> {
    this.#hurry = new AbortController()
    await this.clock.sleep(ms, this.#hurry.signal)
  }

  /** One after the other. @returns whether all has been written */
  #writeAll(): Promise<boolean> {
    this.#writing = this.#writing.then(() => this.#writeWaiting())
    return this.#writing
  }

  /** No write is under way: half done, its lines would be found in memory and on the disk. */
  async #written(): Promise<void> {
    for (let last: unknown; last !== this.#writing; ) {
      last = this.#writing
      await last
    }
  }

  async #writeWaiting(): Promise<boolean> {
    for (;;) {
      const lines: readonly Held[] = this.#ring.unwritten(budget.journalBatch)
      if (lines.length === 0) return true
      try {
        this.#ring.written(lines, await this.#files.append(lines.map(({ text }) => text)))
      } catch {
        // Standard error has the lines, and to log this would make more of them.
        return false
      }
    }
  }
}
