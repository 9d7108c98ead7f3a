/**
 * Which schemas of the data this release reads, and which one it writes. The one place that says so: the store, the manifest
 * of an update, and who decides whether an update may be installed ask here.
 *
 * The header of the log names the highest schema that records behind it may have. A release that does not know it refuses
 * the whole store, in words, and touches nothing.
 *
 * ## How to change the schema
 *
 * 1. What an older release passes over without harm needs no new one: a field at the end of a value, a setting, a row of the
 *    index. A new letter is no such thing. An older release takes its records for damage, and its `repair` takes them out.
 *    (`F`, flags, came without a new schema before anything was released. A store of before them that goes back loses flags,
 *    never mail.)
 * 2. Otherwise the number grows by one, and a release reads a schema before any release writes it: first `reads: [1, 2],
 *    writes: 1`, and in the release after that `writes: 2`. So whoever goes back by one release can read everything.
 * 3. Records are never rewritten in a new schema. New ones are written in it, old ones stay as they are until the sweep takes
 *    them; a decoder of an old one goes with the last release that reads its schema. What writes a new form asks
 *    `engine.schema` whether the store has come so far.
 * 4. A version on trial holds the store at the schema that is there: it may be gone in a moment, for somebody may have skipped
 *    a release. The store moves on when it is opened the next time, without a trial: the header is written anew, synced,
 *    before any record of the new schema.
 * 5. The index has one schema throughout. One of another schema, newer or older, is made anew from the log.
 */
import { Failure } from '../base/failure.ts'

export type Schema = {
  /** In ascending order. */
  readonly reads: readonly number[]
  /** The last of those. */
  readonly writes: number
}

export const schema: Schema = { reads: [1], writes: 1 }

/** @throws Failure STORE_NEWER when this release does not read that schema */
export function refuseUnknown(found: number, { reads }: Schema): void {
  if (reads.includes(found)) return
  throw new Failure('STORE_NEWER', found > Math.max(...reads) ? newer : older)
}

const newer = 'This mail store was written by a newer Porchlight. Install that release or a later one.'
const older =
  'This mail store was written by a much older Porchlight. Install a release from between the two first, and start it once.'
