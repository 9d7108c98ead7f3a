/** What the sender has to say and nobody has written yet: command lines leave in one write, large blocks uncopied. */
import { budget } from '../base/budget.ts'

const CRLF = Buffer.from('\r\n')
// A line that held one could be two commands.
const control = /[\0-\x1f\x7f]/

export class Outgoing {
  #pieces: Buffer[] = []
  #octets = 0

  /** True when nothing waits to be written. */
  get empty(): boolean {
    return this.#octets === 0
  }

  /** True when it is time to write: until then only so much is gathered. */
  get full(): boolean {
    return this.#octets >= budget.output
  }

  /** Adds a command line. @throws if it holds a control character */
  line(text: string): void {
    // The text is not shown: it may be a password.
    if (control.test(text)) throw new Error('a command line holds a control character')
    this.block(Buffer.from(text))
    this.block(CRLF)
  }

  /** Adds octets; borrowed until they have been written. */
  block(octets: Buffer): void {
    this.#pieces.push(octets)
    this.#octets += octets.length
  }

  /** @returns everything, and forgets it; a block that stands alone is returned as it is */
  take(): Buffer {
    const [only, ...more] = this.#pieces
    const octets = only && more.length === 0 ? only : Buffer.concat(this.#pieces)
    this.drop()
    return octets
  }

  drop(): void {
    this.#pieces = []
    this.#octets = 0
  }
}
