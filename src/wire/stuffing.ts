/** Transparency, RFC 1939 §3 and RFC 5321 §4.5.2: a line that begins with a dot is sent with one dot more. */

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const lineDot = Buffer.from('\r\n.')

/** How the octets encoded so far end. */
type Ending = 'text' | 'cr' | 'crlf'

/** Encodes one message, chunk by chunk; wherever the chunks are cut the result is the same. */
export class DotEncoder {
  #ending: Ending = 'crlf'

  /** True when the next octet begins a line: only there does `.CRLF` end the message. */
  get atLineStart(): boolean {
    return this.#ending === 'crlf'
  }

  /**
   * Encodes the next chunk.
   * @returns the chunk itself when no line in it begins with a dot, else a new buffer
   */
  encode(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk
    const dots = this.#leadingDots(chunk)
    this.#ending = endingOf(chunk, this.#ending)
    return dots.length === 0 ? chunk : doubled(chunk, dots)
  }

  #leadingDots(chunk: Buffer): number[] {
    const dots: number[] = []
    if (this.#ending === 'crlf' && chunk[0] === DOT) dots.push(0)
    if (this.#ending === 'cr' && chunk[0] === LF && chunk[1] === DOT) dots.push(1)
    for (let at = chunk.indexOf(lineDot); at >= 0; at = chunk.indexOf(lineDot, at + lineDot.length)) dots.push(at + 2)
    return dots
  }
}

function endingOf(chunk: Buffer, before: Ending): Ending {
  const last = chunk.at(-1)
  if (last === CR) return 'cr'
  const afterCR = chunk.length === 1 ? before === 'cr' : chunk.at(-2) === CR
  return last === LF && afterCR ? 'crlf' : 'text'
}

/** Copies `chunk` with each of the `dots`, given by their offsets, written twice. */
function doubled(chunk: Buffer, dots: readonly number[]): Buffer {
  const encoded = Buffer.allocUnsafe(chunk.length + dots.length)
  let from = 0
  let used = 0
  for (const dot of dots) {
    used += chunk.copy(encoded, used, from, dot + 1)
    from = dot // the dot just copied begins the next piece again
  }
  chunk.copy(encoded, used, from)
  return encoded
}
