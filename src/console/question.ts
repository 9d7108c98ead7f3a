/** A question on the screen: what is typed for an answer, as the terminal shows it. */
import { budget } from '../base/budget.ts'
import type { Asking } from '../commands/dialogue.ts'
import { shownIn } from '../terminal/charset.ts'
import { inColumns } from '../terminal/completion.ts'
import type { Display } from '../terminal/display.ts'
import { Editor } from '../terminal/editor.ts'
import type { History } from '../terminal/history.ts'
import type { Key } from '../terminal/keys.ts'
import type { View } from '../terminal/paint.ts'
import { columnsOf } from '../terminal/width.ts'

export type QuestionEvent =
  /** The answer to the question. */
  | { readonly type: 'line'; readonly text: string }
  /** The question is left: Ctrl-C, or Ctrl-D on an empty line. */
  | { readonly type: 'given-up'; readonly how: 'interrupt' | 'end' }
  /** Tab, with the line up to the cursor: to be answered by `offer`. Keys wait until then. */
  | { readonly type: 'complete'; readonly line: string }
  /** `?`: what is printed before the next call of `next` stands above the question. */
  | { readonly type: 'help'; readonly line: string }

type Place = { readonly display: Display; readonly history: History }

export class Question {
  readonly #display: Display
  readonly #history: History
  readonly #asking: Asking
  readonly #prompt: string
  readonly #editor: Editor
  /** The key before was a character that was not taken. */
  #untaken = false

  /** Prints all rows of a long question but the last, which `paint` shows. */
  constructor(question: string, asking: Asking, { display, history }: Place) {
    const { hidden = false, initial = '', help } = asking
    this.#display = display
    this.#history = history
    this.#asking = asking
    this.#prompt = lead(question, display)
    this.#editor = new Editor({ hidden, initial, help: help !== undefined, history })
  }

  /** @returns what has to be heard of it; after `line` and `given-up` the question is over */
  press(key: Key): QuestionEvent | undefined {
    const editor = this.#editor
    const pressed = editor.press(key, this.#display.escapes)
    const again = this.#untaken
    this.#untaken = pressed === 'untaken'
    switch (pressed) {
      case 'changed':
      case 'nothing':
        return undefined
      case 'unable':
        return this.#refuse()
      case 'untaken':
        return again ? undefined : this.#refuse()
      case 'enter':
        if (this.#asking.remembered && !this.#asking.hidden) this.#history.add(editor.text)
        return this.#end({ type: 'line', text: editor.text })
      case 'interrupt':
        return this.#end({ type: 'given-up', how: 'interrupt' }, '^C')
      case 'end':
        return this.#end({ type: 'given-up', how: 'end' })
      case 'complete':
        return this.#asking.complete ? { type: 'complete', line: editor.before } : this.#refuse()
      case 'help':
        if (this.#behind) return this.#refuse()
        // On a printer the line stays where the help follows.
        this.paint()
        return { type: 'help', line: editor.before }
      case 'emptied':
      case 'redraw':
      case 'clear':
        return this.#showAnew(pressed)
      default:
        return pressed satisfies never
    }
  }

  /** Puts what the candidates have in common behind the cursor, or shows them. */
  offer(candidates: readonly string[]): void {
    const { pressed, show } = this.#editor.complete(candidates)
    if (pressed === 'unable') this.#refuse()
    if (show.length === 0 || this.#behind) return
    const { charset, size } = this.#display
    const words = show.slice(0, budget.consoleCandidates).map(word => shownIn(charset, word))
    for (const row of inColumns(words, size.columns - 1)) this.print(row)
    if (words.length < show.length) this.print(`... and ${show.length - words.length} more`)
  }

  /** Prints a line above the question, which is to be painted again. */
  print(line: string): void {
    this.#display.lift()
    for (const row of this.#display.rowsOf(line)) this.#display.row(row)
  }

  paint(): void {
    this.#display.paint(this.#view())
  }

  #view(): View {
    const prompt = this.#prompt
    if (this.#asking.hidden) return { prompt, cells: [], cursor: 0 }
    const cells = this.#editor.characters.map(character => {
      const text = shownIn(this.#display.charset, character)
      return { text, width: columnsOf(text) }
    })
    return { prompt, cells, cursor: this.#editor.cursor }
  }

  /** It stays on the screen as it was answered. */
  #end(event: QuestionEvent, mark?: string): QuestionEvent {
    this.paint()
    this.#display.leave(mark)
    return event
  }

  #refuse(): undefined {
    this.#display.ring()
  }

  /** Whether so much is on its way to the terminal that nobody can have read what was asked for before. */
  get #behind(): boolean {
    return this.#display.octets > budget.consoleBehind
  }

  #showAnew(why: 'emptied' | 'redraw' | 'clear'): undefined {
    if (this.#behind) return
    if (!this.#display.escapes) this.#display.leave(marks[why])
    else if (why === 'clear') this.#display.clear()
    else if (why === 'redraw') this.#display.lift()
  }
}

/** How the keys are shown where what is on the screen cannot be changed. */
const marks = { emptied: '^U', redraw: '^R', clear: '^L' } as const

/** Prints all of a question but its last row. @returns that row, or a short one where it leaves no room for an answer */
function lead(question: string, display: Display): string {
  const rows = display.rowsOf(question)
  const last = rows.at(-1) ?? ''
  const fits = columnsOf(last) <= display.size.columns / 2
  for (const row of fits ? rows.slice(0, -1) : rows) display.row(row)
  if (!fits) return '> '
  return question.endsWith(' ') && !last.endsWith(' ') ? `${last} ` : last
}
