/** Files on a disk that cannot read all of them any more. */
import { open, readFile } from 'node:fs/promises'
import { isBadDisk } from './failure.ts'

/** Octets that a disk loses together, and is asked for by themselves once it could not read more. */
const sector = 4096

/** Reads a file of a few MB. @returns its octets, with zeros where the disk cannot read it; then it is not whole */
export async function readSectors(path: string): Promise<{ octets: Buffer; whole: boolean }> {
  try {
    return { octets: await readFile(path), whole: true }
  } catch (error) {
    if (!isBadDisk(error)) throw error
  }
  await using file = await open(path)
  const { size } = await file.stat()
  const octets = Buffer.alloc(size)
  for (let at = 0; at < size; at += sector) {
    try {
      await file.read(octets, at, Math.min(sector, size - at), at)
    } catch (error) {
      if (!isBadDisk(error)) throw error
    }
  }
  return { octets, whole: false }
}
