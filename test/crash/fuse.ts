/** The moment of the kill: counted in what clients have seen, not in time. */
import type { Random } from './random.ts'

/** Acknowledged operations of each kind after which the server may be killed, at most. */
const most = { delivery: 60, removal: 4, mark: 4, change: 8, hoard: 8 } as const

type Kind = keyof typeof most

export class Fuse {
  /** Acknowledged operations. */
  readonly counts: Record<Kind, number> = { delivery: 0, removal: 0, mark: 0, change: 0, hoard: 0 }
  readonly #kind: Kind
  readonly #kill: () => void
  #acknowledgements: number
  #steps: number
  #burnt = false

  /** @param kill is called once, in the middle of whatever goes on */
  constructor(random: Random, kill: () => void) {
    this.#kill = kill
    this.#kind = random.pick(['delivery', 'removal', 'mark', 'change', 'hoard'])
    this.#acknowledgements = random.between(1, most[this.#kind])
    // Often at once: an answer that came too early shows best then.
    this.#steps = random.percent(50) ? 0 : random.below(60)
  }

  /** Whether the server is killed, so that connections break. */
  get burnt(): boolean {
    return this.#burnt
  }

  acknowledged(kind: Kind): void {
    this.counts[kind] += 1
    if (kind === this.#kind) this.#acknowledgements -= 1
    this.step()
  }

  /** Something has left for the server or come from it. */
  step(): void {
    if (this.#acknowledgements > 0) return
    if (this.#steps === 0) this.burn()
    this.#steps -= 1
  }

  burn(): void {
    if (this.#burnt) return
    this.#burnt = true
    this.#kill()
  }
}
