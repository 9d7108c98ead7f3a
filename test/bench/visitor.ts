/** A person at a console in memory: as fast as can be, and holding next to nothing of what is shown. */
import { stripVTControlCharacters } from 'node:util'
import type { Transport } from '../../src/commands/command.ts'
import type { Screen } from '../../src/console/control.ts'
import { type Office, serveVisitor } from '../../src/console/session.ts'

/** Characters at the end of what is shown: a prompt is looked for in them. */
const tailLength = 300

export const screen: Screen = { columns: 80, rows: 24, escapes: true, unicode: true, paged: true }

export class Visitor {
  /** Resolves when the console is closed. */
  readonly over: Promise<void>
  readonly #typed: Buffer[] = []
  #tail = ''
  #open = true
  readonly #turnsPages: boolean
  #reader = Promise.withResolvers<void>()
  #watcher = Promise.withResolvers<void>()

  /**
   * @param words of one command; none for a prompt
   * @param turnsPages whether --More-- is answered at once
   */
  constructor(office: Office, words: readonly string[], { turnsPages = true } = {}) {
    this.#turnsPages = turnsPages
    this.over = serveVisitor(this.#transport(), screen, words, office)
  }

  /** Waits until what is shown ends with this; then it counts as read. */
  async until(end: string): Promise<void> {
    while (!this.#plain().endsWith(end)) {
      await this.#watcher.promise
      if (!this.#open) throw new Error(`closed before "${end}" was shown; the end was: ${this.#tail}`)
    }
    this.#tail = ''
  }

  type(keys: string): void {
    this.#typed.push(Buffer.from(keys))
    this.#reader.resolve()
  }

  /** Pulls the plug. */
  leave(): Promise<void> {
    this.#open = false
    this.#reader.resolve()
    return this.over
  }

  #plain(): string {
    return stripVTControlCharacters(this.#tail)
  }

  #transport(): Transport {
    const visitor = this
    return {
      get open() {
        return visitor.#open
      },
      read: async () => {
        while (visitor.#typed.length === 0 && visitor.#open) {
          await visitor.#reader.promise
          visitor.#reader = Promise.withResolvers()
        }
        return visitor.#typed.shift()
      },
      write: async octets => {
        visitor.#show(octets)
      },
      close: () => {
        visitor.#open = false
        visitor.#reader.resolve()
        visitor.#watcher.resolve()
      },
    }
  }

  #show(octets: Buffer): void {
    this.#tail = (this.#tail + octets.toString('latin1', Math.max(0, octets.length - tailLength))).slice(-tailLength)
    if (this.#turnsPages && this.#plain().endsWith('--More--')) {
      this.#tail = ''
      setImmediate(() => this.type(' '))
    }
    this.#watcher.resolve()
    this.#watcher = Promise.withResolvers()
  }
}
