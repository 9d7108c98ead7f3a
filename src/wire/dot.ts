/** Undoes dot-stuffing: RFC 5321 §4.5.2. */
import type { Input } from './input.ts'

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const lineWithDot = Buffer.from('\r\n.')
const loneCr = Buffer.from('\r')

/**
 * The body that follows DATA, without its stuffed dots and up to its end. Only CRLF ends a line and only CRLF.CRLF ends
 * the body: whoever takes anything else for an end lets the rest be read as commands (SMTP smuggling).
 */
export class DotDecoder {
  /** True once the final dot line was read; what is left of the input are commands. */
  ended = false
  /** Where the last octet left us. An octet that may yet turn out to belong to the end is not handed out before that. */
  #after: 'line end' | 'dot' | 'dot CR' | 'CR' | 'text' = 'line end'

  /**
   * Takes the next span from the input: all of a chunk that has no line with a dot first, else up to that dot.
   * @returns a view into the chunk, or undefined when the chunk is used up or the body has ended
   */
  next(input: Input): Buffer | undefined {
    while (!this.ended && input.offset < input.chunk.length) {
      const octet = input.chunk[input.offset]
      switch (this.#after) {
        case 'text':
          return this.#text(input)
        case 'CR':
          this.#after = octet === LF ? 'line end' : 'text'
          if (octet === LF) return input.octets(1)
          break
        case 'line end':
          this.#after = octet === DOT ? 'dot' : 'text'
          if (octet === DOT) input.offset += 1
          break
        case 'dot': // stuffed, unless a CRLF follows: dropped either way
          this.#after = octet === CR ? 'dot CR' : 'text'
          if (octet === CR) input.offset += 1
          break
        case 'dot CR':
          this.#after = 'text'
          if (octet !== LF) return loneCr // it was text after all, and perhaps of the chunk before
          input.offset += 1
          this.ended = true
      }
    }
    return undefined
  }

  #text(input: Input): Buffer {
    const found = input.chunk.indexOf(lineWithDot, input.offset)
    if (found >= 0) {
      const span = input.octets(found + 2 - input.offset)
      input.offset += 1
      this.#after = 'dot'
      return span
    }
    const span = input.octets(input.chunk.length)
    const last = span.at(-1)
    if (last === CR) this.#after = 'CR'
    else if (last === LF && span.at(-2) === CR) this.#after = 'line end'
    return span
  }
}
