/** What a machine shows on its serial line, read along with patience, and answered as a VT100 of 80 by 24 would. */
import { Shown } from '../../support/shown.ts'

const enquiry = '\x1b[6n'
const position = '\x1b[24;80R'
/** Characters of the end that a failure quotes. */
const quoted = 6000

export class Screen {
  readonly #shown = new Shown()
  readonly #type: (keys: string) => void
  #answered = 0

  /** @param type sends octets to the machine */
  constructor(type: (keys: string) => void) {
    this.#type = type
  }

  get text(): string {
    return this.#shown.text
  }

  add(text: string): void {
    this.#shown.add(text)
    const { text: all } = this.#shown
    for (let at = all.indexOf(enquiry, this.#answered); at >= 0; at = all.indexOf(enquiry, this.#answered)) {
      this.#answered = at + enquiry.length
      this.#type(position)
    }
  }

  /** The machine is off. */
  end(): void {
    this.#shown.end()
  }

  /** Waits until this is shown, behind what was waited for before. @returns everything since then, up to its end */
  async shows(wanted: string | RegExp, patienceMs: number): Promise<string> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error('late')), patienceMs)
    try {
      return await Promise.race([this.#shown.until(wanted), late.promise])
    } catch {
      const { text, seen } = this.#shown
      const unread = text.slice(seen.length).slice(-quoted)
      throw new Error(
        `"${wanted}" was not shown within ${patienceMs / 1000} s. Since the last that was:\n${unread || text.slice(-quoted)}`,
      )
    } finally {
      clearTimeout(timer)
    }
  }
}
