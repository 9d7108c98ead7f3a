/**
 * Whether the MANIFEST of a database has lost its end. Format: version_edit.cc of LevelDB.
 *
 * LevelDB takes a shorter one for an earlier state, and deletes the tables that were not there by then; but the write-ahead
 * file in which their mail was at that time is gone, too. So a MANIFEST which counts on such a file is not as it was written,
 * and LevelDB must not see it. A power cut leaves none like it: the file goes only when the MANIFEST does without, synced.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OctetReader } from '../wire/octets.ts'
import { readSectors } from './sectors.ts'
import { readRecords } from './writeahead.ts'

type Field = 'number' | 'octets'
/** What follows each tag. */
const fields: Readonly<Record<number, readonly Field[]>> = {
  1: ['octets'], // the comparator
  3: ['number'], // the next file
  4: ['number'], // the last sequence number
  5: ['number', 'octets'], // where a level is compacted next
  6: ['number', 'number'], // a table that is gone
  7: ['number', 'number', 'number', 'octets', 'octets'], // a new table
  9: ['number'], // the write-ahead file before
}
const writeAheadTag = 2

/** @param directory of a database that nobody has open; one without a MANIFEST has lost no end of it */
export async function hasLostEnd(directory: string): Promise<boolean> {
  const current = await readFile(join(directory, 'CURRENT'), 'latin1').catch(() => '')
  const manifest = join(directory, current.trim())
  if (!/^MANIFEST-\d+\n$/.test(current) || !existsSync(manifest)) return false
  const { octets } = await readSectors(manifest)
  const writeAhead = readRecords(octets).reduce((last, edit) => writeAheadOf(edit) ?? last, 0)
  return writeAhead > 0 && !existsSync(join(directory, `${String(writeAhead).padStart(6, '0')}.log`))
}

/** @returns the number of the write-ahead file that an edit names; what cannot be understood LevelDB finds out itself */
function writeAheadOf(edit: Buffer): number | undefined {
  const from = new OctetReader(edit)
  let found: number | undefined
  try {
    while (!from.ended) {
      const tag = from.varint()
      if (tag === writeAheadTag) found = from.varint()
      else for (const field of fields[tag] ?? []) skip(from, field)
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return found
}

function skip(from: OctetReader, field: Field): void {
  const number = from.varint()
  if (field === 'octets') from.raw(number)
}
