/**
 * Changes single settings in the text of a configuration file; comments, order and everything else stay as a person wrote
 * them. What comes out is read again, and has to say what was wanted.
 */
import { isDeepStrictEqual } from 'node:util'
import { Failure } from './failure.ts'
import { isTable } from './setting.ts'
import { readToml, type Written, writeToml } from './toml.ts'
import { indentOf, newlineOf, writeList } from './toml-list.ts'
import { type Entry, type Part, type Span, type Statement, scanToml } from './toml-scan.ts'

/**
 * Sets a value, where the setting is or, if it is nowhere yet, behind the others of its section.
 * @param key a setting, or `section.setting`
 * @throws Failure CONFIG when the text is no TOML, or is written so that this cannot be done
 */
export function setKey(text: string, key: string, value: Written): string {
  const path = key.split('.')
  const wanted = changed(readToml(text), path, value)
  if (says(text, wanted)) return text
  const parts = scanToml(text)
  const there = findEntry(parts, path)
  const edited = there ? replace(text, there.value, valueFor(text, there.value, value)) : add(text, parts, path, value)
  return checked(edited, wanted, key)
}

/**
 * Takes a setting out, with the comment behind it.
 * @throws Failure CONFIG as `setKey`
 */
export function removeKey(text: string, key: string): string {
  const path = key.split('.')
  const document = readToml(text)
  const parts = scanToml(text)
  const there = findEntry(parts, path)
  if (there === undefined) return text
  const edited = there.within === undefined ? removeLines(text, there) : removeEntry(text, there, there.within)
  return checked(edited, changed(document, path, undefined), key)
}

/**
 * Takes a section out, with the comments in it, however it is written.
 * @throws Failure CONFIG as `setKey`
 */
export function removeTable(text: string, name: string): string {
  const document = readToml(text)
  const parts = scanToml(text)
  let edited = text
  for (const part of parts.toReversed()) {
    if (part.path[0] !== name || (part.kind === 'statement' && part.table >= 0)) continue
    edited = replace(edited, { start: lineStart(text, part.start), end: endOf(part, text, parts) }, '')
  }
  return checked(edited, changed(document, [name], undefined), name)
}

/** Puts a comment behind a setting, in place of the one that is there; an empty one takes that away. */
export function remark(text: string, key: string, comment: string): string {
  const there = findEntry(scanToml(text), key.split('.'))
  if (there === undefined) return text
  const start = there.within?.end ?? there.end
  const words = comment === '' ? '' : ` # ${comment.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')}`
  return checked(replace(text, { start, end: lineEnd(text, start) }, words), readToml(text), key)
}

/**
 * Puts a setting behind `#`, so that it holds no more and can still be read; one in an inline table is taken out.
 * @throws Failure CONFIG as `setKey`
 */
export function commentOut(text: string, key: string): string {
  const path = key.split('.')
  const there = findEntry(scanToml(text), path)
  if (there === undefined || there.within) return removeKey(text, key)
  const lines = { start: lineStart(text, there.start), end: lineEnd(text, there.end) }
  const behind = text
    .slice(lines.start, lines.end)
    .split('\n')
    .map(line => `# ${line}`)
    .join('\n')
  return checked(replace(text, lines, behind), changed(readToml(text), path, undefined), key)
}

/** Where a section ends, or a setting that stands in none. The comments right above the next section are that section's. */
function endOf(part: Part, text: string, parts: readonly Part[]): number {
  if (part.kind === 'statement') return lineAfter(text, part.end)
  const next = parts.find(({ kind, start }) => kind === 'header' && start > part.start)
  return next ? commentsAbove(text, next.start) : text.length
}

/** A setting that was found; `within` where it is an entry of an inline table. */
type Found = Entry & { readonly within?: Statement }

function findEntry(parts: readonly Part[], path: readonly string[]): Found | undefined {
  for (const part of parts) {
    if (part.kind === 'header') continue
    if (isDeepStrictEqual(part.path, path)) return part
    const inner = part.entries?.find(entry => isDeepStrictEqual([...part.path, ...entry.path], path))
    if (inner) return { ...inner, within: part }
  }
  return undefined
}

function valueFor(text: string, old: Span, value: Written): string {
  const list = typeof value === 'object' && text.charAt(old.start) === '['
  return list ? writeList(text, old, value) : writeToml(value)
}

