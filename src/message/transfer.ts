/** Undoes the transfer encoding of a part as it passes by: RFC 2045 §6. Any octets are decoded, at any split to the same. */
import { budget } from '../base/budget.ts'

/** Decodes in pieces. */
export type TransferDecoder = {
  /** @param octets borrowed @returns a buffer of its own, or the octets themselves */
  decode(octets: Buffer): Buffer
  /** What is left when the part has ended. */
  end(): Buffer
}

const nothing = Buffer.alloc(0)
const [TAB, LF, CR, SP, EQUALS] = [0x09, 0x0a, 0x0d, 0x20, 0x3d]

/** @param encoding the body of Content-Transfer-Encoding; what is unknown is taken as it is */
export function openTransfer(encoding: string): TransferDecoder {
  const [name = ''] = /^[^\s;(,]*/.exec(encoding.trim().toLowerCase()) ?? []
  if (name === 'base64') return new Base64Decoder()
  if (name === 'quoted-printable') return new QuotedPrintableDecoder()
  return { decode: octets => octets, end: () => nothing }
}

/** Whether an encoding changes nothing, so that what is inside can be read as it stands. */
export function isIdentity(encoding: string): boolean {
  return !/^\s*(?:base64|quoted-printable)\b/i.test(encoding)
}

/** What each octet stands for in base64 (§6.8): its six bits, or -1 for what is passed over. */
const sextets = Int8Array.from({ length: 256 }, (_, octet) =>
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(String.fromCharCode(octet)),
)

/** Padding ends a run of base64; another one may follow, where programs have joined two. */
class Base64Decoder implements TransferDecoder {
  #bits = 0
  #count = 0

  decode(octets: Buffer): Buffer {
    const decoded = Buffer.allocUnsafe(Math.ceil((octets.length * 3) / 4) + 1)
    let used = 0
    for (const octet of octets) {
      if (octet === EQUALS) this.#count = 0
      const sextet = sextets[octet] ?? -1
      if (sextet < 0) continue
      this.#bits = ((this.#bits << 6) | sextet) & 0xffff
      this.#count += 6
      if (this.#count < 8) continue
      this.#count -= 8
      decoded[used] = (this.#bits >> this.#count) & 0xff
      used += 1
    }
    return decoded.subarray(0, used)
  }

  end(): Buffer {
    return nothing
  }
}

/** What was read of what may be an escape, a soft line break, or blanks at the end of a line, which are none of the text. */
type Held = 'nothing' | 'blanks' | 'equals' | 'digit' | 'soft-blanks' | 'soft-cr'

/** Quoted-printable (§6.7), with tolerance: what is no escape stays as it is. Holds the blanks of a line at most. */
class QuotedPrintableDecoder implements TransferDecoder {
  #held: Held = 'nothing'
  readonly #kept = Buffer.alloc(budget.textLine)
  #keptOctets = 0
  #digit = 0
  #decoded: Buffer = nothing
  #used = 0

  decode(octets: Buffer): Buffer {
    this.#decoded = Buffer.allocUnsafe(octets.length + this.#keptOctets + 2)
    this.#used = 0
    for (const octet of octets) this.#take(octet)
    const decoded = this.#decoded.subarray(0, this.#used)
    this.#decoded = nothing
    return decoded
  }

  /** Blanks and a soft line break that the text ends with are none of it. */
  end(): Buffer {
    const rest = this.#held === 'digit' ? Buffer.of(EQUALS, this.#digit) : nothing
    this.#held = 'nothing'
    this.#keptOctets = 0
    return rest
  }

  #take(octet: number): void {
    switch (this.#held) {
      case 'nothing':
        this.#plain(octet)
        break
      case 'blanks':
        if (isBlank(octet)) {
          this.#keep(octet)
          break
        }
        if (isLineEnd(octet)) this.#keptOctets = 0
        this.#giveKept()
        this.#plain(octet)
        break
      case 'equals':
        this.#behindEquals(octet)
        break
      case 'digit':
        this.#held = 'nothing'
        if (hexValue(octet) >= 0) {
          this.#put(hexValue(this.#digit) * 16 + hexValue(octet))
          break
        }
        this.#put(EQUALS)
        this.#put(this.#digit)
        this.#plain(octet)
        break
      case 'soft-blanks':
        if (isBlank(octet)) this.#keep(octet)
        else this.#behindEquals(octet)
        break
      case 'soft-cr':
        this.#held = 'nothing'
        if (octet !== LF) this.#plain(octet)
        break
      default:
        this.#held satisfies never
    }
  }

  /** Behind an equals sign, and the blanks that may have been put behind it on the way. */
  #behindEquals(octet: number): void {
    if (isLineEnd(octet)) {
      this.#keptOctets = 0
      this.#held = octet === CR ? 'soft-cr' : 'nothing'
    } else if (isBlank(octet)) {
      this.#held = 'soft-blanks'
      this.#keep(octet)
    } else if (this.#held === 'equals' && hexValue(octet) >= 0) {
      this.#digit = octet
      this.#held = 'digit'
    } else {
      this.#put(EQUALS)
      this.#giveKept()
      this.#plain(octet)
    }
  }

  #plain(octet: number): void {
    this.#held = 'nothing'
    if (octet === EQUALS) {
      this.#held = 'equals'
    } else if (isBlank(octet)) {
      this.#held = 'blanks'
      this.#keep(octet)
    } else {
      this.#put(octet)
    }
  }

  #keep(octet: number): void {
    if (this.#keptOctets === this.#kept.length) {
      // So many blanks are no accident of the way, and no soft line break either.
      if (this.#held === 'soft-blanks') this.#put(EQUALS)
      this.#giveKept()
      this.#held = 'blanks'
    }
    this.#kept[this.#keptOctets] = octet
    this.#keptOctets += 1
  }

  #giveKept(): void {
    for (const octet of this.#kept.subarray(0, this.#keptOctets)) this.#put(octet)
    this.#keptOctets = 0
  }

  #put(octet: number): void {
    this.#decoded[this.#used] = octet
    this.#used += 1
  }
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === TAB
}

function isLineEnd(octet: number): boolean {
  return octet === CR || octet === LF
}

/** @returns -1 when it is no hexadecimal digit; lower case is tolerated */
function hexValue(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const letter = octet | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
