/** Work that takes long in one piece: others have their turn in between. */
import { setImmediate } from 'node:timers/promises'
import { budget } from './budget.ts'

/** One for each piece of work. */
export class Pace {
  #since = performance.now()

  /** To be waited for at every small step. Resolves at once until the work has had its share of time. */
  async step(): Promise<void> {
    if (performance.now() - this.#since < budget.turnMs) return
    await setImmediate()
    this.#since = performance.now()
  }
}
