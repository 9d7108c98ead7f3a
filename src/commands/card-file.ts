/**
 * The text of `porchlight.toml` on the first partition, as people write it on whatever computer they have: read, and written
 * back with what became of each line. What was done stands behind `#`, what could not be done has the reason beside it, and
 * passwords are taken out in either case.
 */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { isTable } from '../base/setting.ts'
import { readToml } from '../base/toml.ts'
import { commentOut, remark, setKey } from '../base/toml-edit.ts'
import { newlineOf } from '../base/toml-list.ts'

/** A setting by its full name, or `line 3` where the file makes no sense, and what is wrong with it. */
export type Problem = readonly [key: string, words: string]

/** What must not stay on a partition that any computer reads. */
const secrets: readonly string[] = ['setup.password', 'setup.console_password', 'relay.password']

/** How our own comments begin, so that they are known again. */
const mark = '# Porchlight:'
const ownLine = /^[ \t]*# Porchlight:.*(?:\r?\n|$)/gm
const ownRemark = /[ \t]+# Porchlight:.*?(?=\r?$)/gm

/**
 * Takes away what Notepad puts before a text, and our own comments.
 * @throws Failure REFUSED where it is no UTF-8
 */
export function plainCard(text: string): string {
  if (/[\0\uFFFD]/.test(text)) {
    throw new Failure(
      'REFUSED',
      'it is not saved as UTF-8 text. Open it with the editor again, choose "Save as", and there the encoding UTF-8',
    )
  }
  return text
    .replace(/^\uFEFF/, '')
    .replace(ownLine, '')
    .replace(ownRemark, '')
}

/** @returns every setting under its full name, or what is wrong with the file */
export function readCard(text: string): ReadonlyMap<string, unknown> | Problem {
  try {
    const entries = Object.entries(readToml(text))
    const found = new Map(
      entries.flatMap(([name, value]) =>
        isTable(value)
          ? Object.entries(value).map(([key, inner]) => [`${name}.${key}`, inner] as const)
          : [[name, value] as const],
      ),
    )
    return tooMuch(found) ?? found
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const [, line = 'line 1', words = sentence(error)] = /^(line \d+), column \d+: (.*)$/s.exec(error.message) ?? []
    return [line, words]
  }
}

/** Each line is changed by itself, which takes its time: a file of thousands would hold the box up until its watchdog bites. */
function tooMuch(found: ReadonlyMap<string, unknown>): Problem | undefined {
  const { cardSettings, cardName } = budget
  if (found.size > cardSettings) return ['line 1', `a file begins that has more than ${cardSettings} settings`]
  const long = Array.from(found.keys()).some(name => name.length > cardName)
  return long ? ['line 1', `a file begins in which a name has more than ${cardName} characters`] : undefined
}

/** Whether a file could not be read. */
export function isProblem(read: ReturnType<typeof readCard>): read is Problem {
  return Array.isArray(read)
}

/**
 * @param text as `plainCard` gives it
 * @param when it was applied; empty where nobody knows the time
 */
export function cardAfter(text: string, problems: readonly Problem[], when: string): string {
  const found = readCard(text)
  if (isProblem(found)) return withNote(text, problems[0] ?? found)
  try {
    return edited(text, found, problems, when)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return begunAnew(text, problems, when)
  }
}

function edited(text: string, found: ReadonlyMap<string, unknown>, problems: readonly Problem[], when: string): string {
  const refused = new Map(problems)
  const wiped = secrets.filter(key => found.has(key) && found.get(key) !== '')
  const clean = wiped.reduce((text, key) => setKey(text, key, ''), text)
  const again = (key: string) =>
    refused.get(key) ??
    (refusedBeside(key, refused) && wiped.includes(key) ? 'it is taken out; write it once more' : undefined)
  const lines = Array.from(found.keys()).reduce((text, key) => {
    const words = again(key)
    return words === undefined ? commentOut(text, key) : remark(text, key, `${mark.slice(2)} ${words}`)
  }, clean)
  return headed(text, heading(when, problems.length > 0), lines)
}

/** Instead of a file that is written so that single lines of it cannot be changed: its passwords must not stay. */
function begunAnew(text: string, problems: readonly Problem[], when: string): string {
  const others = problems.map(([key, words]) => `${mark} ${key}: ${words}`)
  return headed(
    text,
    [...heading(when, false), `${mark} its lines could not be kept; these could not be used:`, ...others],
    '',
  )
}

function headed(text: string, lines: readonly string[], rest: string): string {
  return lines.map(line => line + newlineOf(text)).join('') + rest
}

/** A password whose account could not be made is of no use to anybody; it belongs to the next attempt. */
function refusedBeside(key: string, refused: ReadonlyMap<string, string>): boolean {
  return key === 'setup.password' && refused.has('setup.account')
}

function heading(when: string, troubled: boolean): readonly string[] {
  return [
    `${mark} this file was applied${when === '' ? '' : ` on ${when}`}. What was done stands behind a # now; passwords are taken out.`,
    ...(troubled ? [`${mark} what could not be done says why, behind the line.`] : []),
    `${mark} to change something, write it below or take the # away, and start the box anew.`,
  ]
}

/** The reason stands above the line: behind it, it may be inside a quote that was never closed. */
function withNote(text: string, [line, words]: Problem): string {
  const newline = newlineOf(text)
  const lines = text.split(/\r?\n/)
  const at = Math.min(Math.max(Number(line.replace('line ', '')) - 1, 0), lines.length)
  const note = `${mark} nothing of this file is used yet. In the line below, ${words}.`
  return lines.toSpliced(at, 0, note).join(newline)
}
