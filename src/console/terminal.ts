/** A person's terminal at the end of a line: joins the shell, which knows no I/O, and the transport. */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { Pace } from '../base/pace.ts'
import type { Transport } from '../commands/command.ts'
import { type Asking, type Dialogue, GivenUp, type How, type Key } from '../commands/dialogue.ts'
import type { Shell, ShellEvent } from './shell.ts'

/** What is waited for: the event that answers it comes from the person. */
type Waiting = {
  readonly for: 'line' | 'key' | 'more'
  settle(event: ShellEvent | undefined): void
  leave(how: How): void
}

/** Milliseconds within which the octets of one key come, even at 9,600 bits a second. */
const lullMs = 100

/** Ctrl-D, as if it had been typed: the last octet of an input that is no terminal's. */
export const endOfInput = 0x04

type TerminalOptions = {
  readonly shell: Shell
  readonly transport: Transport
  /** Milliseconds without a key after which the person counts as gone; 0 is never. Asked each time, for it may change. */
  readonly idleMs: () => number
  /** Whether what is longer than the screen is shown in pages: true unless nobody is there to turn them. */
  readonly paged?: boolean
}

/** `run` reads until the line is gone; everything else is for the one who talks over it, one thing at a time. */
export class Terminal implements Dialogue {
  readonly #shell: Shell
  readonly #transport: Transport
  readonly #idleMs: () => number
  readonly #paged: boolean
  #waiting: Waiting | undefined
  #asking: Asking = {}
  #work = new AbortController()
  #left: 'idle' | 'gone' | undefined
  #attended = false
  #idle: NodeJS.Timeout | undefined
  #lull: NodeJS.Timeout | undefined
  /** Nothing more will be typed: whoever asks is told so. */
  #over = false
  #writing: Promise<void> | undefined
  readonly #pace = new Pace()
  /** Alerts that came while no question was on the screen. */
  #alerts: string[] = []

  constructor({ shell, transport, idleMs, paged = true }: TerminalOptions) {
    this.#shell = shell
    this.#transport = transport
    this.#idleMs = idleMs
    this.#paged = paged
  }

  get columns(): number {
    return this.#shell.columns
  }

  get rows(): number {
    return this.#shell.rows
  }

  get unicode(): boolean {
    return this.#shell.unicode
  }

  get escapes(): boolean {
    return this.#shell.escapes
  }

  /** That of the command under way. */
  get signal(): AbortSignal {
    return this.#work.signal
  }

  /** Why nobody is there any more; undefined while somebody is. */
  get left(): 'idle' | 'gone' | undefined {
    return this.#left
  }

