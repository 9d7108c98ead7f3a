/**
 * The light of the board: on while all is well, a short blink when mail moves, slow blinking when somebody should look.
 * It is switched by hand: the kernel's own ways to blink have files that belong to root alone.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { budget } from '../base/budget.ts'
import { codeOf } from '../base/failure.ts'
import type { Log } from '../base/log.ts'

type LedOptions = {
  /** `/sys/class/leds/ACT`. */
  readonly folder: string
  /** Whether somebody should look. */
  readonly attention: () => boolean
  readonly log: Log
  /** Milliseconds of a half of the slow blinking, and of a short blink; others in tests. */
  readonly slowMs?: number
  readonly shortMs?: number
}

export class Led {
  readonly #options: LedOptions
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #lit: boolean | undefined
  #moved = false
  #wake = new AbortController()

  constructor(options: LedOptions) {
    this.#options = options
    this.#done = this.#run()
  }

  /** Mail moves: one blink, however much moves meanwhile. */
  blink(): void {
    this.#moved = true
    this.#wake.abort()
  }

  /** Leaves it dark. */
  async close(): Promise<void> {
    this.#stopping.abort()
    this.#wake.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { attention, slowMs = budget.ledSlowMs, shortMs = budget.ledShortMs } = this.#options
    await this.#write('trigger', 'none')
    while (!this.#stopping.signal.aborted) {
      const asked = attention()
      if (asked || this.#moved) {
        this.#moved = false
        await this.#show(false)
        await this.#pause(asked ? slowMs : shortMs)
      }
      await this.#show(true)
      // As long as it was dark at least, so that it can be seen; then until something moves, or for a look.
      await this.#pause(asked ? slowMs : shortMs)
      if (!asked && !this.#moved) await this.#rest(slowMs)
    }
    await this.#show(false)
  }

  #pause(ms: number): Promise<void> {
    return this.#sleep(ms, this.#stopping.signal)
  }

  #rest(ms: number): Promise<void> {
    this.#wake = new AbortController()
    return this.#sleep(ms, AbortSignal.any([this.#wake.signal, this.#stopping.signal]))
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await setTimeout(ms, undefined, { signal, ref: false }).catch(() => {})
  }

  async #show(lit: boolean): Promise<void> {
    if (lit === this.#lit) return
    this.#lit = lit
    // Some are brighter with more; each takes 1 as on.
    await this.#write('brightness', lit ? '1' : '0')
  }

  /** A light that cannot be switched is no reason for anything else. */
  async #write(name: string, text: string): Promise<void> {
    try {
      await writeFile(join(this.#options.folder, name), text, { flag: 'r+' })
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      this.#options.log.warn({ why: codeOf(error) }, 'the light of the board cannot be switched')
      this.#stopping.abort()
    }
  }
}
