/** A line that is being typed, and what the keys do to it. */
import { budget } from '../base/budget.ts'
import { widthOf } from './width.ts'

/** Characters with the marks upon them, and the one that the cursor stands on; at the end it is their number. */
export type Line = { readonly characters: string[]; cursor: number }

/** @returns whether it has done anything */
type Edit = (line: Line) => boolean

/** What moves the cursor, which a terminal without escapes cannot show. */
export const moves: Readonly<Record<string, Edit>> = {
  left: line => moveTo(line, line.cursor - 1),
  right: line => moveTo(line, line.cursor + 1),
  home: line => moveTo(line, 0),
  end: line => moveTo(line, line.characters.length),
  'ctrl-a': line => moveTo(line, 0),
  'ctrl-b': line => moveTo(line, line.cursor - 1),
  'ctrl-e': line => moveTo(line, line.characters.length),
  'ctrl-f': line => moveTo(line, line.cursor + 1),
}

/** What takes characters away. */
export const removals: Readonly<Record<string, Edit>> = {
  erase: line => remove(line, line.cursor - 1, line.cursor),
  delete: line => remove(line, line.cursor, line.cursor + 1),
  'ctrl-d': line => remove(line, line.cursor, line.cursor + 1),
  'ctrl-k': line => remove(line, line.cursor, line.characters.length),
  'ctrl-u': line => remove(line, 0, line.cursor),
  'ctrl-w': line => remove(line, wordStart(line), line.cursor),
}

export function emptyLine(): Line {
  return { characters: [], cursor: 0 }
}

export function textOf({ characters }: Line): string {
  return characters.join('')
}

/** The text before the cursor. */
export function textBefore({ characters, cursor }: Line): string {
  return characters.slice(0, cursor).join('')
}

/**
 * Puts one code point where the cursor is; a mark goes upon the character before it.
 * @returns false when there is no room for it
 */
export function insert(line: Line, character: string): boolean {
  const { characters, cursor } = line
  const before = characters[cursor - 1]
  if (before === undefined || widthOf(character) > 0) return insertPlain(line, character, budget.consoleLine)
  if ([...before].length > budget.consoleMarks) return false
  characters[cursor - 1] = before + character
  return true
}

/**
 * Puts one code point where the cursor is, whatever it is.
 * @param most code points that the line may have
 * @returns false when there is no room for it
 */
export function insertPlain(line: Line, character: string, most: number): boolean {
  const { characters, cursor } = line
  if (characters.length >= most) return false
  characters.splice(cursor, 0, character)
  line.cursor = cursor + 1
  return true
}

/** Puts a text in the place of the whole line, with the cursor at its end. */
export function replace(line: Line, text: string): void {
  remove(line, 0, line.characters.length)
  for (const character of text) insert(line, character)
}

/** Where the word before the cursor begins; the blanks behind it belong to it. */
function wordStart({ characters, cursor }: Line): number {
  let at = cursor
  while (at > 0 && characters[at - 1] === ' ') at--
  while (at > 0 && characters[at - 1] !== ' ') at--
  return at
}

function moveTo(line: Line, cursor: number): boolean {
  if (cursor < 0 || cursor > line.characters.length || cursor === line.cursor) return false
  line.cursor = cursor
  return true
}

function remove(line: Line, from: number, to: number): boolean {
  if (from < 0 || from >= to || to > line.characters.length) return false
  line.characters.splice(from, to - from)
  line.cursor = from
  return true
}
