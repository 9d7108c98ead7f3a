/** Ways to cut an input into chunks, as a network may do; the same ones for the same input. */
import { crc32 } from 'node:zlib'
import { Random } from '../crash/random.ts'

/** Octets of the longest input that is also cut into single octets. */
const fine = 400

/**
 * @returns the input whole, in single octets or small steps, and at random places. Each chunk is a copy, so that the one
 *   who fed it can overwrite it: it was only borrowed.
 */
export function cuttings(input: Buffer): Buffer[][] {
  const random = new Random(crc32(input))
  const step = input.length <= fine ? 1 : 1 + Math.floor(input.length / random.between(100, fine))
  const small = Array.from({ length: Math.ceil(input.length / step) }, (_, i) => i * step)
  const some = Array.from({ length: random.below(6) }, () => random.below(input.length + 1)).sort((a, b) => a - b)
  return [[0], small, [0, ...some]].map(starts =>
    starts.map((start, i) => Buffer.from(input.subarray(start, starts[i + 1] ?? input.length))),
  )
}
