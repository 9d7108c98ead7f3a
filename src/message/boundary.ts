/** Finds boundary lines in the body of a multipart as it passes by: RFC 2046 §5.1.1. Holds a line at most. */
import { budget } from '../base/budget.ts'

const LF = 0x0a
const CR = 0x0d
const DASH = 0x2d
const lineOfDashes = Buffer.from('\n--')
const nothing = Buffer.alloc(0)

/** What comes of a body: octets that are none of a boundary line, and boundary lines. */
export type BodySink = {
  /** @param octets a view, valid during the call */
  octets(octets: Buffer): void
  /**
   * A line that begins with two dashes.
   * @param line without the line end and the blanks before it
   * @returns whether it is a boundary: then it and the line end before it are none of the text, and scanning stops
   */
  boundary(line: Buffer): boolean
}

/** How far a line that may be a boundary has come: `cr` and `start` are before its first dash. */
type At = 'inside' | 'cr' | 'start' | 'dash' | 'line'

export class BoundaryScanner {
  readonly #sink: BodySink
  /** The line end before a line that may be a boundary, and that line so far. */
  readonly #held = Buffer.alloc(budget.boundaryLine + 2)
  #used = 0
  /** Octets of the line end at its beginning. */
  #lineEnd = 0
  #at: At = 'start'

  constructor(sink: BodySink) {
    this.#sink = sink
  }

  /** A body begins. */
  begin(): void {
    this.#at = 'start'
    this.#used = this.#lineEnd = 0
  }

  /**
   * @param chunk borrowed
   * @returns where it stopped: behind a boundary line, or at the end
   */
  feed(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; ) {
      if (this.#at === 'inside') {
        at = this.#leap(chunk, at)
        continue
      }
      const taken = this.#take(chunk[at] ?? 0)
      if (taken === 'again') continue
      at += 1
      if (taken === 'boundary') return at
    }
    return chunk.length
  }

  /** Says that no more octets come. @returns whether they have ended with a boundary line that lacks its line end */
  finish(): boolean {
    const found = this.#at === 'line' && this.#judge()
    if (!found) this.#give(this.#used)
    this.begin()
    return found
  }

  /** Gives all up to the next line that begins with dashes, or to what may be one at the end of the chunk. */
  #leap(chunk: Buffer, from: number): number {
    const dashes = chunk.indexOf(lineOfDashes, from)
    let stop = dashes < 0 ? tailStart(chunk, from) : dashes
    if (dashes > from && chunk[dashes - 1] === CR) stop -= 1
    if (stop > from) this.#sink.octets(chunk.subarray(from, stop))
    if (stop === chunk.length) return stop
    this.#at = 'cr'
    this.#used = this.#lineEnd = 0
    return stop
  }

  #take(octet: number): 'taken' | 'again' | 'boundary' {
    switch (this.#at) {
      case 'cr':
        if (octet === CR && this.#used === 0) return this.#hold(octet, 'cr')
        if (octet !== LF) return this.#giveUp()
        this.#lineEnd = this.#used + 1
        return this.#hold(octet, 'start')
      case 'start':
        return octet === DASH ? this.#hold(octet, 'dash') : this.#giveUp()
      case 'dash':
        return octet === DASH ? this.#hold(octet, 'line') : this.#giveUp()
      case 'line':
        if (octet === LF) return this.#endLine()
        return this.#used < this.#held.length ? this.#hold(octet, 'line') : this.#giveUp()
      default:
        return 'again'
    }
  }

  #hold(octet: number, at: At): 'taken' {
    this.#held[this.#used] = octet
    this.#used += 1
    this.#at = at
    return 'taken'
  }

  #giveUp(): 'again' {
    this.#give(this.#used)
    this.#at = 'inside'
    return 'again'
  }

  /** The line end of a line that is no boundary belongs to the next one. */
  #endLine(): 'taken' | 'boundary' {
    if (this.#judge()) {
      this.begin()
      return 'boundary'
    }
    const cr = this.#used > this.#lineEnd && this.#held[this.#used - 1] === CR
    this.#give(cr ? this.#used - 1 : this.#used)
    if (cr) this.#hold(CR, 'cr')
    this.#lineEnd = this.#used + 1
    return this.#hold(LF, 'start')
  }

  #judge(): boolean {
    return this.#sink.boundary(trimmed(this.#held.subarray(this.#lineEnd, this.#used)))
  }

  #give(octets: number): void {
    if (octets > 0) this.#sink.octets(this.#held.subarray(0, octets))
    this.#used = this.#lineEnd = 0
  }
}

/** A line without the blanks and the line end behind it. */
export function trimmed(line: Buffer): Buffer {
  let end = line.length
  while (end > 0 && (line[end - 1] ?? 0) <= 0x20) end -= 1
  return end === 0 ? nothing : line.subarray(0, end)
}

/** @returns where a line end, and perhaps a dash behind it, stands at the end of a chunk; or the length */
function tailStart(chunk: Buffer, from: number): number {
  const last = chunk.length - 1
  const dash = chunk[last] === DASH && chunk[last - 1] === LF && last - 1 >= from ? 1 : 0
  const end = last - dash
  if (chunk[end] === CR && dash === 0) return end
  if (chunk[end] !== LF) return chunk.length
  return end - 1 >= from && chunk[end - 1] === CR ? end - 1 : end
}
