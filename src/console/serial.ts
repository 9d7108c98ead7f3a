/**
 * The consoles on serial lines: each line that is named in the settings is waited for, opened, served until it is hung up, and
 * then waited for anew. What goes wrong with one is nothing to the others.
 */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Transport } from '../commands/command.ts'
import type { SerialLine } from './serial-line.ts'
import { openLine } from './serial-open.ts'
import { setLine } from './stty.ts'

type SerialOptions = {
  /** Paths of the devices, and bits a second on them; asked for at the start and at each reload. */
  readonly ttys: () => readonly string[]
  readonly speed: () => string
  /** Serves whoever is at the line until it is closed; what it throws is a bug. */
  readonly serve: (transport: Transport, tty: string) => Promise<void>
  readonly log: Log
  readonly clock: Clock
  /** Another program than stty, for tests. */
  readonly stty?: string
}

/** A line that is looked after. */
type Post = { readonly stop: AbortController; readonly done: Promise<void> }

export class SerialLines {
  readonly #options: SerialOptions
  readonly #posts = new Map<string, Post>()
  /** Those that are open, by the number of the device: one may have several names. */
  readonly #open = new Map<number, { readonly line: SerialLine; readonly tty: string }>()
  #speed: string

  constructor(options: SerialOptions) {
    this.#options = options
    this.#speed = options.speed()
  }

  start(): void {
    this.reload()
  }

  /** Takes changed settings over: lines come and go, and those that are open get the new speed at once. */
  reload(): void {
    const { ttys, speed, log } = this.#options
    const named = ttys()
    for (const [tty, { stop }] of this.#posts) if (!named.includes(tty)) stop.abort()
    for (const [i, tty] of named.entries()) {
      if (named.indexOf(tty) < i) log.warn({ tty }, 'this serial line is named twice in console.ttys')
      else if (this.#posts.get(tty)?.stop.signal.aborted !== false) this.#man(tty)
    }
    if (speed() === this.#speed) return
    this.#speed = speed()
    for (const { tty } of this.#open.values()) void this.#change(tty)
  }

  /** Hangs up everywhere. Resolves when all who served are done. */
  async close(): Promise<void> {
    for (const { stop } of this.#posts.values()) stop.abort()
    await Promise.all(Array.from(this.#posts.values(), ({ done }) => done))
  }

  /** Begins to look after a line, behind whoever still does. */
  #man(tty: string): void {
    const before = this.#posts.get(tty)?.done
    const stop = new AbortController()
    const done = this.#look(tty, before, stop.signal).finally(() => {
      if (this.#posts.get(tty)?.stop === stop) this.#posts.delete(tty)
    })
    this.#posts.set(tty, { stop, done })
  }

  async #look(tty: string, before: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    await before
    let waitMs: number = budget.lineLookMs
    /** What was last said of it: nothing is said twice in a row. */
    let said = ''
    while (!signal.aborted) {
      const opening = await openLine(tty, this.#speed, device => this.#open.has(device), this.#options.stty)
      switch (opening.kind) {
        case 'absent':
          waitMs = budget.lineLookMs
          if (said !== 'absent') log.info({ tty }, 'this serial line is not there; it is waited for')
          said = 'absent'
          break
        case 'refused':
          waitMs = longer(waitMs)
          if (said !== opening.why) log.warn({ tty, why: opening.why }, 'this serial line cannot be used')
          said = opening.why
          break
        case 'open': {
          const lastedMs = await this.#serve(tty, opening, signal, said === 'open')
          // One that is gone at once, again and again, is a loose contact, or nobody is at its other end.
          waitMs = lastedMs < budget.lineLookMs ? longer(waitMs) : budget.lineLookMs
          said = waitMs === budget.lineLookMs ? '' : 'open'
          break
        }
        default:
          opening satisfies never
      }
      await clock.sleep(waitMs, signal)
    }
  }

  /** @returns milliseconds that it lasted */
  async #serve(
    tty: string,
    { line, device }: { readonly line: SerialLine; readonly device: number },
    signal: AbortSignal,
    again: boolean,
  ): Promise<number> {
    const { serve, log, clock } = this.#options
    const since = clock.elapsed()
    this.#open.set(device, { line, tty })
    const hangUp = () => line.close()
    signal.addEventListener('abort', hangUp)
    if (signal.aborted) hangUp()
    if (!again) log.info({ tty }, 'console on a serial line')
    try {
      await serve(line, tty)
    } finally {
      signal.removeEventListener('abort', hangUp)
      line.close()
      await line.closed
      this.#open.delete(device)
    }
    const lastedMs = clock.elapsed() - since
    if (!again) log.info({ tty, seconds: Math.round(lastedMs / 1000) }, 'serial line closed')
    return lastedMs
  }

  async #change(tty: string): Promise<void> {
    const setting = await setLine(tty, this.#speed, this.#options.stty)
    if (setting.kind !== 'set')
      this.#options.log.warn({ tty }, 'this serial line keeps its speed until it is opened anew')
  }
}

function longer(waitMs: number): number {
  return Math.min(waitMs * 2, budget.lineRetryMs)
}
