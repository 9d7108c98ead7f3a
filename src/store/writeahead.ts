/** LevelDB's write-ahead files, looked through by ourselves. Format: doc/log_format.md of LevelDB. */
import { link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32c, masked } from './crc32c.ts'
import { readSectors } from './sectors.ts'

/** Octets after which LevelDB finds a record again, whatever came before. */
const stretch = 32 * 1024
/** checksum:u32 length:u16 type:u8, little-endian */
const headOctets = 7
const pieceType = { whole: 1, first: 2, last: 4 } as const

/** @returns the write-ahead files of a database, in their order; none when there is no such folder */
async function filesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  return names
    .filter(name => name.endsWith('.log'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map(name => join(directory, name))
}

/** @returns those that the disk cannot read */
export async function unreadableFiles(directory: string): Promise<string[]> {
  const unreadable = []
  for (const path of await filesIn(directory)) if (!(await readSectors(path)).whole) unreadable.push(path)
  return unreadable
}

/**
 * Puts a copy with zeros in the place of a file that the disk cannot read. LevelDB passes over zeros; where it cannot read,
 * it stops, and forgets for good what lies behind. The file itself stays in a folder `lost`, so that nothing new is put on
 * its bad sectors.
 */
export async function replaceUnreadable(path: string): Promise<void> {
  const { octets } = await readSectors(path)
  await using copy = await open(`${path}.copy`, 'w', 0o600)
  await copy.writeFile(octets)
  await copy.sync()
  const lost = join(dirname(path), 'lost')
  await mkdir(lost, { recursive: true })
  await rm(join(lost, basename(path)), { force: true })
  await link(path, join(lost, basename(path)))
  await rename(`${path}.copy`, path)
}

/**
 * Whether something is missing in the middle of what a database has written ahead. LevelDB leaves it out and reads on
 * behind it, in silence where there are zeros. An end that is missing is none: it is as if it had never been written.
 * @param directory of a database that nobody has open
 */
export async function hasHole(directory: string): Promise<boolean> {
  let broken = false
  for (const path of await filesIn(directory)) {
    const { octets, whole } = await readSectors(path)
    if (!whole) return true
    for (let start = 0; start < octets.length; start += stretch) {
      const { pieces, end } = readStretch(octets.subarray(start, start + stretch))
      if (broken && pieces.length > 0) return true
      broken ||= !end
    }
  }
  return false
}

/** A record, or one of the parts that a long one is divided into, as its type says: 1 whole, 2 first, 3 middle, 4 last. */
type Piece = { readonly type: number; readonly octets: Buffer }

/** Reads the records of LevelDB's other file of this format, up to the first that is not whole. */
export function readRecords(octets: Buffer): readonly Buffer[] {
  const records: Buffer[] = []
  let parts: Buffer[] = []
  for (let start = 0; start < octets.length; start += stretch) {
    const { pieces, end } = readStretch(octets.subarray(start, start + stretch))
    for (const { type, octets } of pieces) {
      parts = type === pieceType.whole || type === pieceType.first ? [octets] : [...parts, octets]
      if (type === pieceType.whole || type === pieceType.last) records.push(Buffer.concat(parts))
    }
    if (!end) break
  }
  return records
}

/** @returns what is whole of a stretch, up to the first that is not, and whether that goes on to the end */
function readStretch(octets: Buffer): { pieces: readonly Piece[]; end: boolean } {
  const pieces: Piece[] = []
  let at = 0
  while (octets.length - at >= headOctets) {
    const next = at + headOctets + octets.readUInt16LE(at + 4)
    const type = octets[at + 6] ?? 0
    const whole = next <= octets.length && type > 0 && type <= pieceType.last
    // The checksum is of the type and what follows it.
    if (!whole || masked(crc32c(octets.subarray(at + 6, next))) !== octets.readUInt32LE(at)) {
      return { pieces, end: false }
    }
    pieces.push({ type, octets: octets.subarray(at + headOctets, next) })
    at = next
  }
  return { pieces, end: true }
}
