/** Keys that were typed and that nobody has asked for yet: bounded, and in whole lines, for half of one is another command. */
import { budget } from '../base/budget.ts'
import type { Key } from '../terminal/keys.ts'

export class Ahead {
  #keys: Key[] = []
  /** Keys were dropped since any have been asked for: those behind them are dropped, too. */
  #dropped = false
  /** The beginning of the line that is being typed was dropped. */
  #cut = false

  get length(): number {
    return this.#keys.length
  }

  /** @returns false for one that begins to be dropped: a person should hear of it */
  keep(key: Key): boolean {
    const dropped = this.#dropped
    if (!dropped && this.#keys.length < budget.consoleAhead) {
      this.#keys.push(key)
      return true
    }
    this.#dropped = true
    this.#cut = !isNamed(key, 'enter')
    this.#keys.length = this.#keys.findLastIndex(key => isNamed(key, 'enter')) + 1
    return dropped
  }

  /** Whether a key belongs to a line that was dropped, wherever it would go. To be asked once for each. */
  cutsOff(key: Key): boolean {
    if (!this.#cut) return false
    this.#cut = !isNamed(key, 'enter')
    return true
  }

  /** Takes the oldest key out, or that behind so many. */
  take(behind = 0): Key | undefined {
    this.#dropped = false
    const [key] = this.#keys.splice(behind, 1)
    return key
  }

  forget(): void {
    this.#keys = []
    this.#dropped = false
    this.#cut = false
  }
}

/** @param name as of the named keys */
export function isNamed(key: Key, name: string): boolean {
  return key.kind === 'named' && key.name === name
}
