/** Holds the header section of a submitted message back until it has ended and is mended; what follows goes by untouched. */
import { budget } from '../base/budget.ts'
import { lineKind } from './fields.ts'
import { type HeaderFacts, type Mending, mendHeader } from './mending.ts'

const LF = 0x0a
const CRLF = Buffer.from('\r\n')
const nothing = Buffer.alloc(0)
/** Octets the gathered header starts with; it doubles. */
const startOctets = 4096

/** What one span has brought. */
export type SubmittedPart = {
  /** The mended header with its empty line, when it has just ended; a buffer of its own, never touched again. */
  readonly header: Buffer | undefined
  /** Octets of the body: a view, valid until the next call. */
  readonly rest: Buffer
}

/**
 * Takes a submitted message span by span. Its header section ends with the empty line, or before the first line that is
 * neither a field nor folded: that line begins the body then, and the empty line is put in before it, so that nobody behind
 * us can take any of the body for fields.
 */
export class SubmittedHeader {
  readonly #mending: Mending
  #gathered = nothing
  #used = 0
  /** Where the line that has not ended yet begins. */
  #line = 0
  #ended = false
  #tooBig = false
  #facts: HeaderFacts | undefined

  constructor(mending: Mending) {
    this.#mending = mending
  }

  /** The header is larger than `budget.submittedHeader`, or would become far larger. Nothing more comes out of it. */
  get tooBig(): boolean {
    return this.#tooBig
  }

  /** What the mended header says; undefined until it has come out. */
  get facts(): HeaderFacts | undefined {
    return this.#facts
  }

  /** @param span borrowed; the next octets of the message */
  feed(span: Buffer): SubmittedPart {
    if (this.#ended) return { header: undefined, rest: span }
    for (let at = 0; at < span.length && !this.#tooBig; ) {
      const end = span.indexOf(LF, at)
      const next = end < 0 ? span.length : end + 1
      this.#gather(span.subarray(at, next))
      at = next
      if (end >= 0 && !this.#tooBig && this.#endsWithLine()) return this.#end(span.subarray(at))
    }
    return { header: undefined, rest: nothing }
  }

  /** Says that the message has ended. A header that goes on to its end comes out now, with an empty line too. */
  finish(): SubmittedPart {
    if (this.#ended || this.#tooBig) return { header: undefined, rest: nothing }
    if (this.#line < this.#used && !this.#endsWithLine()) {
      this.#gather(CRLF)
      this.#line = this.#used
    }
    return this.#tooBig ? { header: undefined, rest: nothing } : this.#end(nothing)
  }

  #gather(octets: Buffer): void {
    const needed = this.#used + octets.length
    if (needed > budget.submittedHeader) {
      this.#tooBig = true
      this.#release()
      return
    }
    if (needed > this.#gathered.length) {
      let size = Math.max(this.#gathered.length, startOctets)
      while (size < needed) size *= 2
      const grown = Buffer.allocUnsafeSlow(size)
      grown.set(this.#gathered.subarray(0, this.#used))
      this.#gathered = grown
    }
    this.#gathered.set(octets, this.#used)
    this.#used = needed
  }

  /** @returns whether the last line gathered is the empty one or the body's first; else it counts as part of the header */
  #endsWithLine(): boolean {
    const kind = lineKind(this.#gathered.subarray(this.#line, this.#used))
    const goesOn = kind === 'field' || (kind === 'folded' && this.#line > 0)
    if (goesOn) this.#line = this.#used
    return !goesOn
  }

  /** @param span what follows the last line gathered */
  #end(span: Buffer): SubmittedPart {
    const line = this.#gathered.subarray(this.#line, this.#used)
    const mended = mendHeader(this.#gathered.subarray(0, this.#line), this.#mending)
    this.#release()
    if (!mended) {
      this.#tooBig = true
      return { header: undefined, rest: nothing }
    }
    this.#ended = true
    this.#facts = mended.facts
    const bodyBegan = line.length > 0 && lineKind(line) !== 'empty'
    return { header: mended.header, rest: bodyBegan ? Buffer.concat([line, span]) : span }
  }

  #release(): void {
    this.#gathered = nothing
    this.#used = 0
    this.#line = 0
  }
}
