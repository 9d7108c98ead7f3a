/** LevelDB's write-ahead files, looked through by ourselves. Format: doc/log_format.md of LevelDB. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c, masked } from './crc32c.ts'
import { readSectors } from './sectors.ts'

/** Octets after which LevelDB finds a record again, whatever came before. */
const stretch = 32 * 1024
/** checksum:u32 length:u16 type:u8, little-endian */
const headOctets = 7
const lastType = 4

/**
 * Whether something is missing in the middle of what a database has written ahead. LevelDB leaves it out and reads on
 * behind it, in silence where there are zeros. An end that is missing is none: it is as if it had never been written.
 * @param directory of a database that nobody has open
 */
export async function hasHole(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => [])
  const files = names
    .filter(name => name.endsWith('.log'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  let broken = false
  for (const name of files) {
    const { octets, whole } = await readSectors(join(directory, name))
    for (let start = 0; start < octets.length; start += stretch) {
      const { records, end } = readStretch(octets.subarray(start, start + stretch))
      if (broken && records > 0) return true
      broken ||= !end
    }
    if (!whole) return true
  }
  return false
}

/** @returns how many records are whole, up to the first that is not, and whether they go on to the end */
function readStretch(octets: Buffer): { records: number; end: boolean } {
  let [at, records] = [0, 0]
  while (octets.length - at >= headOctets) {
    const next = at + headOctets + octets.readUInt16LE(at + 4)
    const type = octets[at + 6] ?? 0
    const whole = next <= octets.length && type > 0 && type <= lastType
    // The checksum is of the type and what follows it.
    if (!whole || masked(crc32c(octets.subarray(at + 6, next))) !== octets.readUInt32LE(at)) {
      return { records, end: false }
    }
    records += 1
    at = next
  }
  return { records, end: true }
}
