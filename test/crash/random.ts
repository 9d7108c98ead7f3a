/** Choices that a seed repeats, and bodies made of them. */

export class Random {
  #state: number

  /** @param seed a whole number */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** @returns a whole number from 0 to just below `limit`, by mulberry32 */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) * (limit / 2 ** 32))
  }

  /** @returns a whole number, both ends included */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** @returns true in so many of a hundred cases */
  percent(share: number): boolean {
    return this.below(100) < share
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('there is nothing to pick from')
    return value
  }

  /** @returns some of the values in their order, at least one */
  some<Value>(values: readonly Value[]): readonly Value[] {
    const kept = this.pick(values)
    return values.filter(value => value === kept || this.percent(40))
  }

  /** @returns choices of their own, so that those who choose at the same time do not disturb each other */
  fork(): Random {
    return new Random(this.below(2 ** 32))
  }
}

/** Octets of a body, from and to: mostly small, some around one and two blocks of the store. */
const sizes = [
  [0, 0],
  [2, 400],
  [2, 400],
  [2, 400],
  [2000, 12_000],
  [2000, 12_000],
  [2000, 12_000],
  [2000, 12_000],
  [65_000, 66_000],
  [130_000, 132_000],
] as const
const large = [500_000, 4_000_000] as const
/** Three of these are more than has to die before a sweep begins. */
const hoarded = [2_900_000, 3_300_000] as const

/** Any octets but NUL, TAB, CR and LF. Its length is prime, so that no two blocks of the store are alike. */
const noiseSource = new Random(1)
const noise = Buffer.from(Array.from({ length: 65_521 }, () => noiseSource.between(0x0e, 0xff)))

/** @returns octets that mean nothing */
export function randomOctets(random: Random, octets: number): Buffer {
  return Buffer.alloc(octets, noise.subarray(random.below(noise.length / 2)))
}

/** @returns a body; it may be empty */
export function makeBody(random: Random): Buffer {
  return fillBody(random, random.percent(2) ? large : random.pick(sizes))
}

/** @returns a large body, of which three are enough to set off a sweep once they are deleted */
export function makeHoard(random: Random): Buffer {
  return fillBody(random, hoarded)
}

/** @returns a body whose lines end in CRLF, some with dots in front */
function fillBody(random: Random, [least, most]: readonly [number, number]): Buffer {
  const octets = random.between(least, most)
  if (octets === 0) return Buffer.alloc(0)
  const body = randomOctets(random, octets)
  // The last line's end leaves no room for half of another.
  for (let at = random.below(100); at <= octets - 4; at += 2 + random.below(100)) {
    body.write(random.percent(10) ? '\r\n.' : '\r\n', at)
  }
  body.write('\r\n', octets - 2)
  return body
}
