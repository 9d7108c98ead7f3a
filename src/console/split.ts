/** A typed line as the words of a command: split at blanks, quotes hold them together. */
import { Failure } from '../base/failure.ts'

const word = /(?:[^\s"']|"[^"]*"|'[^']*')+/g
const quoted = /"([^"]*)"|'([^']*)'/g

/**
 * @returns the words; `porchlight` before them is left out, for whoever copies a command from the manual
 * @throws Failure USAGE when a quote is never closed
 */
export function splitWords(line: string): readonly string[] {
  const rest = line.replace(word, '')
  if (/["']/.test(rest)) throw new Failure('USAGE', 'A quote is opened and never closed.')
  const words = Array.from(line.match(word) ?? [], text =>
    text.replace(quoted, (_all, double: string | undefined, single: string | undefined) => double ?? single ?? ''),
  )
  return words[0] === 'porchlight' ? words.slice(1) : words
}
