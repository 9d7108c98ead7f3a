/** TOML for the configuration file: read with complaints in plain words, and single values written. */
import { parse, TomlError } from 'smol-toml'
import { Failure } from './failure.ts'

/** What a setting is written as. */
export type Written = string | number | readonly string[]

/** What the reader calls its complaints, and what to do about each. */
const advice: Readonly<Record<string, string>> = {
  'invalid value': 'this is not a value; text stands in quotes, as in hostname = "mail.home.example"',
  'illegal character in numeric literal':
    'this is not a number; sizes and durations stand in quotes, as in "50 MiB" or "5m"',
  'illegal character in key':
    'this cannot be in the name of a setting; write one setting a line, as in hostname = "mail.home.example"',
  'incomplete key-value: cannot find end of key':
    'a setting has no value; write it as in hostname = "mail.home.example"',
  'trying to redefine an already defined table or value': 'this is written a second time; keep one of the two',
  'unfinished string': 'a quote is opened here and never closed',
  'control characters are not allowed in strings': 'a quote is still open where the line ends',
  'unfinished array': 'a list is opened here and never closed; lists stand in [ and ]',
  'expected comma or end of structure': 'a comma or the end of the list is missing here',
  'each key-value declaration must be followed by an end-of-line':
    'there is more on this line after the value; sizes and durations stand in quotes, as in "50 MiB"',
}

/**
 * Reads a TOML document.
 * @throws Failure CONFIG that names the line and column where it cannot be understood
 */
export function readToml(text: string): object {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const complaint = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? ''
    const words = advice[complaint] ?? complaint
    throw new Failure('CONFIG', `line ${error.line}, column ${error.column}: ${words}`, { cause: error })
  }
}

/** Writes one value. Strings, numbers and lists of strings are in TOML what they are in JSON. */
export function writeToml(value: Written): string {
  return typeof value === 'object' ? `[${value.map(writeToml).join(', ')}]` : JSON.stringify(value)
}

/** Writes the name of a key, in quotes where it needs them. */
export function writeKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}
