/** BDAT: RFC 3030 §2. Its argument, and the octets that follow the line. */
import type { Input } from '../wire/input.ts'
import { type Reply, reply } from './reply.ts'

const form = reply.expected('BDAT and a number of octets, then LAST or nothing')

/**
 * Reads the argument of BDAT.
 * @returns `refusal` when something is wrong behind the number; a reply when there is no number, so that nobody knows
 *   where the next command begins
 */
export function parseChunk(
  argument: string,
): { readonly octets: number; readonly last: boolean; readonly refusal?: Reply } | Reply {
  // No more digits than a number can hold exactly.
  const [, digits, word = ''] = /^(\d{1,15})(?: +(.*))?$/s.exec(argument) ?? []
  if (digits === undefined) return form
  const octets = Number(digits)
  const last = word.toUpperCase() === 'LAST'
  return last || word === '' ? { octets, last } : { octets, last, refusal: form }
}

/** Hands out a known number of octets as they are; the same shape as the DotDecoder of DATA. */
export class Chunk {
  #left: number

  constructor(octets: number) {
    this.#left = octets
  }

  /** True once all were handed out. */
  get ended(): boolean {
    return this.#left === 0
  }

  /** @returns a view into the chunk fed, or undefined when that is used up or all octets were handed out */
  next(input: Input): Buffer | undefined {
    const span = input.octets(this.#left)
    this.#left -= span.length
    return span.length > 0 ? span : undefined
  }
}
