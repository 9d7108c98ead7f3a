/**
 * A card with a cache of its own that loses power. Killing QEMU loses nothing that the guest has written, flushed or not, for
 * this machine keeps it. So QEMU's blklogwrites notes each write and flush in their order; after a cut the disk is made anew from
 * what it was before, all up to the last flush, and of the rest whatever chance has brought to the card.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../crash/random.ts'
import type { Disk } from './disk.ts'
import { tool } from './tool.ts'

/** Octets of the log's own sectors: its head, and the head of each entry, take one. */
const sector = 512
const flag = { flush: 1n, discard: 4n } as const
/** Octets that are copied at once. */
const piece = 1024 * 1024

/** The file of a disk, and where what belongs to it lies. */
type Place = Pick<Disk, 'folder' | 'path'>

type Entry = {
  /** Where it belongs on the disk, and where its octets are in the log. */
  readonly to: number
  readonly from: number
  readonly octets: number
  readonly flags: bigint
}

/** How much a cut has taken. */
export type Loss = { readonly writes: number; readonly flushes: number; readonly lost: number }

export class WriteLog {
  readonly #disk: Place
  readonly #before: string
  readonly #log: string

  private constructor(disk: Place) {
    this.#disk = disk
    this.#before = join(disk.folder, 'before.img')
    this.#log = join(disk.folder, 'writes.log')
  }

  /** Keeps the disk as it is now, and a log that has nothing yet. */
  static async begin(disk: Place): Promise<WriteLog> {
    const log = new WriteLog(disk)
    await tool(['cp', '--reflink=auto', '--sparse=always', disk.path, log.#before])
    await rm(log.#log, { force: true })
    await (await open(log.#log, 'w')).close()
    return log
  }

  /** What QEMU is told, so that a drive `d0` notes what is done to it. */
  words(): readonly string[] {
    const file = `file.driver=file,file.filename=${this.#disk.path}`
    return ['-blockdev', `driver=blklogwrites,node-name=d0,${file},log.driver=file,log.filename=${this.#log}`]
  }

  /** The power is gone: makes the disk what a card with a cache would be now. */
  async lose(random: Pick<Random, 'percent'>): Promise<Loss> {
    await using log = await open(this.#log, 'r')
    const entries = await readEntries(log)
    const last = entries.findLastIndex(({ flags }) => (flags & flag.flush) !== 0n)
    const kept = entries.filter(({ octets }, i) => octets > 0 && (i <= last || !random.percent(50)))
    await using disk = await open(this.#before, 'r+')
    for (const entry of kept) await replay(entry, log, disk)
    await rename(this.#before, this.#disk.path)
    const writes = entries.filter(({ octets }) => octets > 0).length
    return { writes, flushes: entries.length - writes, lost: writes - kept.length }
  }
}

/** Does again what the guest did. What is discarded reads as zeros. */
async function replay({ from, to, octets, flags }: Entry, log: FileHandle, disk: FileHandle): Promise<void> {
  for (let at = 0; at < octets; at += piece) {
    const some = Buffer.alloc(Math.min(piece, octets - at))
    if ((flags & flag.discard) === 0n) await log.read(some, 0, some.length, from + at)
    await disk.write(some, 0, some.length, to + at)
  }
}

/** Its head counts them only now and then: they are read as far as they are whole. */
async function readEntries(log: FileHandle): Promise<readonly Entry[]> {
  const { size } = await log.stat()
  const entries: Entry[] = []
  const head = Buffer.alloc(sector)
  for (let at = sector; at + sector <= size; ) {
    await log.read(head, 0, sector, at)
    const [place, flags] = [Number(head.readBigUInt64LE(0)), head.readBigUInt64LE(16)]
    // Its fourth number, the octets that follow, is always 0 in QEMU's logs.
    const octets = Number(head.readBigUInt64LE(8)) * sector
    const [from, follows] = [at + sector, (flags & flag.discard) === 0n ? octets : 0]
    if ((flags === 0n && octets === 0) || from + follows > size) break
    entries.push({ to: place * sector, from, octets, flags })
    at = from + follows
  }
  return entries
}
