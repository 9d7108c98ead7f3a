/**
 * The watchdog of the board: hardware that starts it anew when nobody writes to it for a while. It is fed from the event loop,
 * by a plain timer and a write that waits for nobody: when the loop hangs, the board comes back by itself.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { codeOf } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Board } from './board.ts'

/** What disarms it when it is written last: Linux, watchdog-api. */
const goodbye = 'V'

type WatchdogOptions = {
  readonly device: string
  readonly log: Log
  readonly clock: Clock
  /** Whether the board is being switched off, by our own wish. */
  readonly switchesOff: () => boolean
  /** Milliseconds between two feedings; another one in tests. */
  readonly everyMs?: number
  /** Milliseconds in which the server has to be ready. */
  readonly startMs?: number
}

export class Watchdog implements Disposable {
  readonly #options: WatchdogOptions
  readonly #timer: NodeJS.Timeout
  readonly #begun: number
  #descriptor: number | undefined
  /** What was said last of why it cannot be fed. */
  #said = ''
  #ready = false

  /** That of a board, where it has one. */
  static of(board: Pick<Board, 'facts' | 'switchesOff'>, log: Log, clock: Clock): Watchdog | undefined {
    const { watchdog: device } = board.facts
    if (device === undefined) return undefined
    return new Watchdog({ device, log, clock, switchesOff: () => board.switchesOff })
  }

  /** Feeds it at once, and from then on. A server that never comes to be ready is not kept alive by its timers. */
  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#begun = options.clock.elapsed()
    this.#timer = setInterval(() => this.#feed(), options.everyMs ?? budget.watchdogMs)
    this.#feed()
  }

  /** The server is there: from now on it is fed for as long as the loop turns. */
  ready(): void {
    this.#ready = true
  }

  /**
   * Where the board is switched off now, it is disarmed. Otherwise somebody else goes on feeding it, or it bites: a restart
   * that hangs, since the card does not answer any more, needs it most.
   */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    if (this.#descriptor === undefined) return
    try {
      if (this.#options.switchesOff()) writeSync(this.#descriptor, goodbye)
    } catch (error) {
      this.#complain(error)
    }
    closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #feed(): void {
    const { device, clock, log, startMs = budget.boardStartMs } = this.#options
    if (!this.#ready && clock.elapsed() - this.#begun > startMs) {
      if (this.#said !== 'late') log.error('Porchlight did not come to be ready; the board is about to start anew')
      this.#said = 'late'
      return
    }
    try {
      // Never made where it is missing, and never waited for. One program may have it open: the one before may be about to go.
      this.#descriptor ??= openSync(device, constants.O_WRONLY | constants.O_NONBLOCK)
      writeSync(this.#descriptor, '\0')
      this.#said = ''
    } catch (error) {
      this.#complain(error)
    }
  }

  #complain(error: unknown): void {
    const why = codeOf(error)
    if (why !== this.#said) this.#options.log.warn({ why }, 'the watchdog cannot be fed')
    this.#said = why
  }
}