function add(text: string, parts: readonly Part[], [first = '', second]: readonly string[], value: Written): string {
  if (second === undefined) return addToTop(text, parts, `${first} = ${writeToml(value)}`)
  const line = `${second} = ${writeToml(value)}`
  for (const [i, part] of parts.entries()) {
    if (part.path.length !== 1 || part.path[0] !== first) continue
    if (part.kind === 'statement' && part.entries) return addEntry(text, part.value, part.entries, line)
    if (part.kind === 'header') return addBelow(text, parts.findLast(isOf(i)) ?? part, line)
  }
  const dotted = parts.findLast(part => isOf(-1)(part) && part.path[0] === first)
  return dotted ? addBelow(text, dotted, `${first}.${line}`) : addSection(text, `[${first}]`, line)
}

function isOf(table: number): (part: Part) => boolean {
  return part => part.kind === 'statement' && part.table === table
}

/** A setting without a section stands before all sections. */
function addToTop(text: string, parts: readonly Part[], line: string): string {
  const newline = newlineOf(text)
  const last = parts.findLast(isOf(-1))
  if (last) return addBelow(text, last, line)
  const [header] = parts
  if (!header) return addSection(text, line)
  const at = commentsAbove(text, header.start)
  return replace(text, { start: at, end: at }, `${line}${newline}${newline}`)
}

function addBelow(text: string, { start, end }: Span, line: string): string {
  const at = lineEnd(text, end)
  return replace(text, { start: at, end: at }, `${newlineOf(text)}${indentOf(text, start)}${line}`)
}

/** At the end, after an empty line. */
function addSection(text: string, ...lines: readonly string[]): string {
  const newline = newlineOf(text)
  const above = text.trim() === '' ? '' : `${text.trimEnd()}${newline}${newline}`
  return above + lines.map(line => `${line}${newline}`).join('')
}

function addEntry(text: string, table: Span, entries: readonly Entry[], line: string): string {
  const last = entries.at(-1)
  const at = last?.end ?? table.start + 1
  return replace(text, { start: at, end: at }, last ? `, ${line}` : ` ${line} `)
}

function removeLines(text: string, { start, end }: Span): string {
  return replace(text, { start: lineStart(text, start), end: lineAfter(text, end) }, '')
}

/** With the comma before it, or that behind the first. */
function removeEntry(text: string, { start, end }: Span, { entries = [] }: Statement): string {
  const place = entries.findIndex(entry => entry.start === start)
  const before = entries[place - 1]
  if (before) return replace(text, { start: before.end, end }, '')
  return replace(text, { start, end: entries[place + 1]?.start ?? end }, '')
}

function replace(text: string, { start, end }: Span, by: string): string {
  return text.slice(0, start) + by + text.slice(end)
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}

/** Where the line of this offset ends, before what ends it. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  if (end < 0) return text.length
  return text.charAt(end - 1) === '\r' ? end - 1 : end
}

function lineAfter(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

/** Where the comments begin that stand right above the line of this offset. */
function commentsAbove(text: string, at: number): number {
  let start = lineStart(text, at)
  while (start > 0) {
    const before = lineStart(text, start - 1)
    if (!/^[ \t]*#/.test(text.slice(before, start))) break
    start = before
  }
  return start
}

/** The document with this value in it, or without it. */
function changed(document: object, [first = '', ...rest]: readonly string[], value: Written | undefined): object {
  const others = Object.entries(document).filter(([name]) => name !== first)
  const [[, inner] = []] = Object.entries(document).filter(([name]) => name === first)
  const now = rest.length === 0 ? value : changed(isTable(inner) ? inner : {}, rest, value)
  return Object.fromEntries(now === undefined ? others : [...others, [first, now]])
}

function checked(edited: string, wanted: object, key: string): string {
  if (says(edited, wanted)) return edited
  throw new Failure(
    'CONFIG',
    `The file is written in a way in which ${key} cannot be changed from here. Change it with an editor, on the computer that has the file.`,
  )
}

function says(text: string, wanted: object): boolean {
  try {
    return isDeepStrictEqual(plain(readToml(text)), plain(wanted))
  } catch {
    return false
  }
}

/** Without empty sections, which say nothing, and with one prototype for all. */
function plain(value: unknown): unknown {
  if (!isTable(value)) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, plain(inner)] as const)
  return new Map(entries.filter(([, inner]) => !(inner instanceof Map && inner.size === 0)))
}
