/** Makes durable what LevelDB was told to write without sync, and tries whether the disk still does that. */
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'

/**
 * Syncs the write-ahead files of a database. LevelDB's own synced write only syncs the current one; when it has begun a
 * new one since, what was written before lies unsynced in the old one, and a power cut could take it from under a synced
 * record that counts on it. The name of a new file needs no sync of its own: ext4, XFS, Btrfs and F2FS make it durable
 * with the file.
 * @param directory of an open LevelDB database
 */
export async function syncWriteAhead(directory: string): Promise<void> {
  const files = await readdir(directory)
  for (const name of files.filter(name => name.endsWith('.log'))) await syncFile(join(directory, name))
}

/** Syncs a file that another descriptor has written. One that is gone became a table, which LevelDB has synced. */
async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r')
    await file.datasync()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
}

/** Writes a file of one block, syncs it and takes it away again. @throws what the disk says to that */
export async function tryDisk(directory: string): Promise<void> {
  const path = join(directory, 'trial')
  try {
    await using file = await open(path, 'w')
    await file.writeFile(Buffer.alloc(budget.block))
    await file.datasync()
  } finally {
    await rm(path, { force: true })
  }
}
