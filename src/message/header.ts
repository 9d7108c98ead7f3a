/** Reads the header section of a message while it passes by: where it ends, and how many Received fields it has. */

const LF = 0x0a
const received = Buffer.from('received:')
const upperA = 0x41
const lowerCase = 0x20

/**
 * Follows the header section (RFC 5322 §2.2) through the spans of a message. Lines end in CRLF; a message that has other
 * line ends is refused anyway.
 */
export class HeaderScanner {
  #fields = 0
  #octets = 0
  #ended = false
  /** Octets seen of the present line, up to the length of the word looked for; -1 when it cannot be that word. */
  #matched = 0
  #lineOctets = 0

  /** Received fields so far. */
  get received(): number {
    return this.#fields
  }

  /** Octets of the header section with the empty line that ends it; all octets when there is no such line. */
  get octets(): number {
    return this.#octets
  }

  /** @param span borrowed; the next octets of the message */
  feed(span: Uint8Array): void {
    if (this.#ended) return
    let at = 0
    while (at < span.length) {
      at = this.#matchStart(span, at)
      const end = span.indexOf(LF, at)
      const next = end < 0 ? span.length : end + 1
      this.#lineOctets += next - at
      this.#octets += next - at
      at = next
      if (end >= 0 && this.#endLine()) return
    }
  }

  /** Compares the start of a line with the word, over as many spans as it takes. */
  #matchStart(span: Uint8Array, from: number): number {
    let at = from
    while (this.#matched >= 0 && this.#matched < received.length && at < span.length) {
      const octet = span[at] ?? 0
      if (octet === LF) return at
      const folded = octet < upperA ? octet : octet | lowerCase
      this.#matched = folded === received[this.#matched] ? this.#matched + 1 : -1
      at += 1
      this.#octets += 1
      this.#lineOctets += 1
    }
    return at
  }

  /** @returns true when the line just ended was the empty one */
  #endLine(): boolean {
    if (this.#matched === received.length) this.#fields += 1
    this.#ended = this.#lineOctets === 2
    this.#matched = 0
    this.#lineOctets = 0
    return this.#ended
  }
}
