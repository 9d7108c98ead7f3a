/** Measures how much the server has to do, from one look to the next. */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { Household } from './command.ts'

/** Looks that are remembered for the rate of messages: one that comes now and then is to be seen. */
const looks = 6

export type Measured = {
  /** The part of the time since the last look in which the event loop had something to do: 0 to 1. */
  readonly busy: number
  /** Messages taken in a second, over the last looks. */
  readonly rate: number
}

export class Meter {
  readonly #outbound: Pick<Household['outbound'], 'tracesSince'>
  #loop: EventLoopUtilization = performance.eventLoopUtilization()
  /** The newest trace that was counted; undefined before the first look. */
  #newest: number | undefined
  /** How many were taken up to each look, and when it was. The oldest first. */
  readonly #counts: { readonly messages: number; readonly at: number }[] = []
  #messages = 0

  constructor(outbound: Pick<Household['outbound'], 'tracesSince'>) {
    this.#outbound = outbound
  }

  async look(): Promise<Measured> {
    const loop = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop)
    this.#loop = loop
    this.#messages += await this.#taken()
    const now = { messages: this.#messages, at: performance.now() }
    this.#counts.push(now)
    if (this.#counts.length > looks) this.#counts.shift()
    const [first = now] = this.#counts
    const rate = now.at > first.at ? ((now.messages - first.messages) * 1000) / (now.at - first.at) : 0
    return { busy: Math.min(1, Math.max(0, utilization)), rate }
  }

  /** Messages since the last look; none at the first. */
  async #taken(): Promise<number> {
    const before = this.#newest
    let messages = 0
    for await (const { seq, kind } of this.#outbound.tracesSince(0)) {
      if (this.#newest === undefined || seq > this.#newest) this.#newest = seq
      if (before === undefined || seq <= before) break
      if (kind === 'accepted') messages += 1
    }
    this.#newest ??= -1
    return messages
  }
}
