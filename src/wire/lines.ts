/** Watches the lines of a body go by: only CRLF ends one (RFC 5321 §2.3.8), and long or dotted ones are remembered. */
import { budget } from '../base/budget.ts'

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e

/** What is known of the lines seen so far. Holds no octets, and costs the same for any split into spans. */
export class LineCheck {
  /** Octets seen. */
  octets = 0
  /** A CR or an LF stood alone. */
  malformed = false
  /** A line with its CRLF was longer than `budget.textLine`. */
  longLine = false
  /** A line began with a dot, so that it must be stuffed when it is sent (RFC 5321 §4.5.2, RFC 1939 §3). */
  dotted = false
  /** Octets of the line that the last span left unfinished. */
  #unfinished = 0
  /** The last span ended in a CR whose LF may be the first octet of the next. */
  #cr = false

  /** True when nothing was seen after the last CRLF. */
  get atLineStart(): boolean {
    return this.#unfinished === 0
  }

  /** Takes the next span, which is not kept. */
  check(span: Buffer): void {
    const end = span.length
    if (end === 0) return
    const view = new DataView(span.buffer, span.byteOffset, end)
    let at = 0
    let lineStart = -this.#unfinished // negative: it began in an earlier span

    if (this.#cr && span[0] === LF) lineStart = at = this.#lineEnd(lineStart, 1)
    else if (this.#cr) this.malformed = true
    this.#cr = false

    for (;;) {
      if (at === lineStart && span[at] === DOT) this.dotted = true
      at = nextBreak(span, view, at)
      if (at === end) break
      if (span[at] === CR && span[at + 1] === LF) {
        lineStart = at = this.#lineEnd(lineStart, at + 2)
      } else if (span[at] === CR && at + 1 === end) {
        this.#cr = true
        break
      } else {
        this.malformed = true
        at += 1
      }
    }
    this.#unfinished = end - lineStart
    this.octets += end
  }

  /** Notes a line from `start` to `end`, its CRLF included; the next one starts there. */
  #lineEnd(start: number, end: number): number {
    if (end - start > budget.textLine) this.longLine = true
    return end
  }
}

/**
 * Finds the next CR or LF, eight octets a step: 4 GB/s on lines of 78 octets, against 1.5 with two `indexOf` a line,
 * whose calls cost more than what they search.
 * @param view of the same octets as `span`
 * @returns its offset at or after `from`, or the length of the span
 */
function nextBreak(span: Buffer, view: DataView, from: number): number {
  const end = span.length
  let at = from
  for (; at <= end - 8; at += 8) {
    const low = view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    // The top bit of some octet is left over exactly when one is below 0x0e: rare in mail but for CR, LF and tab.
    if ((((low - 0x0e0e0e0e) & ~low) | ((high - 0x0e0e0e0e) & ~high)) & 0x80808080) {
      for (const stop = at + 8; at < stop; at++) if (span[at] === CR || span[at] === LF) return at
      at -= 8
    }
  }
  while (at < end && span[at] !== CR && span[at] !== LF) at++
  return at
}
