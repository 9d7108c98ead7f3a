/** The message on its way out: after DATA (RFC 5321 §4.1.1.4), or in chunks of BDAT (RFC 3030 §2). */
import { budget } from '../base/budget.ts'
import { DotEncoder } from '../wire/stuffing.ts'

const lineEnd = '\r\n'

/** A body after DATA. */
export class DataBody {
  readonly #encoder: DotEncoder | undefined
  /** The last two octets, one character each. */
  #ending = lineEnd

  /** @param dotted whether a line begins with a dot: only then is each looked at */
  constructor(dotted: boolean) {
    this.#encoder = dotted ? new DotEncoder() : undefined
  }

  /** @returns the octets as they go over the wire; the same ones where no dot is to be stuffed */
  encode(octets: Buffer): Buffer {
    const last = octets.toString('latin1', Math.max(0, octets.length - lineEnd.length))
    this.#ending = (this.#ending + last).slice(-lineEnd.length)
    return this.#encoder?.encode(octets) ?? octets
  }

  /** The line that ends the message, with a CRLF before it if the message has left its last line open. */
  get end(): Buffer {
    return Buffer.from(this.#ending === lineEnd ? '.\r\n' : '\r\n.\r\n')
  }
}

export type OutgoingChunk = { readonly pieces: readonly Buffer[]; readonly octets: number; readonly last: boolean }

/** A body in chunks of `budget.block` octets; the last octets are held back, so that LAST goes with them. */
export class ChunkedBody {
  #pieces: Buffer[] = []
  #octets = 0
  #last: 'open' | 'due' | 'said' = 'open'

  /** True when a whole chunk waits for its turn. */
  get waiting(): boolean {
    return this.#octets > budget.block
  }

  /** @param octets borrowed until they have been written */
  give(octets: Buffer): void {
    this.#pieces.push(octets)
    this.#octets += octets.length
  }

  end(): void {
    this.#last = 'due'
  }

  /** @returns the next chunk, or undefined while its octets or the end are missing, and after the last one */
  take(): OutgoingChunk | undefined {
    if (this.waiting) return { pieces: this.#cut(budget.block), octets: budget.block, last: false }
    if (this.#last !== 'due') return undefined
    this.#last = 'said'
    const octets = this.#octets
    return { pieces: this.#cut(octets), octets, last: true }
  }

  #cut(octets: number): Buffer[] {
    const cut: Buffer[] = []
    let wanted = octets
    for (const piece of this.#pieces) {
      if (piece.length > wanted) break
      cut.push(piece)
      wanted -= piece.length
    }
    const [first, ...rest] = this.#pieces.slice(cut.length)
    if (first && wanted > 0) cut.push(first.subarray(0, wanted))
    this.#pieces = first ? [first.subarray(wanted), ...rest] : []
    this.#octets -= octets
    return cut
  }
}
