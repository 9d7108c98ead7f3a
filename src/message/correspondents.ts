/** Those whom a header names, for people to read: RFC 5322 §3.4 with tolerance. What programs decide on is in mailbox-list.ts. */
import { budget } from '../base/budget.ts'
import { plainText } from './charset.ts'
import { decodeWords } from './encoded-word.ts'

/** A person or a list, as a header names it. */
export type Correspondent = {
  /** Decoded; not there when none was written. */
  readonly name?: string
  /** As it was written, perhaps no address at all. */
  readonly address: string
}

/**
 * Reads an address field. Whatever it holds, something comes out.
 * @param body unfolded, an octet a character
 * @returns at most `budget.correspondents`
 */
export function readCorrespondents(body: string): readonly Correspondent[] {
  return new Reader(body).read()
}

/** One on its way: what stood outside, between angle brackets, and in comments. */
class Reader {
  readonly #body: string
  readonly #found: Correspondent[] = []
  #at = 0
  #outside = ''
  /** An at sign has stood outside quotes, so that it is an address. */
  #atSign = false
  #angle: string | undefined
  #comment = ''

  constructor(body: string) {
    this.#body = body
  }

  read(): readonly Correspondent[] {
    while (this.#at < this.#body.length && this.#found.length < budget.correspondents) this.#step()
    this.#finish()
    return this.#found
  }

  #step(): void {
    const character = this.#body[this.#at] ?? ''
    this.#at += 1
    switch (character) {
      case '"':
        this.#outside += this.#until('"')
        break
      case '(':
        this.#comment = this.#nested()
        break
      case '<':
        this.#angle = this.#until('>')
        break
      case ',':
      case ';':
        this.#finish()
        break
      case ':':
        // What stands before it names a group, unless it belongs to an address.
        if (this.#atSign) this.#outside += character
        else this.#outside = ''
        break
      default:
        if (character === '@') this.#atSign = true
        this.#outside += character
    }
  }

  /** @returns what stands up to the end that belongs to this beginning, without its escapes; up to the end of all where there is none */
  #until(end: string): string {
    let text = ''
    for (; this.#at < this.#body.length; this.#at++) {
      const character = this.#body[this.#at] ?? ''
      if (character === end) break
      if (character === '\\') this.#at += 1
      text += this.#body[this.#at] ?? ''
    }
    this.#at += 1
    return text
  }

  #nested(): string {
    let [text, depth] = ['', 1]
    for (; this.#at < this.#body.length; this.#at++) {
      const character = this.#body[this.#at] ?? ''
      if (character === '(') depth += 1
      if (character === ')') depth -= 1
      if (depth === 0) break
      if (character === '\\') this.#at += 1
      text += this.#body[this.#at] ?? ''
    }
    this.#at += 1
    return text
  }

  #finish(): void {
    const [outside, angle, comment] = [this.#outside.trim(), this.#angle, this.#comment]
    const bare = angle === undefined && this.#atSign
    this.#atSign = false
    this.#outside = this.#comment = ''
    this.#angle = undefined
    if (this.#found.length === budget.correspondents) return
    const address = addressText(angle ?? (bare ? outside : ''))
    const words = bare ? comment : outside || comment
    const name = decodeWords(words).replace(/\s+/g, ' ').trim()
    if (name !== '') this.#found.push({ name, address })
    else if (address !== '') this.#found.push({ address })
  }
}

/** Without blanks, and without the source route (RFC 5322 §4.4). */
function addressText(octets: string): string {
  const text = plainText(Buffer.from(octets, 'latin1')).replace(/\s+/g, '')
  return text.startsWith('@') ? text.slice(text.indexOf(':') + 1) : text
}
