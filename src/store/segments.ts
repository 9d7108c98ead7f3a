/**
 * What each segment of the log holds: octets of messages that are in some mailbox, and of dead ones. Both are counted as
 * they were written, before LevelDB compresses them, so that a share of dead is the same for text and for pictures.
 */
import { segmentRecords } from './keys.ts'

export type Segment = { readonly number: number; readonly live: number; readonly dead: number }

export class Segments implements Iterable<Segment> {
  readonly #live = new Map<number, number>()
  readonly #dead = new Map<number, number>()
  /** Segments whose live octets are not yet noted in the index as they are. */
  readonly #changed = new Set<number>()

  /** Octets of all live messages. */
  get live(): number {
    return sum(this.#live)
  }

  /** Octets of all dead messages. */
  get dead(): number {
    return sum(this.#dead)
  }

  *[Symbol.iterator](): Generator<Segment> {
    for (const number of new Set([...this.#live.keys(), ...this.#dead.keys()])) {
      yield { number, live: this.#live.get(number) ?? 0, dead: this.#dead.get(number) ?? 0 }
    }
  }

  /** Sets the live octets of a segment to what the index had noted. */
  load(segment: number, octets: number): void {
    this.#live.set(segment, octets)
  }

  /** @param octets of a message with its record under `seq`; below zero when they are live no more */
  addLive(seq: number, octets: number): void {
    const segment = segmentOf(seq)
    this.#changed.add(segment)
    add(this.#live, segment, octets)
  }

  /** As `addLive`, for dead octets; below zero when they are swept. */
  addDead(seq: number, octets: number): void {
    add(this.#dead, segmentOf(seq), octets)
  }

  /** Forgets all live octets, to have them counted anew. */
  clearLive(): void {
    for (const segment of this.#live.keys()) this.#changed.add(segment)
    this.#live.clear()
  }

  clearDead(): void {
    this.#dead.clear()
  }

  /** @returns the segments whose live octets have changed since this was asked, with what they are now */
  takeChanged(): { segment: number; octets: number }[] {
    const changed = [...this.#changed].map(segment => ({ segment, octets: this.#live.get(segment) ?? 0 }))
    this.#changed.clear()
    return changed
  }
}

function segmentOf(seq: number): number {
  return Math.floor(seq / segmentRecords)
}

function add(counts: Map<number, number>, segment: number, octets: number): void {
  const count = (counts.get(segment) ?? 0) + octets
  if (count > 0) counts.set(segment, count)
  else counts.delete(segment)
}

function sum(counts: ReadonlyMap<number, number>): number {
  let octets = 0
  for (const count of counts.values()) octets += count
  return octets
}
