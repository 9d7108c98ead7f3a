/** Text in the charsets of mail: any octets become something to read, whatever they were called. */
import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { budget } from '../base/budget.ts'

/** Decodes octets in pieces, at any split to the same text. */
export type CharsetDecoder = {
  /** @param octets borrowed */
  decode(octets: Buffer): string
  /** What is left of a character that was never finished. */
  end(): string
}

const nothing = Buffer.alloc(0)
/** Octets that are decoded together. */
const pieceOctets = 1024
/** What each octet is in windows-1252. */
const western = Array.from({ length: 256 }, (_, octet) => new TextDecoder('windows-1252').decode(Buffer.of(octet)))

/** Names in use that the Encoding Standard does not know. */
const aliases: Readonly<Record<string, string>> = {
  'latin-1': 'latin1',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  cp936: 'gbk',
  cp949: 'euc-kr',
  cp950: 'big5',
  'win-1251': 'windows-1251',
  'iso-8859-8-e': 'iso-8859-8',
}

/** Names under which most who use them send UTF-8 or windows-1252. */
const vague: readonly string[] = [
  '',
  'us-ascii',
  'ascii',
  'ansi_x3.4-1968',
  'unknown-8bit',
  'x-unknown',
  'binary',
  '8bit',
]

/** @param label as it was written; the language that RFC 2231 §5 puts behind it is dropped */
export function openCharset(label: string): CharsetDecoder {
  const [written = ''] = label.trim().toLowerCase().split('*')
  const name = aliases[written] ?? written
  if (vague.includes(name)) return new MixedDecoder(octet => western[octet] ?? '')
  return isKnown(name) ? new PieceDecoder(name) : new MixedDecoder(() => '?')
}

/** Decodes all octets of a text at once. */
export function decodeCharset(octets: Buffer, label: string): string {
  const decoder = openCharset(label)
  return decoder.decode(octets) + decoder.end()
}

/** The text of octets that do not say what they are, as a header holds them: UTF-8, or else windows-1252. */
export function plainText(octets: Buffer): string {
  return decodeCharset(octets, '')
}

function isKnown(name: string): boolean {
  if (name.length > budget.charsetName) return false
  try {
    return new TextDecoder(name).encoding !== ''
  } catch {
    return false
  }
}

/**
 * A charset that Node knows. What it makes of broken characters depends on where the octets were split, so pieces have one
 * size. At a broken escape of ISO-2022-JP it throws, and what stood before it would be lost: such a piece is decoded octet
 * by octet.
 */
class PieceDecoder implements CharsetDecoder {
  readonly #name: string
  readonly #piece = Buffer.alloc(pieceOctets)
  #used = 0
  #decoder: TextDecoder

  constructor(name: string) {
    this.#name = name
    this.#decoder = new TextDecoder(name)
  }

  decode(octets: Buffer): string {
    let text = ''
    for (let at = 0; at < octets.length; ) {
      const taken = octets.copy(this.#piece, this.#used, at)
      this.#used += taken
      at += taken
      if (this.#used === this.#piece.length) text += this.#decodePiece()
    }
    return text
  }

  end(): string {
    return this.#decodePiece() + (this.#attempt(nothing, false) ?? '?')
  }

  #decodePiece(): string {
    const piece = this.#piece.subarray(0, this.#used)
    this.#used = 0
    const whole = this.#attempt(piece)
    if (whole !== undefined) return whole
    let text = ''
    for (const [at] of piece.entries()) {
      const octet = piece.subarray(at, at + 1)
      text += this.#attempt(octet) ?? `?${this.#attempt(octet) ?? '?'}`
    }
    return text
  }

  /** @returns undefined when it could not be decoded; then the decoder is another one, which knows no escape */
  #attempt(octets: Buffer, stream = true): string | undefined {
    try {
      return this.#decoder.decode(octets, { stream })
    } catch {
      this.#decoder = new TextDecoder(this.#name)
      return undefined
    }
  }
}

/** UTF-8, with other octets between. */
class MixedDecoder implements CharsetDecoder {
  readonly #other: (octet: number) => string
  /** The beginning of a character. */
  #begun: Buffer = nothing

  /** @param other what stands for an octet that is no UTF-8 */
  constructor(other: (octet: number) => string) {
    this.#other = other
  }

  decode(octets: Buffer): string {
    const whole = this.#begun.length > 0 ? Buffer.concat([this.#begun, octets]) : octets
    const end = wholeCharacters(whole)
    this.#begun = Buffer.from(whole.subarray(end))
    return this.#text(whole.subarray(0, end))
  }

  end(): string {
    const rest = this.#text(this.#begun)
    this.#begun = nothing
    return rest
  }

  #text(octets: Buffer): string {
    if (isUtf8(octets)) return octets.toString()
    let [text, start, at] = ['', 0, 0]
    while (at < octets.length) {
      const length = characterLength(octets[at] ?? 0)
      if (length === 1 || isCharacter(octets, at, length)) {
        at += length
        continue
      }
      text += octets.toString('utf8', start, at) + this.#other(octets[at] ?? 0)
      at += 1
      start = at
    }
    return text + octets.toString('utf8', start)
  }
}

/** @returns the octets of the character that this one begins; 0 when it begins none */
function characterLength(octet: number): number {
  if (octet < 0x80) return 1
  if (octet < 0xc2 || octet > 0xf4) return 0
  return octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4
}

/** Whether the octets that stand here are one character of so many octets. */
function isCharacter(octets: Buffer, at: number, length: number): boolean {
  // Most that are none end with the second octet.
  if (length === 0 || ((octets[at + 1] ?? 0) & 0xc0) !== 0x80) return false
  return at + length <= octets.length && isUtf8(octets.subarray(at, at + length))
}

/** @returns where a character begins whose end has not come yet, or the length */
function wholeCharacters(octets: Buffer): number {
  for (let at = octets.length - 1; at >= Math.max(0, octets.length - 3); at--) {
    const length = characterLength(octets[at] ?? 0)
    if (length > 0) return at + length > octets.length ? at : octets.length
  }
  return octets.length
}
