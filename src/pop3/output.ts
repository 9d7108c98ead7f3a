/** What a session has to say and nobody has written yet: many small answers leave in one write, large blocks uncopied. */
import { budget } from '../base/budget.ts'
import { type Consent, encodeResponse, type Refusal } from './response.ts'

/** Octets from which a block is kept as it is. A smaller one is copied: kept, it could pin a large buffer behind it. */
const whole = 4096
const empty = Buffer.alloc(0)

/** Ends every multi-line answer: RFC 1939 §3. */
export const lastLine = '.\r\n'

export class Output {
  #blocks: Buffer[] = []
  /** Small pieces behind the blocks, one character an octet: V8 joins short strings for less than Buffers cost. */
  #small = ''
  #octets = 0
  /** The rest of a multi-line answer. */
  #lines: Iterator<string> | undefined

  /** True when it is time to write: until then only so much is gathered. */
  get full(): boolean {
    return this.#octets >= budget.output
  }

  /** True while a multi-line answer is not complete. */
  get listing(): boolean {
    return this.#lines !== undefined
  }

  answer(answer: Consent | Refusal): void {
    this.text(encodeResponse(answer))
  }

  /** Begins to add the lines of an answer; `list` goes on with it. */
  begin(lines: Iterator<string>): void {
    this.#lines = lines
  }

  /** Adds lines until the answer is complete or the output is full: no listing is ever held whole. */
  list(): void {
    while (this.#lines !== undefined && !this.full) {
      const line = this.#lines.next()
      if (line.done) this.#lines = undefined
      this.text(line.done ? lastLine : `${line.value}\r\n`)
    }
  }

  /** Adds text of one octet a character. */
  text(text: string): void {
    this.#small += text
    this.#octets += text.length
  }

  /** Adds octets; a large block is borrowed until it has been written. */
  block(octets: Buffer): void {
    if (octets.length < whole) {
      this.text(octets.toString('latin1'))
      return
    }
    this.#settle()
    this.#blocks.push(octets)
    this.#octets += octets.length
  }

  /** @returns everything, and forgets it; a large block that stands alone is returned as it is */
  take(): Buffer {
    this.#settle()
    const [first = empty, ...more] = this.#blocks
    this.#blocks = []
    this.#octets = 0
    return more.length === 0 ? first : Buffer.concat([first, ...more])
  }

  #settle(): void {
    if (this.#small === '') return
    this.#blocks.push(Buffer.from(this.#small, 'latin1'))
    this.#small = ''
  }
}
