/** Lists of mailboxes, as From, Sender and To hold them: RFC 5322 §3.4 with its obsolete forms, and RFC 6532 for Unicode. */
import { isUtf8 } from 'node:buffer'
import { budget } from '../base/budget.ts'
import { type Address, formatAddress, parseAddress } from './address.ts'

/** A mailbox without its display name and comments. */
export type Mailbox = {
  readonly address: Address
  /** Where the domain belongs that was not written, an offset into the body; undefined when one was. */
  readonly missing: number | undefined
}

/** Words with dots or blanks between: a display name, the name of a group, a local part or a domain. */
type Phrase = {
  /** The words, without quotes and escapes, and the dots. */
  readonly text: string
  /** The words have dots between and nothing else, so that it may be a local part. */
  readonly dotted: boolean
  readonly quoted: boolean
  /** Just behind the last word. */
  readonly end: number
}

// White space and line ends are none of these.
const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/
const atomEnd = /[ \t\r\n()<>[\]:;@\\,."]/g

/**
 * Reads the body of an address field: mailboxes, groups of them, display names, comments, source routes. An address that
 * stands where a display name belongs, as many devices write it, counts as a mailbox of its own: to whoever checks who
 * wrote a message, both matter. Takes time in proportion to the octets.
 * @param body an octet a character, folds and all
 * @param options domain: for the addresses that have none
 * @returns at most `budget.headerMailboxes`; undefined when there are more, or when it is no list in this grammar
 */
export function parseMailboxList(body: string, { domain }: { domain: string }): readonly Mailbox[] | undefined {
  return control.test(body) ? undefined : new ListReader(body, domain).read()
}

/** One reading of one list. Its methods return undefined or false where the text does not go on as it should. */
class ListReader {
  readonly #body: string
  readonly #domain: string
  readonly #found: Mailbox[] = []
  #at = 0

  constructor(body: string, domain: string) {
    this.#body = body
    this.#domain = domain
  }

  read(): readonly Mailbox[] | undefined {
    let inGroup = false
    for (;;) {
      const phrase = this.#phrase()
      if (!phrase) return undefined
      if (!inGroup && !isNothing(phrase) && this.#take(':')) {
        inGroup = true
        continue
      }
      if (!this.#mailbox(phrase)) return undefined
      if (inGroup && this.#take(';')) {
        inGroup = false
        if (!this.#blank()) return undefined
      }
      if (this.#take(',')) continue
      return !inGroup && this.#at === this.#body.length ? this.#found : undefined
    }
  }

  /** Takes what follows the first phrase of a mailbox. Where there is nothing at all, between two commas, that is well (§4.4). */
  #mailbox(phrase: Phrase): boolean {
    const bare = this.#body[this.#at] === '@'
    if (bare && !this.#address(phrase)) return false
    if (this.#take('<')) return this.#route() && this.#angle()
    return bare || isNothing(phrase) || this.#address(phrase)
  }

  #angle(): boolean {
    const phrase = this.#phrase()
    return phrase !== undefined && this.#address(phrase) && this.#take('>') && this.#blank()
  }

  /** Skips a source route (§4.4): `@a.example,@b.example:`. */
  #route(): boolean {
    if (!this.#blank()) return false
    const routed = /[@,]/.test(this.#body[this.#at] ?? '')
    if (!routed) return true
    for (;;) {
      if (this.#take('@') && !this.#phrase()) return false
      if (this.#take(':')) return true
      if (!this.#take(',') || !this.#blank()) return false
    }
  }

  /** Takes the address whose local part is this phrase, with the domain that follows if one does. */
  #address(local: Phrase): boolean {
    if (!local.dotted || this.#found.length === budget.headerMailboxes) return false
    const written = this.#take('@')
    const localPart = decode(local.text)
    const domain = written ? decode(this.#domainText() ?? '') : this.#domain
    if (localPart === undefined || !domain) return false
    const address = parseAddress(formatAddress({ localPart, domain }), { utf8: true })
    if (!address) return false
    this.#found.push({ address, missing: written ? undefined : local.end })
    return true
  }

  #domainText(): string | undefined {
    if (!this.#blank()) return undefined
    if (this.#body[this.#at] !== '[') {
      const phrase = this.#phrase()
      return phrase?.dotted && !phrase.quoted ? phrase.text : undefined
    }
    const end = this.#body.indexOf(']', this.#at)
    if (end < 0) return undefined
    const literal = this.#body.slice(this.#at, end + 1).replaceAll(/[ \t\r\n]+/g, '')
    this.#at = end + 1
    return this.#blank() ? literal : undefined
  }

  /** Takes words and dots, and the white space and comments around them; there may be none. */
  #phrase(): Phrase | undefined {
    let [text, end] = ['', 0]
    let [dotted, quoted, afterWord] = [true, false, false]
    for (;;) {
      if (!this.#blank()) return undefined
      const next = this.#body[this.#at]
      if (next === '.') {
        if (!afterWord) dotted = false
        afterWord = false
        text += '.'
        this.#at += 1
        continue
      }
      const word = next === '"' ? this.#quotedString() : this.#atom()
      if (word === undefined) return undefined
      if (word === '' && next !== '"') return { text, dotted: dotted && afterWord, quoted, end }
      if (afterWord) dotted = false
      if (next === '"') quoted = true
      afterWord = true
      text += word
      end = this.#at
    }
  }

  /** @returns '' where no atom stands */
  #atom(): string {
    atomEnd.lastIndex = this.#at
    const end = atomEnd.exec(this.#body)?.index ?? this.#body.length
    const atom = this.#body.slice(this.#at, end)
    this.#at = end
    return atom
  }

  /** @returns what it says: line ends in it belong to folds */
  #quotedString(): string | undefined {
    const start = this.#at + 1
    for (let at = start; at < this.#body.length; at++) {
      if (this.#body[at] === '\\') at += 1
      else if (this.#body[at] === '"') {
        this.#at = at + 1
        return this.#body.slice(start, at).replaceAll(/\r?\n/g, '').replaceAll(/\\(.)/g, '$1')
      }
    }
    return undefined
  }

  /** Skips white space and comments, which may hold comments. @returns false when a comment does not end */
  #blank(): boolean {
    let depth = 0
    for (; this.#at < this.#body.length; this.#at++) {
      const next = this.#body[this.#at] ?? ''
      if (next === '(') depth += 1
      else if (depth === 0 && !isBlank(next)) return true
      else if (next === ')') depth -= 1
      else if (next === '\\') this.#at += 1
    }
    return depth === 0
  }

  #take(character: string): boolean {
    if (this.#body[this.#at] !== character) return false
    this.#at += 1
    return true
  }
}

function isNothing({ text, quoted }: Phrase): boolean {
  return text === '' && !quoted
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}

/** @returns the text that the octets are in UTF-8; undefined when they are none */
function decode(octets: string): string | undefined {
  const buffer = Buffer.from(octets, 'latin1')
  return isUtf8(buffer) ? buffer.toString() : undefined
}
