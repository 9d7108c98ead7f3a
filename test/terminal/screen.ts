/**
 * The screen of a terminal, as far as the tests need one: cursor, erasing, wrapping and scrolling of a VT100, and its answers
 * when it is asked where its cursor is. Without escapes it is one that prints whatever it does not know.
 */
import assert from 'node:assert/strict'

export type ScreenOptions = { readonly columns?: number; readonly rows?: number; readonly escapes?: boolean }

type Cursor = { row: number; column: number; full: boolean }

export class Screen {
  readonly columns: number
  readonly rows: number
  bells = 0
  readonly #escapes: boolean
  #grid: string[][] = []
  #cursor: Cursor = { row: 0, column: 0, full: false }
  #saved: Cursor = { row: 0, column: 0, full: false }
  #answers = ''
  /** What has scrolled off at the top. */
  #gone: string[] = []

  constructor({ columns = 80, rows = 24, escapes = true }: ScreenOptions = {}) {
    this.columns = columns
    this.rows = rows
    this.#escapes = escapes
    this.#erase(0, rows)
  }

  /** The rows from the first to the last that is not empty, without blanks at their ends. */
  get text(): string {
    return this.#grid
      .map(row => row.join('').trimEnd())
      .join('\n')
      .trimEnd()
  }

  /** The same with what has scrolled off. */
  get all(): string {
    return [...this.#gone, this.text].join('\n')
  }

  /** The row with the cursor, which is shown as `|` before its character. */
  get line(): string {
    const { row, column } = this.#cursor
    const cells = this.#grid[row] ?? []
    return `${cells.slice(0, column).join('')}|${cells.slice(column).join('').trimEnd()}`
  }

  /** Column of the cursor, from 0. */
  get column(): number {
    return this.#cursor.column
  }

  /** What it says by itself. */
  takeAnswers(): string {
    const answers = this.#answers
    this.#answers = ''
    return answers
  }

  show(octets: Buffer): void {
    const sequence = /\x1b(?:\[([\d;]*)([A-Za-z])|([78]))|[\s\S]/gu
    for (const match of octets.toString().matchAll(sequence)) {
      const [whole, parameters = '', final, plain] = match
      if (whole === '\x1b') assert.ok(!this.#escapes, 'an escape that is not known')
      if (whole.length > 1 && whole.startsWith('\x1b') && this.#escapes) this.#obey(parameters, final ?? plain ?? '')
      else for (const character of whole) this.#put(character)
    }
  }

  #obey(parameters: string, final: string): void {
    const cursor = this.#cursor
    const [first = 0, second = 0] = parameters.split(';').map(Number)
    const by = Math.max(1, first)
    cursor.full = false
    switch (final) {
      case 'H':
        cursor.row = Math.min(by, this.rows) - 1
        cursor.column = Math.min(Math.max(1, second), this.columns) - 1
        break
      case 'C':
        cursor.column = Math.min(cursor.column + by, this.columns - 1)
        break
      case 'D':
        cursor.column = Math.max(cursor.column - by, 0)
        break
      case 'K':
        this.#grid[cursor.row]?.fill(' ', cursor.column)
        break
      case 'J':
        this.#grid[cursor.row]?.fill(' ', cursor.column)
        this.#erase(cursor.row + 1, this.rows)
        break
      case 'n':
        assert.equal(first, 6)
        this.#answers += `\x1b[${cursor.row + 1};${cursor.column + 1}R`
        break
      case '7':
        this.#saved = { ...cursor }
        break
      case '8':
        this.#cursor = { ...this.#saved }
        break
      default:
        assert.fail(`ESC [ ${parameters} ${final} is not known`)
    }
  }

  #put(character: string): void {
    const cursor = this.#cursor
    switch (character) {
      case '\r':
        cursor.column = 0
        cursor.full = false
        return
      case '\n':
        this.#down()
        return
      case '\b':
        cursor.column = Math.max(0, cursor.column - 1)
        cursor.full = false
        return
      case '\x07':
        this.bells += 1
        return
      case '\x1b':
        return
    }
    assert.doesNotMatch(character, /\p{Cc}/u, 'a control that no terminal is to see')
    if (/\p{M}/u.test(character)) this.#mark(character)
    else
      this.#write(
        character,
        /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uff00-\uff60]|\p{Emoji_Presentation}/u.test(character),
      )
  }

  #write(character: string, wide: boolean): void {
    const cursor = this.#cursor
    if (cursor.full || (wide && cursor.column === this.columns - 1)) {
      cursor.column = 0
      cursor.full = false
      this.#down()
    }
    const row = this.#grid[cursor.row] ?? []
    row[cursor.column] = character
    if (wide) row[cursor.column + 1] = ''
    cursor.column += wide ? 2 : 1
    if (cursor.column < this.columns) return
    // A VT100 goes to the next row only with the next character; others do so at once.
    if (this.#escapes) {
      cursor.column = this.columns - 1
      cursor.full = true
    } else {
      cursor.column = 0
      this.#down()
    }
  }

  #mark(mark: string): void {
    const row = this.#grid[this.#cursor.row] ?? []
    const at = row[this.#cursor.column - 1] === '' ? this.#cursor.column - 2 : this.#cursor.column - 1
    row[at] = (row[at] ?? ' ') + mark
  }

  #down(): void {
    this.#cursor.row += 1
    if (this.#cursor.row < this.rows) return
    this.#cursor.row = this.rows - 1
    this.#gone.push(this.#grid.shift()?.join('').trimEnd() ?? '')
    this.#erase(this.rows - 1, this.rows)
  }

  #erase(from: number, to: number): void {
    for (let row = from; row < to; row++) this.#grid[row] = Array.from({ length: this.columns }, () => ' ')
  }
}
