/** A journal in a directory of its own, whose time passes when the test says so. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/base/clock.ts'
import type { Filter } from '../../src/journal/filter.ts'
import { Journal } from '../../src/journal/journal.ts'

export const KiB = 1024
const start = Date.UTC(2026, 10, 22, 8)

/** Sleepers wake when their time has come, or they are told to. */
export class HandClock implements Clock {
  /** ms that the clock on the wall is off: it jumps when it is set. */
  jump = 0
  #elapsed = 0
  readonly #sleepers = new Set<{ readonly until: number; wake(): void }>()

  now(): number {
    return start + this.#elapsed + this.jump
  }

  elapsed(): number {
    return this.#elapsed
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const sleeper = {
        until: this.#elapsed + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      if (signal.aborted) sleeper.wake()
      else signal.addEventListener('abort', () => sleeper.wake(), { once: true })
    })
  }

  pass(ms: number): void {
    this.#elapsed += ms
    for (const sleeper of this.#sleepers) if (sleeper.until <= this.#elapsed) sleeper.wake()
  }
}

export class Folder implements AsyncDisposable {
  readonly clock = new HandClock()
  /** Of the files of the journal. */
  readonly directory: string
  readonly path: string

  private constructor(path: string) {
    this.path = path
    this.directory = join(path, 'journal')
  }

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'porchlight-journal-')))
  }

  open(keep = 256 * KiB): Promise<Journal> {
    return Journal.open({ directory: this.directory, keep, clock: this.clock })
  }

  /** A line as pino writes it. */
  line(msg: string, fields: Readonly<Record<string, unknown>> = {}, level = 30): string {
    return `${JSON.stringify({ level, time: new Date(this.clock.now()).toISOString(), ...fields, msg })}\n`
  }

  /** Of all files, in order. */
  async text(): Promise<string> {
    const texts = await Promise.all((await this.names()).map(name => readFile(join(this.directory, name), 'utf8')))
    return texts.join('')
  }

  async names(): Promise<readonly string[]> {
    return (await readdir(this.directory).catch(() => [])).toSorted()
  }

  async octets(): Promise<number> {
    const sizes = await Promise.all(
      (await this.names()).map(async name => (await stat(join(this.directory, name))).size),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true })
  }
}

/** What a journal reads back, the newest first: the `msg` of each line. */
export async function read(journal: Journal, filter?: Filter): Promise<string[]> {
  return Array.fromAsync(journal.recent(filter), ({ msg }) => msg)
}

/** Lets what waits for nothing but its turn go on, and what the disk has to do, until a condition holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setImmediate(resolve))
}
