/** Says lines that nobody waits for, one after the other, to somebody who may be slower than they come, or gone. */
import { budget } from '../base/budget.ts'
import type { Context } from './command.ts'
import { counted } from './shown.ts'

export class Aloud {
  readonly #print: Context['print']
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #missed = 0

  constructor(print: Context['print']) {
    this.#print = print
  }

  /** Where too many wait to be said, it is left out. */
  say(line: string): void {
    if (this.#waiting >= budget.repairBehind) {
      this.#missed += 1
      return
    }
    this.#waiting += 1
    this.#last = this.#last.then(() => this.#utter(line))
  }

  /** Resolves when all is said. */
  async end(): Promise<void> {
    await this.#last
    if (this.#missed > 0) await this.#utter(`(${counted(this.#missed, 'line')} came too fast to be shown.)`)
  }

  /** Whoever does not want to hear it does not stop what it is about. */
  async #utter(line: string): Promise<void> {
    await this.#print(line).catch(() => {})
    this.#waiting -= 1
  }
}
