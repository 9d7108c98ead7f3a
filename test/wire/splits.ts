/** Ways to cut octets into chunks, as a network may do. */
import fc from 'fast-check'

/** Whole, at each single place, and octet by octet. */
export function* everySplit(wire: Buffer): Generator<Buffer[]> {
  yield [wire]
  for (let at = 1; at < wire.length; at++) yield [wire.subarray(0, at), wire.subarray(at)]
  yield Array.from(wire, (_, at) => wire.subarray(at, at + 1))
}

/** Cuts at the places that the numbers name, taken round the length. */
export function cut(wire: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map(place => (wire.length === 0 ? 0 : place % wire.length)).sort((a, b) => a - b)
  return [0, ...ends].map((start, index) => wire.subarray(start, ends[index] ?? wire.length))
}

/** Octets in which line ends and dots are thick, with a few that are neither. */
export const lineNoise = fc
  .array(fc.constantFrom('\r\n', '\r', '\n', '.', '\r\n.', 'a', '\0', '\xff', '\t', 'text of a line'), {
    maxLength: 40,
  })
  .map(parts => Buffer.from(parts.join(''), 'latin1'))

export const places = fc.array(fc.nat({ max: 1000 }), { maxLength: 6 })
