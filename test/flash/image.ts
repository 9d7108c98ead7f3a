/** Small images of a disk, for tests that flash them. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random, randomOctets } from '../crash/random.ts'

/** Octets that look like a disk with partitions to who looks at its first sector only. */
export function imageOctets(length: number): Buffer {
  const octets = Buffer.from(randomOctets(new Random(6), length))
  octets.set([0x55, 0xaa], 510)
  return octets
}

/** Writes an image and its checksum. @returns its path */
export async function writeImage(folder: string, octets: Buffer, name = 'porchlight.img'): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, octets)
  await writeFile(`${path}.sha256`, `${createHash('sha256').update(octets).digest('hex')}  ${name}\n`)
  return path
}
