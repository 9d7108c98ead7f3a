/** One terminal, without I/O: octets in, events and octets out. What of it is shown: terminal/display.ts. */
import { budget } from '../base/budget.ts'
import type { Asking } from '../commands/dialogue.ts'
import { Display, type DisplayOptions } from '../terminal/display.ts'
import { History } from '../terminal/history.ts'
import { type Key, KeyDecoder, type Typed } from '../terminal/keys.ts'
import { more, moreAnswer, moreHint, Pager } from '../terminal/pager.ts'
import { Ahead, isNamed } from './ahead.ts'
import { Question, type QuestionEvent } from './question.ts'

export type ShellEvent =
  | { readonly type: 'need-input' }
  | QuestionEvent
  /** The key that was waited for. */
  | { readonly type: 'key'; readonly key: Key }
  /** The answer to --More--. */
  | { readonly type: 'more'; readonly answer: 'go-on' | 'stop' }
  /** Ctrl-C while no line is asked for. */
  | { readonly type: 'interrupt' }
  /** The terminal has said how large it is. */
  | { readonly type: 'sized' }

const needInput: ShellEvent = { type: 'need-input' }

/** The driver calls `next` and does what the event says, over and over, and writes what `takeOutput` gives. */
export class Shell {
  readonly #display: Display
  readonly #decoder = new KeyDecoder()
  readonly #pager = new Pager()
  #history = new History()
  #events: ShellEvent[] = []
  #question: Question | undefined
  #keyWanted = false
  /** What the question waits for before it goes on. */
  #held: 'offer' | 'help' | undefined
  readonly #ahead = new Ahead()
  /** How many keys were typed ahead before the first --More--: they are meant for what comes after the pages. */
  #reserved: number | undefined
  #hinted = false

  constructor(options: DisplayOptions) {
    this.#display = new Display(options)
  }

  get columns(): number {
    return this.#display.size.columns
  }

  get rows(): number {
    return this.#display.size.rows
  }

  get escapes(): boolean {
    return this.#display.escapes
  }

  /** Whether more than ASCII is shown. */
  get unicode(): boolean {
    return this.#display.charset === 'utf-8'
  }

  /** Octets to be written: a driver waits while the line has not taken those before. */
  get outputOctets(): number {
    this.#paint()
    return this.#display.octets
  }

  /** @returns what is to be written since the last call */
  takeOutput(): Buffer {
    this.#paint()
    return this.#display.take()
  }

  /** Whether an ESC came last: `lull` says that nothing has followed, so that it is a key. */
  get undecided(): boolean {
    return this.#decoder.undecided
  }

  /** @param octets any, at any time; not kept */
  feed(octets: Buffer): void {
    for (let at = 0; at < octets.length; at += budget.consoleSlice)
      this.#take(this.#decoder.decode(octets.subarray(at, at + budget.consoleSlice)))
  }

  /** Nothing has come for some tens of milliseconds. */
  lull(): void {
    this.#take(this.#decoder.lull())
  }

