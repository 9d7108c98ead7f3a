/** Lets a few tasks run at once and a few more wait; what comes beyond that is turned away at once. */

export class Gate {
  #free: number
  readonly #places: number
  readonly #waiting: (() => void)[] = []

  /** @param atOnce tasks that run together @param places for tasks that wait */
  constructor(atOnce: number, places: number) {
    this.#free = atOnce
    this.#places = places
  }

  /** Runs a task in its turn. @returns its result, or undefined when every place is taken and it was not run */
  async run<Result>(task: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#free > 0) this.#free -= 1
    else if (this.#waiting.length >= this.#places) return undefined
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      // The turn goes straight to whoever waits: nobody can slip in between.
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
