/** How wide a text stands on a terminal, and what makes it fit: characters as cells of no, one or two columns. */

/** What stands together in one place of the terminal: a character and the marks upon it. */
export type Cell = { readonly text: string; readonly width: number }

/** Controls, marks that turn the direction of text, line ends, halves of characters. */
const harmful = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
/** What cannot be seen and makes terminals disagree about the width: joiners, soft hyphens, selectors of a form. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
const printable = /^[ -~]*$/

/** Marks upon the character before, and the later parts of a Hangul syllable. */
const combining = /^(?:\p{Mn}|\p{Me}|[\u1161-\u11ff])$/u
/** Two columns: East Asian Wide and Fullwidth (UAX #11), and what is shown as a picture. */
const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{17000}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation})$/u

/** The same text without what a terminal would act on; a tab is a blank. */
export function harmless(text: string): string {
  if (printable.test(text)) return text
  return text.replaceAll('\t', ' ').replace(harmful, '?').replace(invisible, '')
}

/** Columns of one code point that is harmless. */
export function widthOf(character: string): number {
  if (character.length === 1 && character >= ' ' && character <= '~') return 1
  if (combining.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

/** The cells of a text that is harmless. A mark without a character before it has a cell of its own. */
function cellsOf(text: string): readonly Cell[] {
  const cells: Cell[] = []
  for (const character of text) {
    const width = widthOf(character)
    const before = cells.at(-1)
    if (width === 0 && before) cells[cells.length - 1] = { text: before.text + character, width: before.width }
    else cells.push({ text: character, width })
  }
  return cells
}

/** Columns of a text that is harmless. */
export function columnsOf(text: string): number {
  if (printable.test(text)) return text.length
  return sum(cellsOf(text))
}

/** @returns a harmless text of at most so many columns */
export function cutTo(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let width = 0
  let kept = ''
  for (const cell of cellsOf(text)) {
    width += cell.width
    if (width > columns) break
    kept += cell.text
  }
  return kept
}

/**
 * Breaks a harmless text into rows of at most so many columns: at a blank where that leaves half a row, else anywhere. The
 * rows after the first stand as far in as the text does.
 */
export function wrapTo(text: string, columns: number): readonly string[] {
  if (columnsOf(text) <= columns) return [text]
  const cells = cellsOf(text)
  const margin = cells.findIndex(cell => cell.text !== ' ')
  const indent = margin > 0 && margin <= columns / 2 - 1 ? margin : 0
  const rows: string[] = []
  for (let at = 0; at < cells.length; ) {
    const room = rows.length === 0 ? columns : columns - indent
    const end = rowEnd(cells, at, room)
    const row = join(cells, at, end)
    rows.push(rows.length === 0 ? row : ' '.repeat(indent) + row)
    at = end
    while (cells[at]?.text === ' ') at++
  }
  return rows
}

/** Where the row that begins at this cell ends. */
function rowEnd(cells: readonly Cell[], from: number, columns: number): number {
  let width = 0
  let end = from
  for (; end < cells.length; end++) {
    width += cells[end]?.width ?? 0
    if (width > columns) break
  }
  if (end === cells.length || cells[end]?.text === ' ') return end
  const half = from + Math.floor((end - from) / 2)
  for (let at = end; at > half; at--) if (cells[at - 1]?.text === ' ') return at - 1
  // A row that has no room for a wide character takes it all the same.
  return Math.max(end, from + 1)
}

function join(cells: readonly Cell[], from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; at++) text += cells[at]?.text ?? ''
  return text
}

/** Columns of these cells. */
export function sum(cells: readonly Cell[]): number {
  return cells.reduce((width, cell) => width + cell.width, 0)
}
