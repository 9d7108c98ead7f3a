/**
 * How much was written to the storage today, as the kernel counts it: cards wear out by it. The count goes on over a restart,
 * and over a start of the board as far as it was noted.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bootId } from '../base/boot.ts'

const setting = 'written.today'
/** Milliseconds between two notes: each is a write to the card itself. */
const noteMs = 6 * 3_600_000
/** What the kernel counts in, whatever the sectors of the device are (Documentation/block/stat.rst). */
const sectorSize = 512

type Settings = { get(name: string): string | undefined; set(name: string, value: string): Promise<void> }

type WrittenOptions = {
  readonly settings: () => Settings
  /** A name of the day where the household is: another one tomorrow. */
  readonly today: () => string
  readonly elapsed: () => number
  /** A folder on the storage. */
  readonly folder: string
  /** The folder in which `sys` and `proc` of the kernel lie: `/`. */
  readonly root?: string
}

/** What is known: how much on which day, and what the kernel's count was then, in which boot. */
type Tally = { readonly day: string; readonly octets: number; readonly boot: string; readonly count: number }

export class Written {
  readonly #options: WrittenOptions
  #tally: Tally | undefined
  #notedAt: number

  constructor(options: WrittenOptions) {
    this.#options = options
    this.#tally = readTally(options.settings().get(setting))
    this.#notedAt = options.elapsed()
  }

  /** @returns octets written today; undefined where the kernel does not count them */
  async look(): Promise<number | undefined> {
    const { folder, root = '/', today } = this.#options
    const now = await countOf(folder, root)
    if (!now) return undefined
    const before = this.#tally
    const day = today()
    // After a start of the board all that was counted is new; so is it on the first day.
    const same = before?.boot === now.boot && before.count <= now.count
    const more = same ? now.count - before.count : now.count
    // Where it is not known from when the count is, it is not of today: the board has been up for weeks.
    const octets = before === undefined ? 0 : (before.day === day ? before.octets : 0) + more
    this.#tally = { day, octets, ...now }
    return octets
  }

  /** Looks, and notes it if that is due. @throws Failure of the store */
  async keep(): Promise<void> {
    await this.look()
    if (this.#options.elapsed() - this.#notedAt >= noteMs) await this.note()
  }

  /** Notes it, for the next start. @throws Failure of the store */
  async note(): Promise<void> {
    if (!this.#tally) return
    this.#notedAt = this.#options.elapsed()
    const { day, octets, boot, count } = this.#tally
    await this.#options.settings().set(setting, [day, octets, boot, count].join(' '))
  }
}

/** What the kernel has counted for the storage that a folder is on. */
async function countOf(folder: string, root: string): Promise<Pick<Tally, 'boot' | 'count'> | undefined> {
  try {
    const { dev } = await stat(folder)
    const text = await readFile(join(root, 'sys/dev/block', `${major(dev)}:${minor(dev)}`, 'stat'), 'latin1')
    const boot = await bootId(root)
    // The seventh number: sectors written.
    const sectors = Number(text.trim().split(/\s+/)[6])
    return Number.isSafeInteger(sectors) && boot !== undefined ? { boot, count: sectors * sectorSize } : undefined
  } catch {
    // A file system in memory, or one over several devices.
    return undefined
  }
}

/** How Linux writes two numbers into one: gnu_dev_major(3). */
function major(dev: number): number {
  return Number((BigInt(dev) >> 8n) & 0xfffn)
}

function minor(dev: number): number {
  const whole = BigInt(dev)
  return Number((whole & 0xffn) | ((whole >> 12n) & 0xfff_ff00n))
}

function readTally(text = ''): Tally | undefined {
  const [, day, octets, boot, count] = /^([\d-]{1,20}) (\d{1,16}) ([\da-f-]{36}) (\d{1,16})$/.exec(text) ?? []
  if (day === undefined || boot === undefined) return undefined
  return { day, octets: Number(octets), boot, count: Number(count) }
}
