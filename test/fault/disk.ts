/** A disk under a test's command: it fails when it is told to, and a power cut takes from it what was not synced. */
import { execFile } from 'node:child_process'
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { Random, randomOctets } from '../crash/random.ts'

/**
 * How it fails: full, broken, broken where the index lies, or only when it has to sync. With `hold`, LevelDB's tables wait for
 * their sync.
 */
type Order = 'enospc' | 'eio' | 'index' | 'fsync' | 'hold'

/** Octets that a disk cannot read, when it cannot read one of them. */
export const sector = 4096

/** What was not synced: from `synced` to `size`, and an offset between the two. */
type Tail = { readonly file: FileHandle; readonly synced: number; readonly size: number; readonly from: number }

const nothing = ({ file, synced }: Tail) => file.truncate(synced)
const part = ({ file, from }: Tail) => file.truncate(from)
const garbage = ({ file, from, size }: Tail) => overwrite(file, from, randomOctets(new Random(from), size - from))
const zeros = ({ file, from, size }: Tail) => overwrite(file, from, Buffer.alloc(size - from))
const hole = ({ file, synced, from }: Tail) => overwrite(file, synced, Buffer.alloc(from - synced))
const blank = ({ file, synced, size }: Tail) => overwrite(file, synced, Buffer.alloc(size - synced))
const all = async () => {}

/** What a power cut may leave of it. */
const remains = [nothing, part, garbage, zeros, hole, blank, all]
/** The same for a MANIFEST. One that is spoilt inside a record, as usual file systems never leave it, needs a repair. */
const manifestRemains = [nothing, part, blank, all]

async function overwrite(file: FileHandle, position: number, octets: Buffer): Promise<void> {
  await file.write(octets, 0, octets.length, position)
}

/** The library that goes below the server, and what the two have to say to each other. */
export class Disk {
  /** What the server's environment must hold. */
  readonly environment: Readonly<Record<string, string>>
  readonly #data: string
  readonly #notes: string
  readonly #orders: string

  private constructor(directory: string, data: string) {
    this.#data = data
    this.#notes = join(directory, 'notes')
    this.#orders = join(directory, 'orders')
    this.environment = {
      LD_PRELOAD: join(directory, 'disk.so'),
      FAULT_ROOT: data,
      FAULT_NOTES: this.#notes,
      FAULT_ORDERS: this.#orders,
    }
  }

  /**
   * Compiles the library; this needs a C compiler.
   * @param directory for it and its notes
   * @param data the data directory of the server
   */
  static async make(directory: string, data: string): Promise<Disk> {
    const disk = new Disk(directory, data)
    await mkdir(disk.#notes)
    await mkdir(disk.#orders)
    const source = join(import.meta.dirname, 'disk.c')
    const words = ['-shared', '-fPIC', '-O1', '-Wall', '-o', join(directory, 'disk.so'), source, '-ldl']
    await promisify(execFile)('cc', words).catch(cause => {
      throw new Error('disk.c cannot be compiled; these tests need the C compiler cc.', { cause })
    })
    return disk
  }

  /** From now on, until it is withdrawn. */
  order(order: Order): Promise<void> {
    return writeFile(join(this.#orders, order), '')
  }

  /** From now on it cannot read the sector of a file that begins at `offset`. */
  lose(file: string, offset: number): Promise<void> {
    return writeFile(join(this.#orders, 'sector'), `${basename(file)} ${offset}`)
  }

  /** It is well again. */
  async withdraw(): Promise<void> {
    for (const order of await readdir(this.#orders)) await rm(join(this.#orders, order))
  }

  /**
   * Does to the databases of a server that has been killed what a power cut might have done.
   * @param random chooses what is left of all that was not synced; without it, nothing is
   * @returns how much was at stake, in words
   */
  async cut(random?: Random): Promise<string> {
    let [files, octets] = [0, 0]
    for (const database of ['log', 'index']) {
      const directory = join(this.#data, database)
      for (const name of (await readdir(directory).catch(() => [])).toSorted()) {
        const unsynced = await this.#cutFile(join(directory, name), random)
        if (unsynced > 0) files += 1
        octets += unsynced
      }
    }
    return `power cut with ${octets} octets of ${files} files not synced`
  }

  /** @returns how many octets were not synced */
  async #cutFile(path: string, random: Random | undefined): Promise<number> {
    const { ino, size } = await stat(path)
    const note = join(this.#notes, String(ino))
    const synced = Math.min(await readNote(note), size)
    const unsynced = size - synced
    if (unsynced === 0) return 0
    if (synced === 0 && random?.percent(30)) {
      await rm(path)
      return unsynced
    }
    await using file = await open(path, 'r+')
    const tail = { file, synced, size, from: random?.between(synced, size) ?? synced }
    await (random?.pick(path.includes('MANIFEST') ? manifestRemains : remains) ?? nothing)(tail)
    // What has outlived the cut will outlive the next one.
    await writeNote(note, (await file.stat()).size)
    return unsynced
  }
}

/** @returns octets synced; a file without a note was never synced, nor was one whose note was begun when the kill came */
async function readNote(path: string): Promise<number> {
  const note = await readFile(path).catch(() => Buffer.alloc(0))
  if (note.length === 0) return 0
  return Number(endianness() === 'LE' ? note.readBigUInt64LE() : note.readBigUInt64BE())
}

async function writeNote(path: string, synced: number): Promise<void> {
  const note = Buffer.alloc(16)
  if (endianness() === 'LE') note.writeBigUInt64LE(BigInt(synced))
  else note.writeBigUInt64BE(BigInt(synced))
  await writeFile(path, note)
}