  /** Reads what is typed, until the line is gone. */
  async run(): Promise<void> {
    while (this.#transport.open) {
      await this.flush()
      const chunk = await this.#transport.read()
      if (chunk === undefined) break
      this.#touched()
      await this.#take(chunk)
      this.#awaitLull()
      if (!this.#paged && chunk.at(-1) === endOfInput) this.#end()
    }
    this.leave('gone')
  }

  /** A key may cost a tenth of a millisecond, and a chunk has thousands of them. */
  async #take(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += budget.consoleSlice) {
      this.#shell.feed(chunk.subarray(at, at + budget.consoleSlice))
      this.#deal()
      await this.#pace.step()
    }
  }

  /** Nobody is there yet: nothing is left of whoever was, and time does not count. */
  vacate(): void {
    if (this.#left === 'idle') this.#left = undefined
    this.#attended = false
    clearTimeout(this.#idle)
    this.#alerts = []
    this.#shell.forget()
    this.#renew()
  }

  /** Somebody has come. */
  begin(): void {
    this.#attended = true
    this.#touched()
  }

  /** Nobody is there any more: what waits for them is given up, and what is under way stops. */
  leave(how: 'idle' | 'gone'): void {
    if (this.#left !== 'gone') this.#left = how
    clearTimeout(this.#idle)
    clearTimeout(this.#lull)
    this.#work.abort()
    this.#waiting?.leave(how)
  }

  /** Asks the terminal what it is. */
  probe(): Promise<void> {
    this.#shell.probe()
    return this.flush()
  }

  /** A command begins: its pages are counted from here, and Ctrl-C is meant for it. */
  beginCommand(): void {
    this.#renew()
    this.#shell.page(this.#paged)
  }

  working(): void {
    this.#shell.page(this.#paged)
    this.#touched()
  }

  endCommand(): void {
    this.#shell.page(false)
    this.#renew()
  }

  async print(line: string): Promise<void> {
    this.#demand()
    if (!this.#shell.print(line)) {
      const event = await this.#waitFor('more')
      if (event?.type === 'more' && event.answer === 'stop') {
        this.#work.abort()
        throw new GivenUp('interrupt')
      }
    }
    await this.flush()
    // A fast line takes everything at once.
    await this.#pace.step()
  }

  async ask(question: string, asking: Asking = {}): Promise<string> {
    this.#demand()
    for (const alert of this.#alerts.splice(0)) this.#shell.print(alert)
    this.#asking = asking
    this.#shell.ask(question, asking)
    const event = await this.#waitFor('line')
    await this.flush()
    if (event?.type === 'line') return event.text
    throw new GivenUp(event?.type === 'given-up' ? event.how : 'interrupt')
  }

  async key(ms?: number): Promise<Key | undefined> {
    this.#demand()
    this.#shell.key()
    const event = await this.#waitFor('key', ms)
    if (event?.type === 'interrupt') throw new GivenUp('interrupt')
    return event?.type === 'key' ? event.key : undefined
  }

  draw(lines: readonly string[]): Promise<void> {
    this.#demand()
    this.#shell.draw(lines)
    return this.flush()
  }

  /** Says something between the lines: at once above a question, else before the next one, as where the line takes nothing. */
  alert(line: string): void {
    if (this.#left !== undefined) return
    if (this.#waiting?.for === 'line' && this.#shell.outputOctets <= budget.consoleBehind) {
      this.#shell.print(line)
      void this.flush()
    } else if (this.#alerts.length < budget.consoleAlerts) {
      this.#alerts.push(line)
    }
  }

  /** Resolves when the line has taken what was to be written. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
    if (this.#shell.outputOctets === 0) return
    this.#writing = this.#write()
    try {
      await this.#writing
    } finally {
      this.#writing = undefined
    }
  }

  async #write(): Promise<void> {
    while (this.#shell.outputOctets > 0) {
      const octets = this.#shell.takeOutput()
      if (this.#transport.open) await this.#transport.write(octets)
    }
  }

  /** An ESC that nothing follows is a key; of one that begins a sequence the rest comes at once. */
  #awaitLull(): void {
    clearTimeout(this.#lull)
    if (!this.#shell.undecided) return
    this.#lull = setTimeout(() => {
      this.#shell.lull()
      this.#deal()
      void this.flush()
    }, lullMs)
  }

  /** Gives what was typed to whom it is for. */
  #deal(): void {
    for (;;) {
      const event = this.#shell.next()
      switch (event.type) {
        case 'need-input':
          return
        case 'line':
        case 'given-up':
          this.#settle('line', event)
          break
        case 'key':
        case 'more':
          this.#settle(event.type, event)
          break
        case 'complete':
          void this.#complete(event.line)
          break
        case 'help':
          for (const line of this.#asking.help?.(event.line) ?? []) this.#shell.print(line)
          break
        case 'interrupt':
          this.#work.abort()
          this.#settle('key', event)
          break
        case 'sized':
          break
        default:
          event satisfies never
      }
    }
  }

  async #complete(line: string): Promise<void> {
    const asking = this.#asking
    // The next Tab may stand behind this one.
    await this.#pace.step()
    const candidates = await candidatesOf(line, asking)
    // The question may be answered by now.
    if (this.#waiting?.for !== 'line' || this.#asking !== asking) return
    this.#shell.offer(candidates)
    // What was typed behind Tab has waited for this.
    this.#deal()
    await this.flush()
  }

  #end(): void {
    this.#over = true
    this.#waiting?.leave('end')
  }

  #settle(what: Waiting['for'], event: ShellEvent): void {
    if (this.#waiting?.for === what) this.#waiting.settle(event)
  }

  /** @returns undefined when the time is over */
  async #waitFor(what: Waiting['for'], ms?: number): Promise<ShellEvent | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<ShellEvent | undefined>()
    // It may be given up while the question is still on its way out.
    promise.catch(() => {})
    const late = ms === undefined ? undefined : setTimeout(resolve, ms, undefined)
    this.#waiting = {
      for: what,
      // Whoever waits comes to it later; what was typed ahead must not be taken for the answer until then.
      settle: event => {
        this.#waiting = undefined
        resolve(event)
      },
      leave: how => reject(new GivenUp(how)),
    }
    try {
      // What was typed ahead may be the answer.
      this.#deal()
      if (this.#over) this.#waiting?.leave('end')
      await this.flush()
      return await promise
    } finally {
      clearTimeout(late)
      this.#waiting = undefined
      if (what !== 'more') this.#shell.rest()
    }
  }

  #demand(): void {
    if (this.#left !== undefined) throw new GivenUp(this.#left)
    // Stopped, and still talking: a command that does not look at its signal ends here.
    if (this.#work.signal.aborted) throw new GivenUp('interrupt')
  }

  #renew(): void {
    if (this.#work.signal.aborted && this.#left === undefined) this.#work = new AbortController()
  }

  #touched(): void {
    clearTimeout(this.#idle)
    const ms = this.#attended ? this.#idleMs() : 0
    if (ms > 0 && this.#left === undefined) this.#idle = setTimeout(() => this.leave('idle'), ms)
  }
}

/** What the store cannot tell just now is not offered. */
async function candidatesOf(line: string, asking: Asking): Promise<readonly string[]> {
  try {
    return (await asking.complete?.(line)) ?? []
  } catch (error) {
    if (error instanceof Failure) return []
    throw error
  }
}
