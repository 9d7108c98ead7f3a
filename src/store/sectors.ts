/** Files on a disk that cannot read all of them any more. */
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Octets that a disk loses together, and is asked for by themselves once it could not read more. */
const sector = 4096

/** Reads a file of a few MB. @returns its octets, with zeros where the disk cannot read it; then it is not whole */
export async function readSectors(path: string): Promise<{ octets: Buffer; whole: boolean }> {
  try {
    return { octets: await readFile(path), whole: true }
  } catch (error) {
    if (!isUnreadable(error)) throw error
  }
  await using file = await open(path)
  const { size } = await file.stat()
  const octets = Buffer.alloc(size)
  for (let at = 0; at < size; at += sector) {
    try {
      await file.read(octets, at, Math.min(sector, size - at), at)
    } catch (error) {
      if (!isUnreadable(error)) throw error
    }
  }
  return { octets, whole: false }
}

/** @returns whether a disk has said that it cannot read what lies there */
function isUnreadable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EIO'
}

/** @returns the write-ahead files of a database that the disk cannot read */
export async function unreadableLogs(directory: string): Promise<string[]> {
  const unreadable = []
  for (const name of (await readdir(directory).catch(() => [])).filter(name => name.endsWith('.log'))) {
    const path = join(directory, name)
    if (!(await readSectors(path)).whole) unreadable.push(path)
  }
  return unreadable
}

/**
 * Puts a copy with zeros in the place of a write-ahead file that the disk cannot read. LevelDB passes over zeros; where it
 * cannot read, it stops, and forgets for good what lies behind. The file itself stays in a folder `lost`, so that nothing
 * new is put on its bad sectors.
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
