/** The moment of a power cut: counted in what was acknowledged, then in steps, then a little later. */
import type { Random } from '../../crash/random.ts'

/** Acknowledged operations of each kind after which the power may go, at most: an emulated board is slow. */
const most = { delivery: 16, removal: 2, submission: 8, change: 3 } as const
export type Deed = keyof typeof most

const mostSteps = 40
const mostDelayMs = 400
/** By then it burns in any case: what it counts may have come to a standstill. */
const mostMs = 90_000

export class Fuse {
  /** Acknowledged operations. */
  readonly counts: Record<Deed, number> = { delivery: 0, removal: 0, submission: 0, change: 0 }
  /** Resolves when the power is gone. */
  readonly gone: Promise<void>
  readonly #burnt = Promise.withResolvers<void>()
  readonly #kind: Deed
  readonly #delayMs: number
  #left: number
  #steps: number
  #lit = false
  #burning = false

  /** @param cut is called once, in the middle of whatever goes on */
  constructor(random: Random, cut: () => Promise<void>) {
    this.#kind = random.pick(['delivery', 'removal', 'submission', 'change'])
    this.#left = random.between(1, most[this.#kind])
    this.#steps = random.percent(50) ? 0 : random.below(mostSteps)
    this.#delayMs = random.percent(50) ? 0 : random.below(mostDelayMs)
    this.gone = this.#burnt.promise.then(cut)
    setTimeout(() => this.burn(), mostMs).unref()
  }

  /** Whether the power is gone, so that connections break. */
  get burnt(): boolean {
    return this.#burning
  }

  acknowledged(kind: Deed): void {
    this.counts[kind] += 1
    if (kind === this.#kind) this.#left -= 1
    this.step()
  }

  /** Something has left for the board or come from it. */
  step(): void {
    if (this.#left > 0 || this.#lit) return
    this.#steps -= 1
    if (this.#steps > 0) return
    this.#lit = true
    if (this.#delayMs === 0) this.burn()
    else setTimeout(() => this.burn(), this.#delayMs)
  }

  burn(): void {
    this.#burning = true
    this.#burnt.resolve()
  }
}
