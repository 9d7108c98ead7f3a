/**
 * The sweep: takes dead messages out of the log, a segment at a time, and gives their space back.
 *
 * A message without a link is dead at once for everybody, but its octets stay until most of its segment is dead: LevelDB
 * gives space back by rewriting files, so that sweeping a segment costs what is still alive in it.
 */
import { budget } from '../base/budget.ts'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Engine } from './engine.ts'
import { segmentRecords } from './keys.ts'

/** Dead messages taken out at a time: a slice that leaves commits and readers alone. */
const slice = 200

/** What a sweep did; `octets` of the log were dead. */
export type Swept = { readonly segments: number; readonly messages: number; readonly octets: number }

/** Dead shares of a segment at which it is worth its sweep: as a rule, off-peak, and when the disk runs full. */
export const shares = { rule: 0.5, offPeak: 0.25, shortOfSpace: 0.05 } as const

/** Runs sweeps, one at a time: when they are asked for, and by itself when enough has died since the last one. */
export class Sweeper {
  readonly #engine: () => Engine
  readonly #log: Log
  readonly #stop = new AbortController()
  #running: Promise<Swept> | undefined
  /** Dead octets that the last sweep left where they are. */
  #left = 0

  /** @param engine asked for each sweep: it changes when the store has to be opened anew */
  constructor(engine: () => Engine, log: Log) {
    this.#engine = engine
    this.#log = log
  }

  /**
   * Sweeps, after the sweep that may be under way.
   * @throws Failure STORE_FULL or STORE_IO
   */
  async run(share: number): Promise<Swept> {
    while (this.#running) await this.#running
    this.#running = this.#sweep(share)
    try {
      return await this.#running
    } finally {
      this.#running = undefined
    }
  }

  /** Begins a sweep in the background when enough has died, unless one is under way. */
  nudge(share: number = shares.rule): void {
    if (this.#running || this.#stop.signal.aborted) return
    if (share === shares.rule && deadOctets(this.#engine()) - this.#left < budget.sweep) return
    this.run(share).catch(error => this.#log.error({ reason: sentence(error) }, 'sweep failed'))
  }

  /** Stops the sweep under way and waits for its end. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running?.catch(() => {})
  }

  async #sweep(share: number): Promise<Swept> {
    const engine = this.#engine()
    try {
      const swept = await sweep(engine, share, this.#stop.signal)
      this.#left = deadOctets(engine)
      if (swept.segments > 0) this.#log.debug(swept, 'dead messages swept')
      return swept
    } catch (error) {
      throw engine.fail(error)
    }
  }
}

function deadOctets({ index }: Engine): number {
  let sum = 0
  for (const octets of index.dead.values()) sum += octets
  return sum
}

/**
 * Sweeps the segments whose dead share is at least `share`, the deadest first.
 * @param share of a segment's octets on the disk, 0 to 1
 * @param signal stops it between two slices
 * @throws Failure STORE_FULL or STORE_IO
 */
async function sweep(engine: Engine, share: number, signal: AbortSignal): Promise<Swept> {
  const swept = { segments: 0, messages: 0, octets: 0 }
  for (const { segment, dead } of await candidates(engine, share)) {
    if (signal.aborted) break
    const { messages, from } = await sweepSegment(engine, segment, signal)
    await engine.log.compact(from, (segment + 1) * segmentRecords)
    swept.segments += 1
    swept.messages += messages
    swept.octets += dead
  }
  return swept
}

async function candidates({ index, log }: Engine, share: number): Promise<{ segment: number; dead: number }[]> {
  const found = []
  for (const [segment, dead] of index.dead) {
    const size = await log.size(segment * segmentRecords, (segment + 1) * segmentRecords)
    // What is not in a table yet does not count for the size, so that it may be less than what is dead.
    const of = dead / Math.max(size, dead)
    if (of >= share) found.push({ segment, dead, of })
  }
  return found.sort((a, b) => b.of - a.of)
}

/** @returns how many messages went, and the lowest number that was dropped: blocks may lie in the segment before */
async function sweepSegment(
  { index, log }: Engine,
  segment: number,
  signal: AbortSignal,
): Promise<{ messages: number; from: number }> {
  let from = segment * segmentRecords
  let messages = 0
  for await (const list of index.deadIn(segment)) {
    for (let start = 0; start < list.length && !signal.aborted; start += slice) {
      const part = list.slice(start, start + slice)
      const records = await Promise.all(part.map(async ({ seq }) => [...(await blocksOf(log, seq)), seq]))
      const seqs = records.flat()
      // The record goes in the same batch as its blocks: without it nobody could find them.
      await log.drop(seqs)
      await index.forget(part)
      from = seqs.reduce((lowest, seq) => Math.min(lowest, seq), from)
      messages += part.length
    }
  }
  return { messages, from }
}

/** A record that is gone or cannot be read has nothing to tell: a sweep before this one was cut off, or the disk is bad. */
async function blocksOf(log: Engine['log'], seq: number): Promise<readonly number[]> {
  const record = await log.find(seq)
  return record?.kind === 'message' ? record.blocks : []
}
