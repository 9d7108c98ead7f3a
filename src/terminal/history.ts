/** The lines that the arrow up brings back, newest last. */
import { budget } from '../base/budget.ts'

export class History {
  readonly #lines: string[] = []
  #length = 0

  get length(): number {
    return this.#lines.length
  }

  /** @param at 0 is the oldest */
  line(at: number): string | undefined {
    return this.#lines[at]
  }

  /** Keeps a line, unless it says nothing or what the one before it said. */
  add(line: string): void {
    if (line.trim() === '' || line === this.#lines.at(-1)) return
    this.#lines.push(line)
    this.#length += line.length
    while (this.#lines.length > budget.consoleHistory || this.#length > budget.consoleHistoryText) {
      this.#length -= this.#lines.shift()?.length ?? 0
    }
  }
}
