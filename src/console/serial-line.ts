/** One serial line that is open: octets in and out, as slowly as the line is, until it is hung up. */
import { setTimeout } from 'node:timers/promises'
import type { ReadStream } from 'node:tty'
import { budget } from '../base/budget.ts'
import type { Transport } from '../commands/command.ts'

/** Bits on the line for each octet: start, 8 of data, stop. */
const bitsOfOctet = 10

export class SerialLine implements Transport {
  /** Resolves when the line is closed. */
  readonly closed: Promise<void>
  readonly #stream: ReadStream
  readonly #speed: number
  #open = true
  #closing = false
  #hungUp = false
  #wake: (() => void) | undefined
  /** When the line will have sent all that it took, by `performance.now`. */
  #sent = 0

  /**
   * @param stream owned from now on
   * @param speed bits a second
   */
  constructor(stream: ReadStream, speed: number) {
    this.#stream = stream
    this.#speed = speed
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    const gone = () => {
      this.#hungUp = true
      this.close()
    }
    // A hang-up is an end or an error (EIO), whichever of reading and writing meets it first.
    stream.on('end', gone).on('error', gone)
    stream.on('readable', () => this.#rouse())
    stream.on('close', () => {
      this.#open = false
      this.#rouse()
      resolve()
    })
  }

  get open(): boolean {
    return this.#open && !this.#closing
  }

  /** No more is read from the line until this chunk is dealt with; what then comes too fast the kernel throws away. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (!this.open) return undefined
      const chunk: Buffer | null = this.#stream.read()
      if (chunk !== null) return chunk
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when the line has taken it, or is hung up; it never rejects. One at a time. */
  async write(octets: Buffer): Promise<void> {
    if (octets.length === 0 || !this.open) return
    const before = this.#sent
    this.#sent = Number.POSITIVE_INFINITY
    const written = new Promise<void>(resolve => this.#stream.write(octets, () => resolve()))
    await Promise.race([written, this.closed])
    this.#sent = Math.max(before, performance.now()) + this.#sendingMs(Math.min(octets.length, budget.lineUnsent))
  }

  /** Reading and writing end at once; what the line has taken is still sent. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#rouse()
    void this.#leave()
  }

  /** To close a line that has not sent everything makes the kernel wait, and us with it: so that is waited for here. */
  async #leave(): Promise<void> {
    const unsentMs = Math.min(this.#sent - performance.now(), this.#sendingMs(budget.lineUnsent))
    if (!this.#hungUp && unsentMs > 0) await setTimeout(unsentMs)
    this.#stream.destroy()
  }

  #sendingMs(octets: number): number {
    return (octets * bitsOfOctet * 1000) / this.#speed
  }

  #rouse(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
