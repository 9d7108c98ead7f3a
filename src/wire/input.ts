/** What has arrived and is not yet dealt with: one borrowed chunk, and the beginning of a line that a chunk cut in two. */

const CRLF = Buffer.from('\r\n')
const CR = 0x0d
const LF = 0x0a
const empty = Buffer.alloc(0)

/** One line without its CRLF; `tooLong` when it passed the limit (its octets are gone then, and `octets` is empty). */
export type Line = { readonly octets: Buffer; readonly tooLong: boolean }

/**
 * Lines and octets of a session's input. Only CRLF ends a line (RFC 5321 §2.3.8); a CR or LF alone stays inside it, for
 * the grammar to refuse. Holds no memory while no line is cut in two.
 */
export class Input {
  /** The chunk being read; borrowed from whoever fed it. */
  chunk: Buffer = empty
  /** Where in `chunk` the octets begin that are not yet dealt with. */
  offset = 0
  #held: Buffer = empty
  #overflow = false

  /** Takes the next chunk. The one before must be used up: `need-input` is only said then. */
  feed(chunk: Buffer): void {
    this.chunk = chunk
    this.offset = 0
  }

  /** True when octets have arrived that are not yet dealt with. */
  get pending(): boolean {
    return this.offset < this.chunk.length || this.#held.length > 0 || this.#overflow
  }

  /** Forgets everything that has arrived: what a client sent before TLS must not be read after it (RFC 3207 §4.2). */
  drop(): void {
    this.feed(empty)
    this.#held = empty
    this.#overflow = false
  }

  /**
   * Cuts the next line out.
   * @param limit octets a line may have, CRLF included; a longer one is read to its end and thrown away
   * @returns the line, whose octets may be a view into the chunk, or undefined while its CRLF has not arrived
   */
  line(limit: number): Line | undefined {
    const { chunk, offset } = this
    const splitEnd = this.#held.at(-1) === CR && chunk[offset] === LF
    const end = splitEnd ? offset - 1 : chunk.indexOf(CRLF, offset)
    if (end < 0 && !splitEnd) {
      this.#hold(chunk.subarray(offset), limit)
      this.offset = chunk.length
      return undefined
    }
    const rest = chunk.subarray(offset, Math.max(end, offset))
    const held = splitEnd ? this.#held.subarray(0, -1) : this.#held
    const tooLong = this.#overflow || held.length + rest.length + CRLF.length > limit
    this.offset = end + CRLF.length
    this.#held = empty
    this.#overflow = false
    if (tooLong) return { octets: empty, tooLong }
    return { octets: held.length === 0 ? rest : Buffer.concat([held, rest]), tooLong }
  }

  /** Takes up to `most` octets as they are; a view into the chunk, empty when the chunk is used up. */
  octets(most: number): Buffer {
    const taken = this.chunk.subarray(this.offset, this.offset + most)
    this.offset += taken.length
    return taken
  }

  /** Keeps the beginning of a line. A copy: a view would pin the whole chunk. Past the limit only a final CR matters. */
  #hold(rest: Buffer, limit: number): void {
    if (rest.length === 0) return
    if (this.#overflow || this.#held.length + rest.length > limit) {
      this.#overflow = true
      this.#held = rest.at(-1) === CR ? CRLF.subarray(0, 1) : empty
      return
    }
    this.#held = Buffer.concat([this.#held, rest])
  }
}
