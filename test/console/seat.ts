/** A shell with a screen before it and somebody who types: what a driver does, without a line. */
import { test } from 'node:test'
import type { Asking } from '../../src/commands/dialogue.ts'
import { Shell, type ShellEvent } from '../../src/console/shell.ts'
import { Screen } from '../terminal/screen.ts'

export type SeatOptions = {
  readonly columns?: number
  readonly rows?: number
  /** Whether the terminal understands escapes. */
  readonly escapes?: boolean
  readonly charset?: 'utf-8' | 'ascii'
  /** The shell has to find out what the terminal is. */
  readonly unknown?: boolean
  /** Octets that arrive together. */
  readonly step?: number
}

export class Seat {
  readonly shell: Shell
  readonly screen: Screen
  /** Everything written, one character for each octet. */
  wire = ''
  /** Events since they were last taken, but for `complete` and `help`, which are answered. */
  #events: ShellEvent[] = []
  #asking: Asking = {}
  readonly #step: number

  constructor(options: SeatOptions = {}) {
    const { columns = 40, rows = 8, escapes = true, charset = 'utf-8', unknown = false, step = 65_536 } = options
    this.screen = new Screen({ columns, rows, escapes })
    this.shell = new Shell(unknown ? { charset } : { charset, columns, rows, escapes })
    this.#step = step
  }

  /** @returns the events so far, in short */
  get events(): string {
    return this.#events.splice(0).map(eventWords).join(' ')
  }

  ask(question: string, asking: Asking = {}): this {
    this.#asking = asking
    this.shell.ask(question, asking)
    return this.deal()
  }

  type(keys: string | Buffer): this {
    const octets = Buffer.from(keys)
    for (let at = 0; at < octets.length; at += this.#step) {
      const chunk = Buffer.from(octets.subarray(at, at + this.#step))
      this.shell.feed(chunk)
      chunk.fill('!')
      this.deal()
    }
    return this
  }

  /** Prints lines until --More--. @returns those that are left */
  print(...lines: readonly string[]): readonly string[] {
    const shown = lines.findIndex(line => !this.shell.print(line))
    this.deal()
    return shown < 0 ? [] : lines.slice(shown + 1)
  }

  deal(): this {
    for (let event = this.shell.next(); event.type !== 'need-input'; event = this.shell.next()) {
      if (event.type === 'complete') {
        const found = this.#asking.complete?.(event.line)
        if (Array.isArray(found)) this.shell.offer(found)
      } else if (event.type === 'help') {
        for (const line of this.#asking.help?.(event.line) ?? []) this.shell.print(line)
      } else {
        this.#events.push(event)
      }
    }
    const octets = this.shell.takeOutput()
    this.wire += octets.toString('latin1')
    this.screen.show(octets)
    const answers = this.screen.takeAnswers()
    return answers === '' ? this : this.type(answers)
  }
}

export const key = { left: '\x1b[D', right: '\x1b[C', up: '\x1b[A', down: '\x1b[B' } as const

/** A test that runs at each of several sizes of what arrives together. */
export function atEachStep(name: string, options: SeatOptions, run: (seat: Seat) => void): void {
  test(name, () => {
    for (const step of [1, 2, 7, 65_536]) run(new Seat({ ...options, step }))
  })
}

export function eventWords(event: ShellEvent): string {
  switch (event.type) {
    case 'line':
      return `line(${event.text})`
    case 'given-up':
      return `given-up(${event.how})`
    case 'key':
      return `key(${event.key.kind === 'named' ? event.key.name : event.key.text})`
    case 'more':
      return `more(${event.answer})`
    default:
      return event.type
  }
}
