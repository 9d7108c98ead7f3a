/** The answer to one question as it is typed: a line, the history it may come from, and what Tab does to it. */
import { budget } from '../base/budget.ts'
import { commonStart, lastWord } from './completion.ts'
import type { History } from './history.ts'
import type { Key } from './keys.ts'
import { garbled } from './keys.ts'
import { emptyLine, insert, insertPlain, moves, removals, replace, textBefore, textOf } from './line.ts'

/** What a key has come to. */
export type Pressed =
  | 'changed'
  | 'nothing'
  /** It could not do what it is for: a person should hear of it. */
  | 'unable'
  /** A character that is not taken, of which there may be a megabyte: hearing of the first is enough. */
  | 'untaken'
  | 'enter'
  | 'interrupt'
  | 'end'
  | 'complete'
  | 'help'
  /** Ctrl-U has emptied it. */
  | 'emptied'
  /** Ctrl-R and Ctrl-L: it is to be shown anew, alone on the screen after Ctrl-L. */
  | 'redraw'
  | 'clear'

export type EditorOptions = {
  /** What is typed is not shown: only typing, erasing and Ctrl-U work, for nobody sees where they are. */
  readonly hidden?: boolean
  readonly initial?: string
  /** Whether `?` after a blank asks for help. */
  readonly help?: boolean
  readonly history?: History
}

/** One more than a password may have octets, so that what is too long stays too long. */
const mostHidden = budget.password + 1

/** What cannot be seen in a line. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

export class Editor {
  readonly #line = emptyLine()
  readonly #hidden: boolean
  readonly #help: boolean
  readonly #history: History | undefined
  /** The line of the history that is shown, and the one that was being typed before. */
  #at: number
  #draft = ''
  /** Tabs in a row that could put nothing there. */
  #tabs = 0

  constructor({ hidden = false, initial = '', help = false, history }: EditorOptions = {}) {
    this.#hidden = hidden
    this.#help = help
    this.#history = hidden ? undefined : history
    this.#at = history?.length ?? 0
    replace(this.#line, [...initial].filter(character => !invisible.test(character)).join(''))
  }

  get text(): string {
    return textOf(this.#line)
  }

  /** The text before the cursor. */
  get before(): string {
    return textBefore(this.#line)
  }

  get characters(): readonly string[] {
    return this.#line.characters
  }

  /** Before which of the characters the cursor is. */
  get cursor(): number {
    return this.#line.cursor
  }

  /** @param movable whether the terminal can show a cursor within the line */
  press(key: Key, movable: boolean): Pressed {
    const tabs = this.#tabs
    this.#tabs = 0
    if (key.kind === 'character') return this.#type(key.text)
    switch (key.name) {
      case 'enter':
        return 'enter'
      case 'ctrl-c':
        return 'interrupt'
      case 'ctrl-l':
        return 'clear'
      case 'ctrl-r':
        return 'redraw'
      case 'ctrl-d':
        if (this.#line.characters.length === 0) return 'end'
        break
      case 'tab':
        if (this.#hidden) return 'nothing'
        this.#tabs = tabs
        return 'complete'
      case 'up':
      case 'ctrl-p':
        return this.#recall(this.#at - 1)
      case 'down':
      case 'ctrl-n':
        return this.#recall(this.#at + 1)
      default:
    }
    return this.#hidden ? this.#editHidden(key.name) : this.#edit(key.name, movable)
  }

  /**
   * Puts there what all candidates have in common.
   * @param candidates words that the last word before the cursor may become
   * @returns those to be shown, when it was asked for twice and there is more than one
   */
  complete(candidates: readonly string[]): { readonly pressed: Pressed; readonly show: readonly string[] } {
    const word = lastWord(this.before)
    const fitting = [...new Set(candidates)].filter(
      candidate => candidate.startsWith(word) && candidate !== '' && !invisible.test(candidate),
    )
    const [only] = fitting
    const common = fitting.length === 1 ? `${only} ` : commonStart(fitting)
    // One blank is enough.
    const ending = common.endsWith(' ') && this.#line.characters[this.cursor] === ' ' ? common.slice(0, -1) : common
    let changed = false
    for (const character of ending.slice(word.length)) changed = insert(this.#line, character) || changed
    if (changed) return { pressed: 'changed', show: [] }
    this.#tabs += 1
    const again = this.#tabs > 1 && fitting.length > 1
    return { pressed: again ? 'nothing' : 'unable', show: again ? fitting : [] }
  }

  #type(character: string): Pressed {
    if (this.#hidden) return insertPlain(this.#line, character, mostHidden) ? 'changed' : 'nothing'
    if (character === garbled || invisible.test(character)) return 'untaken'
    const atWordStart = this.cursor === this.characters.length && /(?:^| )$/.test(this.characters.at(-1) ?? '')
    if (this.#help && character === '?' && atWordStart) return 'help'
    return insert(this.#line, character) ? 'changed' : 'untaken'
  }

  #editHidden(name: string): Pressed {
    if (name === 'ctrl-u') return removals['ctrl-u']?.(this.#line) ? 'emptied' : 'nothing'
    return name === 'erase' && removals[name]?.(this.#line) ? 'changed' : 'nothing'
  }

  #edit(name: string, movable: boolean): Pressed {
    const move = moves[name]
    if (move) {
      if (!movable) return this.characters.length > 0 ? 'unable' : 'nothing'
      return move(this.#line) ? 'changed' : 'nothing'
    }
    if (!removals[name]?.(this.#line)) return 'nothing'
    return name === 'ctrl-u' ? 'emptied' : 'changed'
  }

  #recall(at: number): Pressed {
    const history = this.#history
    if (!history) return this.#hidden ? 'nothing' : 'unable'
    if (at < 0 || at > history.length) return 'unable'
    if (this.#at === history.length) this.#draft = this.text
    this.#at = at
    replace(this.#line, history.line(at) ?? this.#draft)
    return 'changed'
  }
}
