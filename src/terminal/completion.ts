/** What Tab makes of the words that may stand at the cursor. */
import { columnsOf } from './width.ts'

/** The last word of a line up to the cursor, which Tab completes. */
export function lastWord(before: string): string {
  return before.slice(before.lastIndexOf(' ') + 1)
}

/** @returns the longest beginning that all words have in common, by code points */
export function commonStart(words: readonly string[]): string {
  const [first = '', ...others] = words
  const characters = [...first]
  let length = characters.length
  for (const other of others) {
    let at = 0
    for (const character of other) {
      if (at >= length || characters[at] !== character) break
      at += 1
    }
    length = Math.min(length, at)
  }
  return characters.slice(0, length).join('')
}

/** Lays words out in columns, down first, as wide as the terminal allows. @param words harmless @returns the rows */
export function inColumns(words: readonly string[], columns: number): readonly string[] {
  const width = Math.max(0, ...words.map(columnsOf)) + 2
  const count = Math.max(1, Math.floor((columns + 2) / width))
  const height = Math.ceil(words.length / count)
  return Array.from({ length: height }, (_, row) => {
    const cells = words.filter((_word, i) => i % height === row)
    return cells
      .map(word => word + ' '.repeat(width - columnsOf(word)))
      .join('')
      .trimEnd()
  })
}
