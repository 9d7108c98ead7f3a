/** A person at a terminal, for tests: answers and keys that were thought of before, and all that was shown. */
import { Failure } from '../../src/base/failure.ts'
import type { Asking, Dialogue, Key } from '../../src/commands/dialogue.ts'

/** What is typed at a question; undefined presses Ctrl-C. */
export type ScriptedAnswer = string | undefined

type Script = {
  readonly answers?: readonly ScriptedAnswer[]
  /** Keys one by one; undefined lets the time pass that a key is waited for. */
  readonly keys?: readonly (string | Key | undefined)[]
  readonly columns?: number
  readonly rows?: number
  readonly escapes?: boolean
  readonly unicode?: boolean
}

export class ScriptedDialogue implements Dialogue {
  readonly columns: number
  readonly rows: number
  readonly unicode: boolean
  readonly escapes: boolean
  /** What was printed, a line each, with the questions. */
  readonly lines: string[] = []
  readonly screens: (readonly string[])[] = []
  readonly asked: { readonly question: string; readonly asking: Asking | undefined }[] = []
  readonly #answers: ScriptedAnswer[]
  readonly #keys: (string | Key | undefined)[]
  readonly #gone = new AbortController()

  constructor({ answers = [], keys = [], columns = 80, rows = 24, escapes = true, unicode = true }: Script = {}) {
    this.#answers = [...answers]
    this.#keys = [...keys]
    this.columns = columns
    this.rows = rows
    this.escapes = escapes
    this.unicode = unicode
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** Everything that was printed. */
  get text(): string {
    return this.lines.join('\n')
  }

  /** Answers that nobody has asked for. */
  get left(): readonly ScriptedAnswer[] {
    return this.#answers
  }

  async print(line: string): Promise<void> {
    this.lines.push(line)
  }

  async ask(question: string, asking?: Asking): Promise<string> {
    this.asked.push({ question, asking })
    this.lines.push(question)
    if (this.#answers.length === 0) throw new Error(`nobody has thought of an answer to: ${question}\n${this.text}`)
    const answer = this.#answers.shift()
    return answer ?? this.#giveUp()
  }

  async key(): Promise<Key | undefined> {
    if (this.#keys.length === 0) return this.#giveUp()
    const key = this.#keys.shift()
    return typeof key === 'string' ? { kind: 'character', text: key } : key
  }

  async draw(lines: readonly string[]): Promise<void> {
    this.screens.push(lines)
  }

  #giveUp(): never {
    this.#gone.abort()
    throw new Failure('GIVEN_UP', 'Given up.')
  }
}
