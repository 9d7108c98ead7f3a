/** What a program shows, as it comes, for a test that reads along. */

export class Shown {
  /** Everything so far. */
  text = ''
  #read = 0
  #over = false
  #wake = Promise.withResolvers<void>()

  /** Everything up to the end of what was waited for last. */
  get seen(): string {
    return this.text.slice(0, this.#read)
  }

  add(text: string): void {
    this.text += text
    this.#rouse()
  }

  /** Nothing more will come. */
  end(): void {
    this.#over = true
    this.#rouse()
  }

  /** Waits until this comes, behind what was waited for before. @returns everything since then, up to its end */
  async until(wanted: string | RegExp): Promise<string> {
    for (;;) {
      const end = this.#find(wanted)
      if (end !== undefined) {
        const passage = this.text.slice(this.#read, end)
        this.#read = end
        return passage
      }
      if (this.#over) throw new Error(`It ended without "${wanted}":\n${this.text}`)
      await this.#wake.promise
    }
  }

  #find(wanted: string | RegExp): number | undefined {
    if (typeof wanted === 'string') {
      const at = this.text.indexOf(wanted, this.#read)
      return at < 0 ? undefined : at + wanted.length
    }
    const match = wanted.exec(this.text.slice(this.#read))
    return match ? this.#read + match.index + match[0].length : undefined
  }

  #rouse(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }
}
