/** The newest lines of the log, in memory: what waits for the disk, and what is there when the disk is not. */
import { budget } from '../base/budget.ts'

/** Where a line begins on the disk: the number of its file, and an offset in octets. */
export type Place = { readonly file: number; readonly offset: number }

/** A line, and its place once it has one. */
export type Held = { readonly text: string; readonly octets: number; readonly place: Place | undefined }

/** Bounded by octets and lines: the oldest give way, even where they never came to the disk. */
export class Ring {
  #lines: Held[] = []
  #octets = 0
  /** How many lines, at the end, are not on the disk, and their octets. */
  #unwritten = 0
  #waiting = 0

  push(text: string): void {
    const octets = Buffer.byteLength(text) + 1
    this.#lines.push({ text, octets, place: undefined })
    this.#octets += octets
    this.#unwritten += 1
    this.#waiting += octets
    while (this.#octets > budget.journalRing || this.#lines.length > budget.journalRingLines) {
      const oldest = this.#lines.shift()
      this.#octets -= oldest?.octets ?? 0
      if (this.#unwritten > this.#lines.length) this.#settle(oldest)
    }
  }

  /** Octets that wait for the disk. */
  get waiting(): number {
    return this.#waiting
  }

  /** @returns the oldest lines that are not on the disk, together about `octets`; empty when all are */
  unwritten(octets: number): readonly Held[] {
    const lines: Held[] = []
    let sum = 0
    for (let i = this.#lines.length - this.#unwritten; i < this.#lines.length && sum < octets; i++) {
      const line = this.#lines[i]
      if (!line) break
      lines.push(line)
      sum += line.octets
    }
    return lines
  }

  /** Notes where lines of `unwritten` have come to lie. Those that have given way meanwhile are passed over. */
  written(lines: readonly Held[], places: readonly Place[]): void {
    for (const [i, line] of lines.entries()) {
      const at = this.#lines.length - this.#unwritten
      const place = places[i]
      if (this.#lines[at] !== line || !place) continue
      this.#lines[at] = { ...line, place }
      this.#settle(line)
    }
  }

  /** One line less waits. */
  #settle(line: Held | undefined): void {
    this.#unwritten -= 1
    this.#waiting -= line?.octets ?? 0
  }

  /** @returns all lines, the newest first */
  newest(): readonly Held[] {
    return this.#lines.toReversed()
  }
}