  next(): ShellEvent {
    if (this.#events.length === 0 && this.#held === 'help' && !this.#pager.full) this.#release()
    return this.#events.shift() ?? needInput
  }

  /** Asks a terminal that is not known whether it understands escapes, and one that does how large it is. */
  probe(): void {
    this.#display.probe()
  }

  /** Takes over the size that is known from elsewhere. */
  resize(columns: number, rows: number): void {
    this.#display.resize({ columns, rows })
  }

  /** Begins a question in place of the one before. What was typed ahead counts. */
  ask(question: string, asking: Asking = {}): void {
    this.rest()
    this.#question = new Question(question, asking, { display: this.#display, history: this.#history })
    this.#drain()
  }

  /** Waits for one key. One that was typed ahead counts. */
  key(): void {
    this.rest()
    this.#keyWanted = true
    this.#drain()
  }

  /** Nothing is asked any more: what is typed waits, but for Ctrl-C. A page begins anew, for a person has read it. */
  rest(): void {
    this.#keyWanted = false
    this.#question = undefined
    this.#held = undefined
    this.#events = this.#events.filter(({ type }) => type === 'interrupt' || type === 'sized')
    this.#display.unnote()
    this.#display.lift()
    this.#turnPage()
  }

  /** Somebody else is there now: nothing is left of what was typed and shown. */
  forget(): void {
    this.rest()
    this.page(false)
    this.#history = new History()
    this.#ahead.forget()
    this.#events = []
  }

  /**
   * Prints one line, above the question where there is one.
   * @returns false when --More-- is shown: nothing more is to be printed before the event `more`
   */
  print(line: string): boolean {
    if (this.#question) {
      this.#question.print(line)
      return true
    }
    const waiting = this.#pager.full
    for (const row of this.#pager.take(this.#display.rowsOf(line))) this.#display.row(row)
    if (!this.#pager.full) return true
    if (!waiting) this.#showMore()
    return false
  }

  /** Begins to count the rows of a page, or ends it. */
  page(on: boolean): void {
    this.#display.unnote()
    this.#pager.begin(on ? this.#page : undefined)
    this.#reserved = undefined
  }

  /** Shows a screen in place of what is there. */
  draw(lines: readonly string[]): void {
    this.#display.draw(lines)
    this.#turnPage()
  }

  bell(): void {
    this.#display.ring()
  }

  newline(): void {
    this.#display.lift()
    this.#display.row('')
  }

  /** Answers the event `complete`. @param candidates words that the last word before the cursor may become */
  offer(candidates: readonly string[]): void {
    if (this.#held !== 'offer') return
    this.#question?.offer(candidates)
    this.#release()
  }

  /** Rows of a page, above the one with --More--. */
  get #page(): number {
    return this.rows - 1
  }

  #take(all: readonly Typed[]): void {
    for (const typed of all) {
      if (typed.kind === 'report') this.#sized(this.#display.answer({ columns: typed.column, rows: typed.row }))
      else if (typed.kind === 'attributes') this.#sized(this.#display.answer(undefined))
      else if (this.#pager.full || isNamed(typed, 'ctrl-c') || !this.#ahead.cutsOff(typed)) this.#press(typed)
    }
  }

  #sized(sized: boolean): void {
    if (sized) this.#tell({ type: 'sized' })
  }

  #press(key: Key): void {
    const stop = isNamed(key, 'ctrl-c')
    // What was typed before Ctrl-C was a mistake, too.
    if (stop) this.#ahead.forget()
    if (stop && this.#reserved !== undefined) this.#reserved = 0
    if (this.#pager.full) this.#answerMore(key)
    else if (this.#question && (stop || !this.#held)) this.#edit(key, this.#question)
    else if (stop) this.#interrupt()
    else if (this.#keyWanted) this.#give(key)
    else this.#keep(key)
  }

  #keep(key: Key): void {
    if (!this.#ahead.keep(key)) this.#display.ring()
  }

  #give(key: Key): void {
    this.#keyWanted = false
    this.#tell({ type: 'key', key })
  }

  #interrupt(): void {
    this.#keyWanted = false
    this.#tell({ type: 'interrupt' })
  }

  #edit(key: Key, question: Question): void {
    const event = question.press(key)
    if (!event) return
    const over = event.type === 'line' || event.type === 'given-up'
    this.#held = over ? undefined : event.type === 'help' ? 'help' : 'offer'
    if (over) this.#question = undefined
    this.#tell(event)
  }

  /** The question goes on. */
  #release(): void {
    this.#held = undefined
    this.#drain()
  }

  /** Takes keys that were typed ahead, as long as somebody asks for them. */
  #drain(): void {
    while ((this.#question || this.#keyWanted) && !this.#held) {
      const key = this.#ahead.take()
      if (!key) return
      this.#press(key)
    }
  }

  #showMore(): void {
    this.#noteMore()
    this.#reserved ??= this.#ahead.length
    // Keys pressed since the first page were meant for the pages.
    while (this.#pager.full) {
      const key = this.#ahead.take(this.#reserved)
      if (!key) return
      this.#answerMore(key)
    }
  }

  #noteMore(): void {
    this.#hinted = false
    this.#display.note(more)
  }

  #answerMore(key: Key): void {
    const answer = moreAnswer(key)
    if (answer === 'hint') {
      this.#hint()
      return
    }
    this.#display.unnote()
    if (answer === 'stop') {
      this.#turnPage()
      this.#tell({ type: 'more', answer: 'stop' })
      return
    }
    for (const row of this.#pager.goOn(answer === 'page' ? this.#page : 1)) this.#display.row(row)
    if (this.#pager.full) this.#noteMore()
    else this.#tell({ type: 'more', answer: 'go-on' })
  }

  /** Once: whoever goes on pressing other keys hears a bell. */
  #hint(): void {
    if (this.#hinted) this.#display.ring()
    else this.#display.note(moreHint)
    this.#hinted = true
  }

  #turnPage(): void {
    this.#pager.turn(this.#page)
  }

  #tell(event: ShellEvent): void {
    const told = event.type === 'interrupt' || event.type === 'sized'
    if (!told || this.#events.at(-1)?.type !== event.type) this.#events.push(event)
  }

  #paint(): void {
    if (this.#held !== 'help') this.#question?.paint()
  }
}
