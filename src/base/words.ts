/** Text for a reader: lines wrapped, columns aligned, and the known word nearest to a mistyped one. */
import { budget } from './budget.ts'

/** Breaks a text into lines of at most `width` characters, each begun with `indent`. A longer word keeps its own line. */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(indent + line)
  return lines
}

/** A narrower last column is not worth wrapping. */
const leastLast = 16

/**
 * Pads every cell but the last of a row to the width of its column.
 * @param width of the whole: the last column is wrapped to it, where enough is left for it
 */
export function columns(rows: readonly (readonly string[])[], width = Number.POSITIVE_INFINITY): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  const last = widths.length - 1
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0)
  const room = width - before >= leastLast ? width - before : Number.POSITIVE_INFINITY
  return rows.flatMap(row => {
    const padded = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
    const end = padded.at(-1) ?? ''
    if (row.length - 1 < last || end.length <= room) return [padded.join(gap)]
    const lines = wrap(end.trimStart(), room)
    return lines.map((line, i) => (i === 0 ? [...padded.slice(0, -1), line].join(gap) : ' '.repeat(before) + line))
  })
}

const gap = '  '

/**
 * Finds the known word that was probably meant.
 * @returns the nearest of the first `budget.guesses` that are about as long; undefined when more than a third would have to change
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  // What is longer than this was not mistyped, and the comparison costs its length.
  if (word.length > 64) return undefined
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  let compared = 0
  for (const candidate of known) {
    const longest = Math.max(word.length, candidate.length)
    if (Math.abs(word.length - candidate.length) > longest / 3) continue
    compared += 1
    if (compared > budget.guesses) break
    const changes = distance(word.toLowerCase(), candidate.toLowerCase())
    if (changes < least && changes <= longest / 3) [best, least] = [candidate, changes]
  }
  return best
}

/** The end of a complaint about an unknown word: `; did you mean X?`, or a full stop. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known)
  return meant === undefined ? '.' : `; did you mean ${meant}?`
}

/** Letters to add, drop, change, or swap with the next one: the optimal string alignment distance. */
function distance(a: string, b: string): number {
  let above: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const kept = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      const swapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j] ? (above[j - 1] ?? 0) + 1 : kept
      next.push(Math.min(kept, swapped, (next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1))
    }
    above = row
    row = next
  }
  return row[b.length] ?? 0
}

/** The words of strangers, without what a terminal would act on: controls, and marks that turn the direction of text. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
