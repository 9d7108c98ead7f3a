/**
 * The sweep: takes dead messages out of the log and gives their space back.
 *
 * A message without a link is dead at once for everybody, but its octets stay: LevelDB gives space back by rewriting files,
 * so that to sweep a segment of the log costs what is still alive in it. So a share of the log may be dead, and only when it
 * is more, the deadest segments go. Most mail dies in the order of its age: whoever waits finds segments with hardly
 * anything alive in them.
 */
import { budget } from '../base/budget.ts'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Engine } from './engine.ts'
import type { Dead } from './index.ts'
import { segmentRecords } from './keys.ts'

/** Dead messages taken out at a time: a slice that leaves commits and readers alone. */
const slice = 50
/** Segments beside each other that are swept as one. They are in memory meanwhile, and a stop waits for their end. */
const stretchSegments = 4
/** Dead share of a segment at which it goes in any case: it costs next to nothing. */
const nearlyDead = 0.9

/** What a sweep did; `octets` of the log were dead. */
export type Swept = { readonly segments: number; readonly messages: number; readonly octets: number }

/** Dead shares of the log above which it is swept: as a rule, off-peak, and when the disk runs full. */
export const shares = { rule: 0.23, offPeak: 0.1, shortOfSpace: 0.05 } as const

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
    if (share === shares.rule && this.#engine().index.segments.dead - this.#left < budget.sweep) return
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
      this.#left = engine.index.segments.dead
      if (swept.segments > 0) this.#log.debug(swept, 'dead messages swept')
      return swept
    } catch (error) {
      throw engine.fail(error)
    }
  }
}

/**
 * Sweeps the deadest segments until no more than `share` of the log is dead.
 * @param share of the octets of all messages, 0 to 1
 * @param signal stops it between two slices
 * @throws Failure STORE_FULL or STORE_IO
 */
async function sweep(engine: Engine, share: number, signal: AbortSignal): Promise<Swept> {
  const swept = { segments: 0, messages: 0, octets: 0 }
  for (const stretch of stretches(choose(engine, share))) {
    if (signal.aborted) break
    const dead = await sweepStretch(engine, stretch, signal)
    swept.segments += stretch.length
    swept.messages += dead.length
    swept.octets += dead.reduce((sum, { octets }) => sum + octets, 0)
  }
  return swept
}

/** @returns the segments to sweep, in ascending order */
function choose({ index: { segments } }: Engine, share: number): number[] {
  const candidates = Array.from(segments, segment => ({
    ...segment,
    share: segment.dead / (segment.live + segment.dead),
  }))
  let { live, dead } = segments
  const chosen: number[] = []
  for (const candidate of candidates.toSorted((a, b) => b.share - a.share)) {
    if (dead <= share * (live + dead) && candidate.share < nearlyDead) break
    chosen.push(candidate.number)
    dead -= candidate.dead
  }
  return chosen.toSorted((a, b) => a - b)
}

/** Puts those together that lie beside each other: LevelDB's files do not end where a segment ends. */
function stretches(ascending: readonly number[]): number[][] {
  const found: number[][] = []
  for (const segment of ascending) {
    const last = found.at(-1)
    if (last?.at(-1) === segment - 1 && last.length < stretchSegments) last.push(segment)
    else found.push([segment])
  }
  return found
}

/** @returns the dead messages that it took out */
async function sweepStretch(
  engine: Engine,
  segments: readonly number[],
  signal: AbortSignal,
): Promise<readonly Dead[]> {
  const { index, log } = engine
  const [first = 0, last = first] = [segments[0], segments.at(-1)]
  // New mail goes to its table first: in one with the deletions it would be rewritten along with what they delete.
  const before = log.next
  await log.compact(before, before)
  const swept: Dead[] = []
  let from = first * segmentRecords // Blocks may lie in the segment before.
  for (const segment of segments) {
    for await (const list of index.deadIn(segment)) {
      for (let start = 0; start < list.length && !signal.aborted; start += slice) {
        if (engine.failure) throw engine.failure // Nothing more is written after a write that failed.
        const part = list.slice(start, start + slice)
        const records = await Promise.all(part.map(async ({ seq }) => [...(await blocksOf(log, seq)), seq]))
        const found = await index.queue.attemptsOf(part.map(({ seq }) => seq))
        const attempts = found.map(({ seq }) => seq)
        const seqs = [...records.flat(), ...attempts]
        // A start that applies the log again must not find the message waiting and its last attempt gone.
        await engine.settle(Math.max(-1, ...attempts))
        // The record goes in the same batch as its blocks and attempts: without it nobody could find them.
        await log.drop(seqs)
        from = seqs.reduce((lowest, seq) => Math.min(lowest, seq), from)
        swept.push(...part)
      }
    }
  }
  await log.compact(from, (last + 1) * segmentRecords)
  // What came in meanwhile is in the level of the deletions now. It moves on to where other mail lies, because in a file
  // with the next deletions its range would be that of half the log.
  await log.compact(before - 1, log.next)
  // Only now: a sweep that is cut off before this is done once more, and no space is lost.
  await index.forget(swept)
  return swept
}

/** A record that is gone or cannot be read has nothing to tell: a sweep before this one was cut off, or the disk is bad. */
async function blocksOf(log: Engine['log'], seq: number): Promise<readonly number[]> {
  const record = await log.find(seq)
  return record?.kind === 'message' ? record.blocks : []
}
