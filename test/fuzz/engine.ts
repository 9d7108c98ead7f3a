/** The fuzzing engine: breeds inputs from seeds and words, and checks an invariant on each. The same seed, the same inputs. */
import { Random } from '../crash/random.ts'

/** A grammar or a decoder under fire. */
export type Target = {
  /** Inputs to begin with; a string stands for its UTF-8. */
  readonly seeds: readonly (string | Buffer)[]
  /** What an input of this kind is made of. */
  readonly words: readonly (string | Buffer)[]
  /** Octets of the longest input. */
  readonly most?: number
  /** Milliseconds that one check may take. */
  readonly slowMs?: number
  /**
   * Throws when the invariant does not hold. Looks at nothing but the input, so that a finding can be replayed.
   * @returns signs of what happened; an input that brings a new one is bred from
   */
  readonly check: (input: Buffer) => Signs | Promise<Signs>
}

type Signs = Iterable<string>

/** An input for which the invariant does not hold. */
export type Finding = { readonly input: Buffer; readonly error: unknown }
export type Outcome = { readonly inputs: number; readonly signs: number; readonly finding: Finding | undefined }

const usualMost = 4096
/** Inputs that are bred from, and signs that are remembered. */
const poolSize = 1000
const mostSigns = 100_000
/** Changes made to an input to get the next one. */
const changes = 6
/** An input of a few kilobytes that takes longer holds up every other session: a pattern that backtracks, a copy per octet. */
const slowMs = 1000
/** Time to make a finding smaller. */
const shrinkMs = 10_000
/** Sizes at which something may change, in the house and below it. */
const boundaries = [2, 8, 64, 100, 128, 255, 256, 500, 512, 998, 1000, 1024, 1200, 2048, 4096, 65_536] as const
const nothing = Buffer.alloc(0)

/** Checks one input. */
export async function check(target: Target, input: Buffer): Promise<Signs | Finding> {
  // A busy machine is not the target's fault: three times in a row is.
  for (let slow = 0; ; slow++) {
    const begun = performance.now()
    try {
      const signs = await target.check(Buffer.from(input))
      const ms = performance.now() - begun
      if (ms < (target.slowMs ?? slowMs)) return signs
      if (slow === 2) return { input, error: new Error(`It took ${ms.toFixed(0)} ms.`) }
    } catch (error) {
      return { input, error }
    }
  }
}

/**
 * Checks the seeds, then inputs bred from them.
 * @param done whether that is enough, asked with the number of inputs so far
 */
export async function fuzz(target: Target, seed: number, done: (inputs: number) => boolean): Promise<Outcome> {
  const random = new Random(seed)
  const words = target.words.map(word => Buffer.from(word))
  const seeds = target.seeds.map(text => Buffer.from(text))
  const pool: Buffer[] = [...seeds]
  const known = new Set<string>()
  let inputs = 0
  for (; inputs < seeds.length || !done(inputs); inputs++) {
    const input: Buffer = seeds[inputs] ?? breed(random, pool, words).subarray(0, target.most ?? usualMost)
    const result = await check(target, input)
    if ('error' in result) return { inputs, signs: known.size, finding: await shrink(target, result) }
    const before = known.size
    for (const sign of result) if (before < mostSigns) known.add(sign)
    if (known.size === before || inputs < seeds.length) continue
    if (pool.length < poolSize) pool.push(input)
    else pool[random.below(poolSize)] = input
  }
  return { inputs, signs: known.size, finding: undefined }
}

/** Every stretch of so many neighbours: signs of what came in which order. */
export function* stretches(list: string | readonly string[], size: number): Generator<string> {
  for (let at = 0; at < Math.max(1, list.length - size + 1); at++) {
    const some = list.slice(at, at + size)
    yield typeof some === 'string' ? some : some.join()
  }
}

/** What may come in the place of a stretch of an input. */
const replacements: readonly ((random: Random, pool: readonly Buffer[], words: readonly Buffer[]) => Buffer)[] = [
  () => nothing,
  (random, _, words) => random.pick(words),
  (random, _, words) => random.pick(words),
  random => Buffer.of(random.below(256)),
  (random, pool) => stretch(random, random.pick(pool)),
  (random, _, words) => Buffer.alloc(someSize(random), random.pick(words)),
]

function someSize(random: Random): number {
  return random.percent(75) ? random.below(50) : Math.max(0, random.pick(boundaries) + random.between(-3, 1))
}

function breed(random: Random, pool: readonly Buffer[], words: readonly Buffer[]): Buffer {
  let input: Buffer = random.pick(pool)
  for (let change = random.below(changes); change >= 0; change--) {
    const from = random.below(input.length + 1)
    // Small stretches as often as large ones; often none, so that something is put between.
    const to = from + random.below(Math.min(input.length - from + 1, 2 ** random.below(12)))
    const piece = random.pick(replacements)(random, pool, words)
    input = Buffer.concat([input.subarray(0, from), piece, input.subarray(random.percent(30) ? from : to)])
  }
  return input
}

function stretch(random: Random, octets: Buffer): Buffer {
  const from = random.below(octets.length + 1)
  return octets.subarray(from, from + random.below(octets.length - from + 1))
}

/** Leaves out whatever can be left out, in ever smaller pieces, while the invariant still does not hold. */
async function shrink(target: Target, finding: Finding): Promise<Finding> {
  let least = finding
  const end = performance.now() + shrinkMs
  for (let size = least.input.length; size > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < least.input.length && performance.now() < end; ) {
      const shorter = Buffer.concat([least.input.subarray(0, at), least.input.subarray(at + size)])
      const result = await check(target, shorter)
      if ('error' in result) least = result
      else at += size
    }
  }
  return least
}
