/** Opens a log for its repair: LevelDB's own files are put in order first, where they need it. */
import { existsSync, statfsSync } from 'node:fs'
import { mkdir, readFile, rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { formatSize } from '../base/units.ts'
import { isDamage, reason } from './failure.ts'
import { Log } from './log.ts'
import type { Marker } from './marker.ts'
import { readSectors } from './sectors.ts'
import { tryDisk } from './sync.ts'
import { damagedTables, salvage, tablesIn } from './table.ts'
import type { Flaw } from './verify.ts'
import { replaceUnreadable, unreadableFiles } from './writeahead.ts'

/** Who looks on. */
export type RepairWatch = {
  /** What was done, a sentence each. */
  tell(sentence: string): void
  /** A message that is lost, or of which a part is. */
  lost(flaw: Flaw): void
  /** Called very often. */
  progress(doing: string, done: number): void
}

/** Opens the log, whatever state its files are in. @throws Failure STORE_LOCKED while another process has it */
export async function openLog(path: string, marker: Marker, watch: RepairWatch): Promise<Log> {
  await refuseLocked(path)
  // A repair that was cut off may have set tables aside and not read them yet.
  const cutOff = marker.hurt && existsSync(join(path, 'lost'))
  const unreadable = await unreadableFiles(path)
  if (unreadable.length > 0) await marker.noteHurt()
  for (const file of unreadable) await replaceUnreadable(file)
  let checked = 0
  const damaged = await damagedTables(path, () => watch.progress('tables of the log checked', ++checked))
  if (damaged.length > 0) {
    await marker.noteHurt()
    await mkdir(join(path, 'lost'), { recursive: true })
    for (const table of damaged) await rename(table, join(path, 'lost', basename(table)))
  }
  const why = [
    damaged.length > 0 && `${damaged.length} tables are not as they were written`,
    unreadable.length > 0 && `the disk cannot read all of ${unreadable.map(file => basename(file)).join(', ')}`,
    cutOff && 'a repair was cut off',
  ].find(reason => reason !== false)
  // Out of a file that cannot be read LevelDB's repair takes more than LevelDB when it opens it, which leaves out 32 KiB.
  if (why !== undefined) return repairFiles(path, why, marker, watch)
  try {
    return await Log.open(path)
  } catch (error) {
    if (!isDamage(error)) throw error
    return repairFiles(path, reason(error), marker, watch)
  }
}

/** @throws Failure STORE_LOCKED while another process has the database */
export async function refuseLocked(path: string): Promise<void> {
  if (await isLocked(path)) throw new Failure('STORE_LOCKED', 'Another Porchlight is using this data directory.')
}

/** LevelDB locks a database while it is open; to open it only to see that would make it begin to work on damaged tables. */
async function isLocked(path: string): Promise<boolean> {
  try {
    const { ino } = await stat(join(path, 'LOCK'))
    return (await readFile('/proc/locks', 'latin1')).includes(`:${ino} `)
  } catch {
    return false // No lock, or a kernel that does not tell; opening the log tells later.
  }
}

/**
 * Has LevelDB make a new list of its files, of those that are left. It puts what it replaces into a folder `lost`, where
 * the damaged tables are already; what can still be read in those is put back.
 */
export async function repairFiles(path: string, why: string, marker: Marker, watch: RepairWatch): Promise<Log> {
  const { bavail, bsize } = statfsSync(path)
  // On a full disk LevelDB would set files aside that it could not replace.
  if (bavail * bsize < budget.repairRoom) {
    throw new Failure('STORE_FULL', `A repair needs ${formatSize(budget.repairRoom)} of free disk.`)
  }
  await tryDisk(path) // Nor could it on one that does not write.
  await marker.noteHurt()
  watch.tell(`LevelDB's files in ${path} are damaged (${why}).`)
  watch.tell('LevelDB repairs them first. That can take a minute for each gigabyte, and shows no progress.')
  await ClassicLevel.repair(path)
  watch.tell(`What it replaced is in ${join(path, 'lost')}; when all is well again, that folder can be deleted.`)
  const log = await Log.open(path)
  await log.settle()
  let read = 0
  for (const table of await tablesIn(join(path, 'lost'))) {
    for (const { key, value } of salvage((await readSectors(table)).octets)) {
      watch.progress('entries of damaged tables read', ++read)
      await log.restore(key, value)
    }
  }
  await log.syncBlocks()
  return log
}
