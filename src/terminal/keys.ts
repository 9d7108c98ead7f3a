/**
 * Octets of a terminal's keyboard as keys: UTF-8, controls, and the sequences that VT100, xterm, rxvt and the Linux console
 * send for keys without a character (ECMA-48 §5.4). Any octets, cut anywhere.
 */
import { TextDecoder } from 'node:util'
import { budget } from '../base/budget.ts'

/** A key that was pressed: a character, or the name of one that has none. */
export type Key =
  | { readonly kind: 'character'; readonly text: string }
  | { readonly kind: 'named'; readonly name: KeyName }

type KeyName =
  | 'enter'
  | 'tab'
  | 'erase'
  | 'delete'
  | 'escape'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'page-up'
  | 'page-down'
  /** Ctrl with a letter: `ctrl-c`. */
  | `ctrl-${string}`

/** A key, or what the terminal says by itself when it is asked. */
export type Typed =
  | Key
  /** Where the cursor is, counted from 1 (CPR, ECMA-48 §8.3.14). */
  | { readonly kind: 'report'; readonly row: number; readonly column: number }
  /** What kind of terminal it is (DA, ECMA-48 §8.3.24). */
  | { readonly kind: 'attributes' }

/** What stands for octets that are no UTF-8. */
export const garbled = '\ufffd'

const ESC = '\x1b'

/** Sequences by their last character: after `ESC [` with or without numbers, and after `ESC O`. rxvt has the small letters. */
const finals: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  a: 'up',
  b: 'down',
  c: 'right',
  d: 'left',
  H: 'home',
  F: 'end',
}

/** Sequences by their number: `ESC [ 3 ~`. In the place of `~` rxvt says with `^`, `$` and `@` that Ctrl or Shift is down. */
const numbers: Readonly<Record<string, KeyName>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
}

/** Characters outside of sequences that are keys with a name. */
const controls: Readonly<Record<string, Key>> = {
  ...Object.fromEntries([...'abcdefghijklmnopqrstuvwxyz'].map((letter, i) => [controlOf(i), named(`ctrl-${letter}`)])),
  '\r': named('enter'),
  '\n': named('enter'),
  '\t': named('tab'),
  '\b': named('erase'),
  '\x7f': named('erase'),
}

type State = 'ground' | 'escape' | 'csi' | 'ss3' | 'function'

export class KeyDecoder {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #state: State = 'ground'
  /** What has come of a sequence behind its introducer. */
  #sequence = ''
  /** The last character was a CR: the LF or NUL of the same Enter may follow (RFC 854 has both). */
  #returned = false

  /** Whether the last octet was an ESC, of which only time can tell whether it is a key or begins a sequence. */
  get undecided(): boolean {
    return this.#state === 'escape'
  }

  /** @returns the keys that these octets complete, one for each code point at most */
  decode(octets: Buffer): readonly Typed[] {
    const typed: Typed[] = []
    for (const character of this.#decoder.decode(octets, { stream: true })) this.#read(character, typed)
    return typed
  }

  /** Nothing has come for a moment: an ESC that came last was the key. */
  lull(): readonly Typed[] {
    if (!this.undecided) return []
    this.#state = 'ground'
    return [named('escape')]
  }

  #read(character: string, typed: Typed[]): void {
    const state = this.#state
    if (state === 'ground') this.#readPlain(character, typed)
    else if (state === 'escape') this.#readEscape(character, typed)
    // A control or a letter beyond ASCII is in no sequence: it was cut off.
    else if (character < ' ' || character > '~') this.#abandon(character, typed)
    else if (state === 'csi') this.#readCsi(character, typed)
    else if (state === 'ss3') this.#readSs3(character, typed)
    else this.#state = 'ground'
  }

  #readPlain(character: string, typed: Typed[]): void {
    const returned = this.#returned
    this.#returned = character === '\r'
    if (returned && character === '\n') return
    if (character === ESC) {
      this.#state = 'escape'
      return
    }
    const key = plainKey(character)
    if (key) typed.push(key)
  }

  #readEscape(character: string, typed: Typed[]): void {
    this.#sequence = ''
    this.#returned = false
    if (character === '[') this.#state = 'csi'
    else if (character === 'O') this.#state = 'ss3'
    else {
      typed.push(named('escape'))
      this.#abandon(character, typed)
    }
  }

  #readCsi(character: string, typed: Typed[]): void {
    const sequence = this.#sequence
    // Function keys of the Linux console: `ESC [ [ A`.
    if (character === '[' && sequence === '') {
      this.#state = 'function'
      return
    }
    const shifted = character === '$' && /^\d+$/.test(sequence)
    if (character < '@' && !shifted) {
      this.#sequence += character
      if (this.#sequence.length > budget.escapeSequence) this.#state = 'ground'
      return
    }
    this.#state = 'ground'
    const key = control(sequence, character)
    if (key) typed.push(key)
  }

  #readSs3(character: string, typed: Typed[]): void {
    // Some terminals put the number of the modifiers here: `ESC O 5 A`.
    if (character >= '0' && character <= '9' && this.#sequence === '') {
      this.#sequence = character
      return
    }
    this.#state = 'ground'
    const name = character === 'M' ? 'enter' : finals[character]
    if (name) typed.push(named(name))
  }

  #abandon(character: string, typed: Typed[]): void {
    this.#state = 'ground'
    this.#readPlain(character, typed)
  }
}

/** The key of a character outside of sequences; undefined for one that is no key, as NUL. */
function plainKey(character: string): Key | undefined {
  if (character >= '\xa0' || (character >= ' ' && character < '\x7f')) return { kind: 'character', text: character }
  return controls[character]
}

/** What `ESC [` with these parameters and this end means. */
function control(parameters: string, final: string): Typed | undefined {
  if (final === 'c' && parameters !== '') return { kind: 'attributes' }
  if (final === 'R') return report(parameters)
  const [number = ''] = parameters.split(';')
  const name = '~^$@'.includes(final) ? numbers[number] : finals[final]
  return name && named(name)
}

function report(parameters: string): Typed | undefined {
  const [, row, column] = /^(\d{1,4});(\d{1,4})$/.exec(parameters) ?? []
  return row && column ? { kind: 'report', row: Number(row), column: Number(column) } : undefined
}

/** What Ctrl makes of a letter. */
function controlOf(letter: number): string {
  return String.fromCharCode(letter + 1)
}

function named(name: KeyName): Key {
  return { kind: 'named', name }
}
