/** Lays out the text of HTML in lines: paragraphs, lists, quotations and cells, without a width of its own. */
import { budget } from '../base/budget.ts'
import { withoutInvisible } from './invisible.ts'
import { placeToCut } from './text-lines.ts'

const blanks = /[ \t\r\n\f\u00a0\u2000-\u200a\u202f\u205f\u3000]+/
const tab = ' '.repeat(8)
const mostQuotes = 5
const mostIndents = 6

/** Pieces of text may come cut anywhere. Holds one line. */
export class HtmlLayout {
  readonly #put: (line: string) => void
  #line = ''
  /** What the next text has to be kept apart by, where it stands on the same line. */
  #apart: '' | ' ' | '  ' = ''
  /** Line ends that the next text has to be kept apart by, at most two: one empty line. */
  #breaks = 0
  #begun = false
  #marker = ''
  /** Quotations and lists that are open. */
  quotes = 0
  indents = 0

  /** @param put gets each line, without its end */
  constructor(put: (line: string) => void) {
    this.#put = put
  }

  /** Text in which white space is white space, however much it is. */
  flow(text: string): void {
    for (const [i, word] of withoutInvisible(text).split(blanks).entries()) {
      if (i > 0 && this.#apart === '') this.#apart = ' '
      if (word !== '') this.#add(word)
    }
  }

  /** Text in which each blank and each line end counts; lines end in LF. */
  preserve(text: string): void {
    for (const [i, line] of withoutInvisible(text).split('\n').entries()) {
      if (i > 0) this.endLine()
      if (line !== '') this.#add(line.replaceAll('\t', tab))
    }
  }

  /** Words that stand behind those before them, on the same line. */
  note(words: string): void {
    if (words === '') return
    if (this.#line === '') this.#add(words)
    else this.#line = `${this.#line.trimEnd()} ${words}`
  }

  /** What follows begins a line; with two, behind an empty one. */
  break(lines: 1 | 2): void {
    this.#breaks = Math.max(this.#breaks, lines)
    this.#apart = ''
  }

  /** A line ends here, also an empty one. */
  endLine(): void {
    this.#breaks = Math.min(2, this.#breaks + 1)
    this.#apart = ''
  }

  /** What follows stands apart on the same line. */
  gap(): void {
    this.#apart = '  '
  }

  /** What follows begins with a marker. */
  item(marker: string): void {
    this.break(1)
    this.#marker = marker
  }

  /** What was begun is given, before quotations and lists change. */
  end(): void {
    this.#flush()
    this.#marker = ''
    this.break(1)
  }

  #add(word: string): void {
    if (this.#breaks > 0) this.#flush()
    if (this.#breaks > 1 && this.#begun) this.#put('')
    this.#breaks = 0
    if (this.#line === '') {
      this.#line = this.#marker
      this.#marker = ''
    } else {
      this.#line += this.#apart
    }
    this.#apart = ''
    this.#line += word
    while (this.#line.length > budget.readLine) this.#cut()
  }

  #cut(): void {
    const end = placeToCut(this.#line)
    const rest = this.#line.slice(end)
    this.#line = this.#line.slice(0, end)
    this.#flush()
    this.#line = rest
  }

  #flush(): void {
    if (this.#line === '') return
    const quote = '> '.repeat(Math.min(this.quotes, mostQuotes))
    const indent = '  '.repeat(Math.max(0, Math.min(this.indents, mostIndents) - 1))
    this.#put(`${quote}${indent}${this.#line.trimEnd()}`)
    this.#line = ''
    this.#begun = true
  }
}
