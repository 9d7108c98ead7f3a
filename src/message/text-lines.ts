/** Cuts text that comes in pieces into lines, as long as they may be at most. */
import { budget } from '../base/budget.ts'

const tabWidth = 8

/** Holds one line. A line ends at LF, CRLF or where it is too long; tabs become blanks. */
export class TextLines {
  readonly #line: (line: string) => void
  #begun = ''

  /** @param line gets each line, without its end */
  constructor(line: (line: string) => void) {
    this.#line = line
  }

  feed(text: string): void {
    let at = 0
    for (;;) {
      const end = text.indexOf('\n', at)
      this.#add(end < 0 ? text.slice(at) : text.slice(at, end))
      if (end < 0) return
      this.#put()
      at = end + 1
    }
  }

  /** Gives the last line, if it has no end. */
  end(): void {
    if (this.#begun !== '') this.#put()
  }

  #add(piece: string): void {
    let rest = this.#begun + piece
    while (rest.length > budget.readLine) {
      const end = placeToCut(rest)
      this.#line(expand(rest.slice(0, end)))
      rest = rest.slice(end)
    }
    this.#begun = rest
  }

  #put(): void {
    this.#line(expand(this.#begun.replace(/\r$/, '')))
    this.#begun = ''
  }
}

/** @returns where a line is cut that is too long: between the two halves of a character there is no place for it */
export function placeToCut(line: string): number {
  return /[\ud800-\udbff]/.test(line.charAt(budget.readLine - 1)) ? budget.readLine - 1 : budget.readLine
}

function expand(line: string): string {
  if (!line.includes('\t')) return line
  const [first = '', ...others] = line.split('\t')
  return others.reduce((text, piece) => text.padEnd((Math.floor(text.length / tabWidth) + 1) * tabWidth) + piece, first)
}
