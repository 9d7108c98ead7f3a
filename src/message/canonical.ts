/** The relaxed canonical form, in which a signature covers a message: RFC 6376 §3.4.2 for fields, §3.4.4 for the body. */
import { createHash, type Hash } from 'node:crypto'

const HT = 0x09
const LF = 0x0a
const CR = 0x0d
const SP = 0x20

/** Octets gathered before they are hashed: a call for each piece would cost more than the hash does. */
const blockOctets = 16 * 1024
/** Octets that are copied sooner one by one than by a call. */
const fewOctets = 48

/**
 * @param name of the field, in lower case
 * @param body an octet a character, from behind the colon, folds and all
 * @returns the field with its CRLF
 */
export function relaxedField(name: string, body: string): string {
  const unfolded = body.replaceAll('\r\n', '').replaceAll(/[ \t]+/g, ' ')
  // Not trim(), which takes more than spaces away.
  const start = unfolded.startsWith(' ') ? 1 : 0
  const end = unfolded.length > start && unfolded.endsWith(' ') ? -1 : undefined
  return `${name}:${unfolded.slice(start, end)}\r\n`
}

/**
 * SHA-256 of a body in its relaxed form, as the body passes by: white space within a line becomes one space, that at its end
 * goes, and so do the empty lines at the end of the body; a last line that is not ended gets its CRLF. A CR or an LF by
 * itself is an octet like others. Any cut into spans gives the same.
 */
export class BodyHash {
  readonly #hash: Hash = createHash('sha256')
  readonly #block = Buffer.allocUnsafeSlow(blockOctets)
  #used = 0
  /** Something other than line ends was hashed. */
  #begun = false
  // What was seen and does not count until something follows it: line ends, then white space, then a CR without its LF.
  #lineEnds = 0
  #space = false
  #cr = false

  /** @param octets borrowed; the next ones of the body */
  update(octets: Buffer): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
    let at = this.#settle(octets, 0)
    while (at < octets.length) {
      const end = nextChange(octets, view, at)
      this.#plain(octets, at, end)
      at = this.#settle(octets, end)
    }
  }

  /** Ends the body. To be called once. @returns the hash in base64, as bh= has it */
  digest(): string {
    if (this.#cr) this.#release()
    this.#lineEnds = this.#begun ? 1 : 0
    this.#space = false
    this.#release()
    return this.#hash.update(this.#block.subarray(0, this.#used)).digest('base64')
  }

  /** Takes white space and line ends, octet by octet. @returns where something else stands, before which they count */
  #settle(octets: Buffer, from: number): number {
    for (let at = from; at < octets.length; at++) {
      const octet = octets[at]
      if (octet === LF && this.#cr) {
        this.#cr = false
        this.#space = false
        this.#lineEnds += 1
        continue
      }
      if (octet !== CR && octet !== SP && octet !== HT) {
        this.#release()
        return at
      }
      if (this.#cr) this.#release()
      if (octet === CR) this.#cr = true
      else this.#space = true
    }
    return octets.length
  }

  /** Takes a stretch in which nothing changes but that the line ends at its end may be those of the body. */
  #plain(octets: Buffer, from: number, to: number): void {
    let end = to
    if (end === octets.length && octets[end - 1] === CR) {
      this.#cr = true
      end -= 1
    }
    while (end - from >= 2 && octets[end - 2] === CR && octets[end - 1] === LF) {
      this.#lineEnds += 1
      end -= 2
    }
    if (end > from) this.#write(octets, from, end)
  }

  #release(): void {
    while (this.#lineEnds > 0) {
      this.#octet(CR)
      this.#octet(LF)
      this.#lineEnds -= 1
    }
    if (this.#space) this.#octet(SP)
    if (this.#cr) this.#octet(CR)
    this.#space = false
    this.#cr = false
  }

  #octet(octet: number): void {
    if (this.#used === blockOctets) this.#flush()
    this.#block[this.#used++] = octet
    this.#begun = true
  }

  #write(octets: Buffer, from: number, to: number): void {
    this.#begun = true
    const length = to - from
    if (this.#used + length > blockOctets) this.#flush()
    if (length > blockOctets) {
      this.#hash.update(octets.subarray(from, to))
      return
    }
    if (length > fewOctets) this.#block.set(octets.subarray(from, to), this.#used)
    else for (let at = 0; at < length; at++) this.#block[this.#used + at] = octets[from + at] ?? 0
    this.#used += length
  }

  #flush(): void {
    this.#hash.update(this.#block.subarray(0, this.#used))
    this.#used = 0
  }
}

/**
 * Finds white space that does not stay as it is, eight octets a step: most of what is sent is base64, which has none.
 * @param view of the same octets
 * @returns where it begins: a tab, or a space before more of it, before a CR or at the end; else the end
 */
function nextChange(octets: Buffer, view: DataView, from: number): number {
  const end = octets.length
  let at = from
  for (;;) {
    while (at <= end - 8) {
      const low = view.getInt32(at, true)
      const high = view.getInt32(at + 4, true)
      // The top bit of some octet is left over when one is a space or less.
      if ((((low - 0x21212121) & ~low) | ((high - 0x21212121) & ~high)) & 0x80808080) break
      at += 8
    }
    for (const stop = Math.min(at + 8, end); at < stop; at++) {
      const octet = octets[at]
      if (octet === HT) return at
      if (octet !== SP) continue
      const next = octets[at + 1]
      if (next === undefined || next === SP || next === HT || next === CR) return at
    }
    if (at === end) return end
  }
}
