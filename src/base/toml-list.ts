/** Writes a list over another one of a TOML document: in lines where that was in lines, with the comments of items that stay. */
import { readToml, writeToml } from './toml.ts'
import { type Span, scanList } from './toml-scan.ts'

/** An item with the comments on lines above it, and that behind it. */
type Item = { readonly written: string; readonly above: readonly string[]; readonly behind: string }

/**
 * @param text the document
 * @param old the list that is there, with its brackets
 * @returns what to put in its place
 */
export function writeList(text: string, old: Span, values: readonly string[]): string {
  if (!text.slice(old.start, old.end).includes('\n')) return writeToml(values)
  const newline = newlineOf(text)
  const { items, last } = read(text, old)
  const indent = indentOf(text, scanList(text, old)[0]?.start ?? old.start) || `${indentOf(text, old.start)}  `
  const lines: string[] = []
  for (const value of values) {
    const place = items.findIndex(({ written }) => written === writeToml(value))
    const [{ above, behind } = { above: [], behind: '' }] = place < 0 ? [] : items.splice(place, 1)
    lines.push(...above, `${writeToml(value)},${behind === '' ? '' : ` ${behind}`}`)
  }
  const inner = [...lines, ...last].map(line => `${indent}${line}${newline}`)
  return `[${newline}${inner.join('')}${indentOf(text, old.start)}]`
}

/** What ends the lines of this text. */
export function newlineOf(text: string): '\n' | '\r\n' {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n'
}

/** The blanks that the line of this offset begins with. */
export function indentOf(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

/** @returns the items, and the comments below the last one */
function read(text: string, list: Span): { items: Item[]; last: readonly string[] } {
  const spans = scanList(text, list)
  const items: Item[] = []
  let above = commentsOf(text.slice(list.start + 1, spans[0]?.start ?? list.end)).flat()
  for (const [i, { start, end }] of spans.entries()) {
    const [behind = [], ...below] = commentsOf(text.slice(end, spans[i + 1]?.start ?? list.end))
    items.push({ written: normal(text.slice(start, end)), above, behind: behind.join(' ') })
    above = below.flat()
  }
  return { items, last: above }
}

/** @param gap what stands between two items @returns the comments of each of its lines */
function commentsOf(gap: string): string[][] {
  return gap.split('\n').map(line => {
    const at = line.indexOf('#')
    return at < 0 ? [] : [line.slice(at).trimEnd()]
  })
}

/** The same string in the quotes that we would write; anything else as it is. */
function normal(written: string): string {
  const [value] = Object.values(readToml(`x = ${written}`))
  return typeof value === 'string' ? writeToml(value) : written
}
