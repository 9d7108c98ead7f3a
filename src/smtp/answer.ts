/** The peer's replies: RFC 5321 §4.2, read from octets that may be cut anywhere, and made harmless. */
import { isUtf8 } from 'node:buffer'
import { budget } from '../base/budget.ts'

/** A reply as it is kept and shown. */
export type Answer = {
  /** 200 to 599. */
  readonly code: number
  /** RFC 3463, like `5.1.1`; '' when the reply had none, or one whose class does not fit the code. */
  readonly enhanced: string
  /** The lines joined by spaces, without control characters; at most `budget.answerText` octets. */
  readonly text: string
  /** Present when no peer said this: we did (trouble.ts). */
  readonly ours?: true
}

export type Reading =
  /** `lines` are what the peer wrote behind the code, line by line and not made harmless: for EHLO and for challenges. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly lines: readonly string[] }
  /** What came is no reply. Nothing behind it can be trusted. */
  | { readonly kind: 'malformed' }
  /** A reply passed the bounds. */
  | { readonly kind: 'endless' }

const CR = 0x0d
const LF = 0x0a
const CRLF = Buffer.from('\r\n')
const nothing = Buffer.alloc(0)

const separator = 3 // its offset, behind the code
const beginning = /^[2-5]\d\d[ -]?$/
const enhancedCode = /^([245])\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})(?= |$)/
// Controls, what else ends a line, and what turns the direction of the text around it.
const harmful = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Cuts replies out of what arrives. Only CRLF ends a line. */
export class AnswerReader {
  #chunk: Buffer = nothing
  #offset = 0
  /** The line under way, as far as `budget.replyLine`. */
  #held: Buffer = nothing
  /** The last octet of the line under way was a CR. */
  #cr = false
  // Of the reply under way
  #octets = 0
  #code = ''
  #lines: Buffer[] = []

  /** @param chunk borrowed until next() returns undefined; the one before must be used up */
  feed(chunk: Buffer): void {
    this.#chunk = chunk
    this.#offset = 0
  }

  /** Forgets everything that has arrived. */
  drop(): void {
    this.feed(nothing)
    this.#held = nothing
    this.#cr = false
    this.#begin()
  }

  /** @returns undefined when all octets are used up; after anything but an answer there is no sense in going on */
  next(): Reading | undefined {
    for (;;) {
      const line = this.#line()
      if (this.#octets > budget.replyOctets) return { kind: 'endless' }
      if (!line) return undefined
      const start = line.toString('latin1', 0, separator + 1)
      const code = start.slice(0, separator)
      if (!beginning.test(start) || (this.#lines.length > 0 && code !== this.#code)) return { kind: 'malformed' }
      this.#code = code
      this.#lines.push(line.subarray(separator + 1))
      if (start[separator] !== '-') return this.#end()
      if (this.#lines.length === budget.replyLines) return { kind: 'endless' }
    }
  }

  #begin(): void {
    this.#octets = 0
    this.#code = ''
    this.#lines = []
  }

  #end(): Reading {
    const lines = this.#lines.map(decode)
    const answer = toAnswer(Number(this.#code), lines)
    this.#begin()
    return { kind: 'answer', answer, lines }
  }

  /** @returns the next line without its CRLF, cut where it is too long; a copy */
  #line(): Buffer | undefined {
    const chunk = this.#chunk
    const start = this.#offset
    const found = this.#cr && chunk[start] === LF ? start - 1 : chunk.indexOf(CRLF, start)
    const complete = found >= start || (this.#cr && chunk[start] === LF)
    const rest = chunk.subarray(start, complete ? found + CRLF.length : chunk.length)
    this.#octets += rest.length
    this.#offset += rest.length
    const room = budget.replyLine - this.#held.length
    if (room > 0 && rest.length > 0) this.#held = Buffer.concat([this.#held, rest.subarray(0, room)])
    if (!complete) {
      if (rest.length > 0) this.#cr = rest.at(-1) === CR
      this.#chunk = nothing // A session that waits must not hold 64 KiB.
      this.#offset = 0
      return undefined
    }
    const line = this.#held
    this.#held = nothing
    this.#cr = false
    return line.at(-2) === CR && line.at(-1) === LF ? line.subarray(0, -CRLF.length) : upTo(line, budget.replyLine - 1)
  }
}

function toAnswer(code: number, lines: readonly string[]): Answer {
  const [found = '', level] = enhancedCode.exec(lines[0] ?? '') ?? []
  const enhanced = level === String(code)[0] ? found : ''
  const bare = enhanced === '' ? lines : lines.map(line => withoutPrefix(line, enhanced))
  const text = bare
    .map(line => line.trim())
    .filter(line => line !== '')
    .join(' ')
  return { code, enhanced, text: harmless(text) }
}

/** The enhanced code is on every line of a reply (RFC 2034 §4). */
function withoutPrefix(line: string, enhanced: string): string {
  return line === enhanced || line.startsWith(`${enhanced} `) ? line.slice(enhanced.length + 1) : line
}

/** UTF-8 where it is that, else ASCII with a mark for everything beyond. */
function decode(line: Buffer): string {
  return isUtf8(line) ? line.toString() : line.toString('latin1').replace(/[^\0-\x7f]/g, '?')
}

function harmless(text: string): string {
  const octets = Buffer.from(text.replaceAll('\t', ' ').replace(harmful, '?'))
  return upTo(octets, budget.answerText).toString()
}

/** The first octets of a text, cut between two characters. */
function upTo(octets: Buffer, most: number): Buffer {
  if (octets.length <= most) return octets
  let end = most
  while (end > 0 && ((octets[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return octets.subarray(0, end)
}
