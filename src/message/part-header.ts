/** Gathers the header section of a message or of a part as it passes by, as much of it as is read for people. */
import { budget } from '../base/budget.ts'
import { lineKind } from './fields.ts'

const LF = 0x0a
const startOctets = 1024
const nothing = Buffer.alloc(0)

/** What has ended a header section. */
export type HeaderEnd =
  /** Its empty line. */
  | { readonly kind: 'empty' }
  /** The first line is no field: there is no header section, and the text begins with these octets. */
  | { readonly kind: 'text'; readonly octets: Buffer }
  /** A boundary line of what is around it, with its line end. */
  | { readonly kind: 'boundary'; readonly octets: Buffer }

export class PartHeader {
  readonly #most: number
  readonly #isBoundary: (line: Buffer) => boolean
  #octets: Buffer = Buffer.alloc(startOctets)
  #used = 0
  /** Where the present line begins in what is kept. */
  #line = 0
  /** The present line from its beginning, as long as it may be a boundary or no field. */
  #start = nothing
  #lineOctets = 0
  #first = true

  /**
   * @param most octets that are kept; the rest is passed over
   * @param isBoundary whether a line, with its line end or without, is one of what is around the part
   */
  constructor(most: number, isBoundary: (line: Buffer) => boolean) {
    this.#most = most
    this.#isBoundary = isBoundary
  }

  /** What is there so far: a view. */
  get octets(): Buffer {
    return this.#octets.subarray(0, this.#used)
  }

  /**
   * @param octets borrowed; of one line only, its LF last
   * @returns what has ended the section; undefined while it goes on
   */
  feed(octets: Buffer): HeaderEnd | undefined {
    const fits = this.#lineOctets < budget.boundaryLine
    if (fits) this.#start = Buffer.concat([this.#start, octets])
    this.#lineOctets += octets.length
    this.#keep(octets)
    const ended = octets[octets.length - 1] === LF
    if (fits && (ended || this.#lineOctets >= budget.boundaryLine)) {
      const end = this.#judge(this.#start, ended)
      if (end) return end
      this.#first = false
    }
    if (ended) this.#nextLine()
    return undefined
  }

  /** Says that no more octets come. */
  finish(): HeaderEnd {
    const begun = this.#lineOctets < budget.boundaryLine ? this.#start : nothing
    return (begun.length > 0 ? this.#judge(begun, true) : undefined) ?? { kind: 'empty' }
  }

  #nextLine(): void {
    this.#line = this.#used
    this.#start = nothing
    this.#lineOctets = 0
  }

  /** @param ended whether the line has ended, or goes on beyond what is held of it */
  #judge(line: Buffer, ended: boolean): HeaderEnd | undefined {
    if (/^\r?\n$/.test(line.toString('latin1', 0, 3))) return { kind: 'empty' }
    const dashes = line[0] === 0x2d && line[1] === 0x2d
    if (dashes && ended && line.length <= budget.boundaryLine && this.#isBoundary(line)) {
      this.#used = this.#line
      return { kind: 'boundary', octets: line }
    }
    // A line that mail folders put before each message.
    const envelope = /^>?From /.test(line.toString('latin1', 0, 6))
    if (!this.#first || envelope || lineKind(line.subarray(0, budget.boundaryLine)) !== 'other') return undefined
    this.#used = 0
    return { kind: 'text', octets: line }
  }

  #keep(octets: Buffer): void {
    const kept = Math.min(octets.length, this.#most - this.#used)
    if (this.#used + kept > this.#octets.length) {
      let size = this.#octets.length
      while (size < this.#used + kept) size *= 2
      const grown = Buffer.alloc(Math.min(size, this.#most))
      grown.set(this.#octets.subarray(0, this.#used))
      this.#octets = grown
    }
    this.#octets.set(octets.subarray(0, kept), this.#used)
    this.#used += kept
  }
}
