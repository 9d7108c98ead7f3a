/** Somebody who reads mail at a console, for tests: what they type, keys that stop things, and all that was shown. */
import { Failure } from '../../src/base/failure.ts'
import type { Household } from '../../src/commands/command.ts'
import type { Asking, Dialogue } from '../../src/commands/dialogue.ts'
import { GivenUp } from '../../src/commands/dialogue.ts'
import { Reading, readMail } from '../../src/commands/reader.ts'

/** What is typed at a question: Ctrl-C and Ctrl-D by their names. */
export type Typed = string | { readonly key: 'ctrl-c' | 'ctrl-d' }

export const ctrlC = { key: 'ctrl-c' } as const
export const ctrlD = { key: 'ctrl-d' } as const

export class Person implements Dialogue {
  columns = 80
  rows = 24
  unicode = true
  readonly escapes = true
  /** What was printed since the last question, and all before it. */
  readonly lines: string[] = []
  readonly asked: { readonly question: string; readonly asking: Asking }[] = []
  /** Is called with each line that is printed, before it is: may press keys, or do something behind the reader's back. */
  onPrint: (line: string) => void | Promise<void> = () => {}
  readonly #typed: Typed[]
  #work = new AbortController()

  constructor(typed: readonly Typed[]) {
    this.#typed = [...typed]
  }

  get signal(): AbortSignal {
    return this.#work.signal
  }

  get text(): string {
    return this.lines.join('\n')
  }

  /** Answers that nobody has asked for. */
  get left(): readonly Typed[] {
    return this.#typed
  }

  /** Ctrl-C while a command is at work. */
  interrupt(): void {
    this.#work.abort()
  }

  beginCommand(): void {
    if (this.#work.signal.aborted) this.#work = new AbortController()
  }

  async print(line: string): Promise<void> {
    this.#demand()
    await this.onPrint(line)
    this.#demand()
    this.lines.push(line)
  }

  async ask(question: string, asking: Asking = {}): Promise<string> {
    this.#demand()
    this.asked.push({ question, asking })
    const typed = this.#typed.shift()
    if (typed === undefined) throw new GivenUp('gone')
    if (typeof typed !== 'string') throw new GivenUp(typed.key === 'ctrl-c' ? 'interrupt' : 'end')
    this.lines.push(`${question}${typed}`)
    return typed
  }

  async key(): Promise<undefined> {
    return undefined
  }

  async draw(): Promise<void> {
    throw new Error('nothing is drawn')
  }

  #demand(): void {
    if (this.#work.signal.aborted) throw new GivenUp('interrupt')
  }
}

/** Opens the mailbox of an account, types, and leaves. @returns the person, with all that was said on leaving */
export async function reads(
  household: Household,
  typed: readonly Typed[],
  prepare: (person: Person) => void = () => {},
  name = 'alice',
): Promise<Person> {
  const account = household.accounts.find(name)
  if (!account) throw new Error(`no account ${name}`)
  const person = new Person(typed)
  prepare(person)
  try {
    const reading = new Reading(account, person, () => household)
    person.lines.push(...(await readMail(reading)))
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'GIVEN_UP') throw error
    person.lines.push(`(${error.message})`)
  }
  return person
}
