/** Finds where each setting of a TOML document stands, so that one can be changed and all around it stay as it is. */
import { Failure } from './failure.ts'
import { readToml } from './toml.ts'

/** From offset `start` of the text up to `end`. */
export type Span = { readonly start: number; readonly end: number }

/** An entry of an inline table: `key = value` between commas. */
export type Entry = Span & { readonly path: readonly string[]; readonly value: Span }

/** `key = value` on lines of its own; `path` is its full name, with that of its table. */
export type Statement = Entry & {
  readonly kind: 'statement'
  /** The place of the header it stands under among the parts; -1 for none. */
  readonly table: number
  /** Where the value is an inline table. */
  readonly entries: readonly Entry[] | undefined
}

/** `[name]`, which what follows belongs to. */
type Header = Span & { readonly kind: 'header'; readonly path: readonly string[] }
export type Part = Statement | Header

const closing = { '"': /(?:[^"\\]|\\.)*"/y, "'": /[^']*'/y } as const
const closingMany = { '"': /(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}/y, "'": /(?:[^']|'(?!''))*'{3,5}/y } as const
const blanks = /[ \t]*/y
/** White space and comments between lines, and in lists. */
const between = /(?:[ \t\r\n,]|#[^\n]*)*/y
const bare = /[^,\]}#\r\n]*/y

/**
 * Reads where settings stand.
 * @param text a document that `readToml` reads; of another one the spans mean nothing
 * @throws Failure CONFIG where this reader and that one do not agree
 */
export function scanToml(text: string): readonly Part[] {
  return new Scan(text).parts()
}

/**
 * Finds the items of a list.
 * @param value of the whole list, with its brackets
 */
export function scanList(text: string, value: Span): readonly Span[] {
  return new Scan(text).items(value)
}

class Scan {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parts(): readonly Part[] {
    const parts: Part[] = []
    let header: Header | undefined
    let table = -1
    this.#skip(between)
    while (this.#at < this.#text.length) {
      if (this.#peek() === '[') {
        header = this.#header()
        table = parts.push(header) - 1
      } else {
        parts.push(this.#statement(header?.path ?? [], table))
      }
      this.#skip(between)
    }
    return parts
  }

  items({ start }: Span): readonly Span[] {
    const items: Span[] = []
    this.#at = start + 1
    for (this.#skip(between); this.#peek() !== ']'; this.#skip(between)) items.push(this.#value())
    return items
  }

  /** `[name]` or `[[name]]`. */
  #header(): Header {
    const start = this.#at
    const brackets = this.#text.startsWith('[[', start) ? 2 : 1
    this.#at += brackets
    const path = this.#path(']')
    this.#at += brackets
    return { kind: 'header', start, end: this.#at, path }
  }

  #statement(table: readonly string[], place: number): Statement {
    const { path, ...entry } = this.#entry()
    const inline = this.#text.charAt(entry.value.start) === '{'
    const entries = inline ? new Scan(this.#text).#entries(entry.value) : undefined
    return { kind: 'statement', ...entry, path: [...table, ...path], table: place, entries }
  }

  /** @param value of the whole inline table, with its braces */
  #entries({ start }: Span): readonly Entry[] {
    const entries: Entry[] = []
    this.#at = start + 1
    for (this.#skip(between); this.#peek() !== '}'; this.#skip(between)) entries.push(this.#entry())
    return entries
  }

  #entry(): Entry {
    const start = this.#at
    const path = this.#path('=')
    this.#at += 1
    this.#skip(blanks)
    const value = this.#value()
    return { start, end: value.end, path, value }
  }

  /** The name up to this character; its parts may stand in quotes. */
  #path(end: string): readonly string[] {
    const start = this.#at
    while (this.#peek() !== end) {
      const quote = this.#peek()
      this.#at += 1
      if (quote === '"' || quote === "'") this.#skip(closing[quote])
      else if (quote === '\n' || quote === '') throw unlike()
    }
    const written = this.#text.slice(start, this.#at)
    return /["']/.test(written) ? pathOf(readToml(`${written} = 0`)) : written.split('.').map(part => part.trim())
  }

  #value(): Span {
    const start = this.#at
    const first = this.#peek()
    if (first === '"' || first === "'") this.#string(first)
    else if (first === '[') this.#group(']', () => this.#value())
    else if (first === '{') this.#group('}', () => this.#entry())
    else this.#bare()
    return { start, end: this.#at }
  }

  #string(quote: '"' | "'"): void {
    const many = this.#text.startsWith(quote.repeat(3), this.#at)
    this.#at += many ? 3 : 1
    if (!this.#skip((many ? closingMany : closing)[quote])) throw unlike()
  }

  #group(end: string, read: () => void): void {
    this.#at += 1
    for (this.#skip(between); this.#peek() !== end; this.#skip(between)) read()
    this.#at += 1
  }

  /** A number, a date, true or false: up to whatever ends a value, without the blanks before that. */
  #bare(): void {
    const start = this.#at
    this.#skip(bare)
    const length = this.#text.slice(start, this.#at).trimEnd().length
    if (length === 0) throw unlike()
    this.#at = start + length
  }

  /** '' at the end. */
  #peek(): string {
    return this.#text.charAt(this.#at)
  }

  /** @returns whether the pattern, a sticky one, was there */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const found = pattern.test(this.#text)
    if (found) this.#at = pattern.lastIndex
    return found
  }
}

/** The names that lead into a document of one key. */
function pathOf(document: object): readonly string[] {
  const [[name, inner] = ['', 0]] = Object.entries(document)
  return typeof inner === 'object' && inner !== null ? [name, ...pathOf(inner)] : [name]
}

function unlike(): Failure {
  return new Failure('CONFIG', 'The file is written in a way that cannot be changed from here.')
}
