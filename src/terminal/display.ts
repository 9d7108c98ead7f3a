/** What is written to a terminal: rows, the line that is being typed below them, and a note such as --More--. */
import { budget } from '../base/budget.ts'
import { type Charset, shownIn } from './charset.ts'
import { Enquiry, type Size, wipe } from './enquiry.ts'
import { CRLF, EchoPainter, type Painter, RowPainter, type View } from './paint.ts'
import { columnsOf, cutTo, wrapTo } from './width.ts'

export type DisplayOptions = {
  readonly charset: Charset
  /** 80 by 24 until the terminal says otherwise. */
  readonly columns?: number
  readonly rows?: number
  /** Whether it understands the escapes of a VT100; undefined where it has to be asked. */
  readonly escapes?: boolean
}

/** Gathers octets until they are taken. The cursor is in the first column of a row wherever neither line nor note is shown. */
export class Display {
  readonly charset: Charset
  readonly #enquiry: Enquiry
  #painter: Painter
  #written = ''
  #octets = 0
  #bell = false
  /** The enquiry may stand in this row, on a terminal that has printed it. */
  #stained = false
  /** Columns of the note that is shown. */
  #noted = 0

  constructor({ charset, columns, rows, escapes }: DisplayOptions) {
    this.charset = charset
    this.#enquiry = new Enquiry({ columns, rows }, escapes)
    this.#painter = escapes ? new RowPainter() : new EchoPainter()
  }

  get size(): Size {
    return this.#enquiry.size
  }

  get escapes(): boolean {
    return this.#enquiry.escapes
  }

  /** Octets that have not been taken. */
  get octets(): number {
    return this.#octets + (this.#bell ? 1 : 0)
  }

  /** One bell for all that ring before the octets are taken. */
  ring(): void {
    this.#bell = true
  }

  take(): Buffer {
    const octets = Buffer.from(this.#written + (this.#bell ? '\x07' : ''))
    this.#written = ''
    this.#octets = 0
    this.#bell = false
    return octets
  }

  /** The rows that a line takes, as they will be shown. */
  rowsOf(line: string): readonly string[] {
    const text = line.length > budget.consolePrint ? `${line.slice(0, budget.consolePrint)} ...` : line
    return wrapTo(shownIn(this.charset, text), this.#width)
  }

  /** @param text one of `rowsOf` */
  row(text: string): void {
    this.#write(text + CRLF)
  }

  /** Shows the line that is being typed, or what is new of it. */
  paint(view: View): void {
    const prompt = cutTo(view.prompt, Math.floor(this.size.columns / 2))
    this.#write(this.#painter.paint({ ...view, prompt }, this.size.columns))
  }

  /** Takes the line off, to be shown anew below what comes. */
  lift(): void {
    this.#write(this.#painter.lift(this.escapes))
  }

  /** Leaves the line behind, with a mark such as `^C`. */
  leave(mark?: string): void {
    this.#write(this.#painter.leave(mark))
  }

  /** Shows a few words at the start of a row, which `unnote` wipes again. */
  note(text: string): void {
    this.unnote()
    const shown = cutTo(text, this.#width)
    this.#write(shown)
    this.#noted = columnsOf(shown)
  }

  unnote(): void {
    if (this.#noted > 0) this.#write(this.escapes ? '\r\x1b[K' : `\r${' '.repeat(this.#noted)}\r`)
    this.#noted = 0
  }

  /** Shows a screen in place of what is there; without escapes its lines follow. */
  draw(lines: readonly string[]): void {
    this.unnote()
    this.lift()
    const rows = lines.map(line => cutTo(shownIn(this.charset, line.slice(0, budget.consolePrint)), this.#width))
    if (!this.escapes) {
      for (const row of rows) this.row(row)
      return
    }
    this.#write('\x1b[H')
    for (const row of rows.slice(0, this.size.rows - 1)) this.#write(`${row}\x1b[K${CRLF}`)
    this.#write('\x1b[J')
  }

  /** Clears the screen, and asks anew how large it is. */
  clear(): void {
    this.lift()
    this.#write(`\x1b[H\x1b[J${this.#enquiry.ask()}`)
  }

  /** Asks the terminal what it is, once. */
  probe(): void {
    const asked = this.#enquiry.ask()
    if (asked === '') return
    if (this.#enquiry.open) {
      this.unnote()
      this.lift()
    }
    this.#write(asked)
    this.#stained = this.#enquiry.open
  }

  /** The terminal has answered. @returns whether its size is known now */
  answer(size: Size | undefined): boolean {
    const { escapes } = this
    const { write, sized } = this.#enquiry.answer(size)
    if (this.escapes && !escapes) {
      // It has printed nothing of the enquiry.
      this.#stained = false
      this.lift()
      this.#painter = new RowPainter()
    }
    if (sized) this.lift()
    this.#write(write)
    return sized
  }

  resize(size: Size): void {
    this.lift()
    this.#enquiry.resize(size)
  }

  /** The last column stays empty: terminals differ in what they do once it is full. */
  get #width(): number {
    return this.size.columns - 1
  }

  #write(text: string): void {
    if (text === '') return
    const whole = this.#stained ? wipe + text : text
    // The enquiry itself is what stains.
    this.#stained = false
    this.#written += whole
    this.#octets += Buffer.byteLength(whole)
  }
}
