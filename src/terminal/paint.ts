/** Shows the line that is being typed, with as few octets as that takes: a serial line may pass a thousand a second. */
import { type Cell, columnsOf, sum } from './width.ts'

/** What is to stand in the row of the question. */
export type View = {
  /** Harmless, and no wider than half a row. */
  readonly prompt: string
  /** What was typed, as the terminal shows it. */
  readonly cells: readonly Cell[]
  /** Before which of the cells the cursor is. */
  readonly cursor: number
}

/**
 * One way of showing it. Each method returns what has to be written. The cursor is in the first column of a row before it is
 * shown, and after `lift` and `leave`.
 */
export type Painter = {
  /** Shows it, or what is new of it. @param columns of the terminal */
  paint(view: View, columns: number): string
  /** Takes it off the screen, or leaves it behind where that cannot be. @param escapes whether the terminal knows them by now */
  lift(escapes: boolean): string
  /** Leaves it behind, followed by this mark, and begins anew in the next row. */
  leave(mark?: string): string
}

export const CRLF = '\r\n'

/** With the escapes of a VT100 (ECMA-48): one row, in which a longer line is pushed to and fro. */
export class RowPainter implements Painter {
  #shown: readonly Cell[] = []
  #column = 0
  /** The first cell that is shown of a line that is too long. */
  #first = 0

  paint(view: View, columns: number): string {
    const prompt: Cell = { text: view.prompt, width: columnsOf(view.prompt) }
    const { cells, cursor } = this.#window(view, columns - 1 - prompt.width)
    const row = [prompt, ...cells]
    const same = commonLength(this.#shown, row)
    let written = ''
    if (same < row.length || same < this.#shown.length) {
      written = this.#goTo(sum(row.slice(0, same)))
      for (const { text } of row.slice(same)) written += text
      this.#column = sum(row)
      if (sum(this.#shown) > this.#column) written += '\x1b[K'
      this.#shown = row
    }
    return written + this.#goTo(prompt.width + sum(cells.slice(0, cursor)))
  }

  lift(): string {
    const written = this.#shown.length > 0 ? '\r\x1b[K' : ''
    this.#forget()
    return written
  }

  leave(mark = ''): string {
    const written = this.#shown.length > 0 ? this.#goTo(sum(this.#shown)) + mark + CRLF : ''
    this.#forget()
    return written
  }

  #forget(): void {
    this.#shown = []
    this.#column = 0
    this.#first = 0
  }

  #goTo(column: number): string {
    const by = column - this.#column
    this.#column = column
    if (by === 0) return ''
    if (column === 0) return '\r'
    return by > 0 ? `\x1b[${by}C` : `\x1b[${-by}D`
  }

  /** What is shown of the line in so many columns: all of it, or a part with `<` and `>` where more is. */
  #window({ cells, cursor }: View, columns: number): Pick<View, 'cells' | 'cursor'> {
    if (sum(cells) <= columns) {
      this.#first = 0
      return { cells, cursor }
    }
    const room = columns - 2
    // By a third of the room at once, so that not every key moves everything.
    if (cursor <= this.#first || sum(cells.slice(this.#first, cursor)) >= room)
      this.#first = backwards(cells, cursor, Math.floor(cursor <= this.#first ? room / 3 : (2 * room) / 3))
    const last = forwards(cells, this.#first, room)
    const left = this.#first > 0 ? [{ text: '<', width: 1 }] : []
    const right = last < cells.length ? [{ text: '>', width: 1 }] : []
    return { cells: [...left, ...cells.slice(this.#first, last), ...right], cursor: cursor - this.#first + left.length }
  }
}

/** Without escapes, down to a printer on paper: what is typed is echoed, and the end of it can be taken back. */
export class EchoPainter implements Painter {
  #prompt: string | undefined
  #shown: readonly Cell[] = []
  #column = 0
  /** The column in which the line begins in this row. */
  #start = 0
  #rows = 1

  paint({ prompt, cells }: View, columns: number): string {
    const same = commonLength(this.#shown, cells)
    const surplus = this.#shown.slice(same)
    const back = sum(surplus)
    let written = ''
    if (prompt !== this.#prompt || back > this.#column - this.#start || (back > 0 && same < cells.length)) {
      written = this.leave() + this.#begin(prompt)
    } else {
      this.#column -= back
      this.#shown = this.#shown.slice(0, same)
      for (const { width } of surplus.toReversed())
        written += '\b'.repeat(width) + ' '.repeat(width) + '\b'.repeat(width)
    }
    for (const cell of cells.slice(this.#shown.length)) written += this.#echo(cell, columns)
    this.#shown = cells
    return written
  }

  lift(escapes: boolean): string {
    const left = this.leave()
    // What has gone into another row cannot be taken off.
    return escapes && left !== '' && this.#rows === 1 ? '\r\x1b[K' : left
  }

  leave(mark = ''): string {
    const written = this.#prompt === undefined ? '' : mark + CRLF
    this.#prompt = undefined
    this.#shown = []
    return written
  }

  #begin(prompt: string): string {
    this.#prompt = prompt
    this.#column = columnsOf(prompt)
    this.#start = this.#column
    this.#rows = 1
    return prompt
  }

  /** Goes to the next row before the terminal does: not all of them do, and none says so. */
  #echo({ text, width }: Cell, columns: number): string {
    const full = this.#column + width > columns - 1
    if (full) {
      this.#column = 0
      this.#start = 0
      this.#rows += 1
    }
    this.#column += width
    return full ? CRLF + text : text
  }
}

function commonLength(before: readonly Cell[], after: readonly Cell[]): number {
  let at = 0
  while (at < before.length && at < after.length && before[at]?.text === after[at]?.text) at++
  return at
}

/** The first of the cells before this one that fit into so many columns. */
function backwards(cells: readonly Cell[], end: number, columns: number): number {
  let at = end
  for (let width = 0; at > 0; at--) {
    width += cells[at - 1]?.width ?? 0
    if (width > columns) break
  }
  return at
}

/** Behind the last of the cells from this one on that fit into so many columns. */
function forwards(cells: readonly Cell[], start: number, columns: number): number {
  let at = start
  for (let width = 0; at < cells.length; at++) {
    width += cells[at]?.width ?? 0
    if (width > columns) break
  }
  return at
}
