/** Cuts the top off a message: the header, the blank line and the first lines of the body (RFC 1939 §7, TOP). */

const CR = 0x0d
const LF = 0x0a
const CRLF = Buffer.from('\r\n')

/** Cuts one message that comes in chunks; a header without a blank line behind it passes whole. */
export class TopCutter {
  /** Lines of the body still to come. */
  #lines: number
  #inBody = false
  /** Octets of the present line so far. */
  #octets = 0
  /** True when the chunk before ended in CR: an LF at the start of this one ends the line. */
  #cr = false

  /** @param lines of the body to keep, 0 or more */
  constructor(lines: number) {
    this.#lines = lines
  }

  /** True when everything that belongs to the top has passed: no more chunks need be read. */
  get done(): boolean {
    return this.#inBody && this.#lines <= 0
  }

  /** @returns what of the chunk belongs to the top; a view, empty once `done` */
  cut(chunk: Buffer): Buffer {
    let offset = 0
    while (!this.done && offset < chunk.length) offset = this.#passLine(chunk, offset)
    return chunk.subarray(0, offset)
  }

  /** Passes the rest of the present line. @returns the offset behind its CRLF, or the end of the chunk */
  #passLine(chunk: Buffer, offset: number): number {
    const split = this.#cr && chunk[offset] === LF
    const at = split ? offset - 1 : chunk.indexOf(CRLF, offset)
    const ends = split || at >= 0
    const next = ends ? at + CRLF.length : chunk.length
    this.#octets += next - offset
    this.#cr = !ends && chunk.at(-1) === CR
    if (ends) this.#endLine()
    return next
  }

  #endLine(): void {
    const blank = this.#octets === CRLF.length
    this.#octets = 0
    if (this.#inBody) this.#lines -= 1
    else this.#inBody = blank
  }
}
