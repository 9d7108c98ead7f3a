/** How the set-up talks: a question with its present answer, a choice, a change that is made at once; `back` at any of them. */
import type { Written } from '../base/toml.ts'
import { writeToml } from '../base/toml.ts'
import { wrap } from '../base/words.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { type Change, type Configuration, Seen } from './configuration.ts'
import type { Dialogue } from './dialogue.ts'

/** Where it goes from a step. */
export type Way = 'on' | 'back' | 'again'

/** One thing that is settled in one go. */
export type Step = {
  /** Kept while it is under way, so that it goes on there. */
  readonly name: string
  readonly title: string
  /** Why it is asked, in a sentence or two. */
  explain(guide: Guide): Lines
  /** @throws Failure what cannot be done as it was answered: it is said, and asked again */
  run(guide: Guide): Promise<Way>
}

/** A question for one line. */
export type Question = {
  readonly question: string
  /** What Enter alone stands for. */
  readonly present?: string
  complete?(line: string): readonly string[]
  /** @returns what is wrong with an answer, in a sentence */
  check?(answer: string): string | undefined
}

/** Said where somebody asks for help instead of answering. */
const rules =
  'Enter takes what stands in [ ]. Type back for the step before; Ctrl-C leaves, and it goes on from there next time.'
/** Words of somebody who is lost, or wants to go: no name of anything here. */
const notAnswers: Readonly<Record<string, string>> = {
  '?': rules,
  help: rules,
  quit: 'To leave the set-up, press Ctrl-C.',
  exit: 'To leave the set-up, press Ctrl-C.',
  logout: 'To leave the set-up, press Ctrl-C.',
}

/** One of several answers, by number or by word. */
export type Option<Word extends string> = { readonly word: Word; readonly says: string }

export class Guide {
  readonly dialogue: Dialogue
  readonly call: Call
  readonly context: Context
  /** Questions that were answered. */
  answered = 0
  /** The settings as they were when the step began. */
  #seen = new Seen()

  constructor(call: Call, context: Context, dialogue: Dialogue) {
    this.call = call
    this.context = context
    this.dialogue = dialogue
  }

  /** That of the server as it is: it may have been started anew. */
  get household(): Household {
    return this.context.house?.household ?? this.context.household
  }

  get configuration(): Configuration {
    return this.household.configuration ?? refuse('The configuration cannot be changed from here.')
  }

  /** A setting that is a text, as it is in the file. */
  text(key: string): string {
    const value = this.configuration.value(key)
    return typeof value === 'string' ? value : ''
  }

  /** A step begins: what it shows is what is so now. */
  async look(): Promise<void> {
    await this.configuration.look()
    this.#seen = new Seen()
    this.#seen.note(this.configuration)
  }

  /** How to answer, and how to leave. */
  get rules(): string {
    return rules
  }

  async say(...lines: Lines): Promise<void> {
    for (const line of lines) await this.context.print(line)
  }

  /** @returns undefined when the person wants to go back */
  async ask({ question, present = '', complete, check }: Question): Promise<string | undefined> {
    const shown = present === '' ? `${question}: ` : `${question} [${present}]: `
    for (;;) {
      const typed = (await this.dialogue.ask(shown, complete ? { complete } : {})).trim()
      this.answered += 1
      if (typed === 'back') return undefined
      const answer = typed === '' ? present : typed
      const problem = Object.hasOwn(notAnswers, typed) ? notAnswers[typed] : check?.(answer)
      if (problem === undefined) return answer
      await this.say(problem)
    }
  }

  /** @returns undefined when the person wants to go back */
  async choose<Word extends string>(options: readonly Option<Word>[], present: Word): Promise<Word | undefined> {
    for (const [i, { word, says }] of options.entries()) {
      const rows = wrap(`${says}${word === present ? ' (now)' : ''}`, this.context.width - 5)
      await this.say(...rows.map((row, at) => (at === 0 ? `  ${i + 1}  ` : '     ') + row))
    }
    const numbers = options.length === 2 ? '1 or 2' : `a number from 1 to ${options.length}`
    const find = (answer: string) =>
      options.find(({ word }, i) => word === answer.toLowerCase() || String(i + 1) === answer)
    const answer = await this.ask({
      question: 'Number',
      present: String(options.findIndex(({ word }) => word === present) + 1),
      check: answer => (find(answer) ? undefined : `Type ${numbers}.`),
    })
    return answer === undefined ? undefined : find(answer)?.word
  }

  /** @returns undefined when the person wants to go back */
  async agree(question: string, present: 'yes' | 'no'): Promise<boolean | undefined> {
    const check = (answer: string) => (/^(y|yes|n|no)$/i.test(answer) ? undefined : 'Type yes or no.')
    const answer = await this.ask({ question, present, check })
    return answer === undefined ? undefined : /^y/i.test(answer)
  }

  /** Typed without being shown. @returns undefined when the person wants to go back */
  async askHidden(question: string): Promise<string | undefined> {
    const typed = await this.dialogue.ask(question, { hidden: true })
    this.answered += 1
    return typed === 'back' ? undefined : typed
  }

  /** Changes settings together; those that are so already are left out. @throws Failure as `Configuration.change` */
  async apply(settings: Readonly<Record<string, Written>>): Promise<void> {
    const changes: readonly Change[] = Object.entries(settings).filter(
      ([key, value]) => this.configuration.written(key) !== writeToml(value),
    )
    if (changes.length === 0) return
    await this.configuration.change(changes, key => this.#seen.get(key))
    // At the prompt behind the set-up, too, it is known who has changed it.
    this.context.seen?.note(
      this.configuration,
      changes.map(([key]) => key),
    )
  }
}
