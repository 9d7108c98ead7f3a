/**
 * The log on the disk: a few files of JSON lines, named by numbers that grow, so that the order of reading does not depend on
 * what the clock said.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import type { Place } from './ring.ts'

const namePattern = /^(\d{8,15})\.log$/
const LF = 0x0a

export class JournalFiles {
  readonly #directory: string
  #keep: number
  /** Whether the files have been held to `keep` since it was set. */
  #trimmed = false
  /** Where the next line goes, as far as is known. No file has the number 0. */
  #end: Place = { file: 0, offset: 0 }
  /** Whether the last file may end within a line: a power cut, or a write that failed. */
  #torn = true

  constructor(directory: string, keep: number) {
    this.#directory = directory
    this.#keep = keep
  }

  /** Octets in all, never exceeded; 256 KiB or more. */
  set keep(octets: number) {
    this.#keep = octets
    this.#trimmed = false
  }

  /** Octets of one file. What a process in its last moment has to write finds room beyond all of them. */
  get #share(): number {
    return Math.floor((this.#keep - budget.journalRing) / budget.journalFiles)
  }

  /** Behind the last line. */
  get end(): Place {
    return this.#end
  }

  /** Looks where the log of an earlier run ends. */
  async measure(): Promise<void> {
    const file = (await this.#numbers()).at(-1) ?? 0
    this.#end = { file, offset: await sizeOf(this.#path(file)) }
  }

  /**
   * Appends lines, synced when this resolves.
   * @param lines without LF, together not more than a share
   * @returns where each begins
   * @throws what the file system says; what came to the disk of them is taken back, where that is possible
   */
  async append(lines: readonly string[]): Promise<readonly Place[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const octets = Buffer.from(lines.map(line => `${line}\n`).join(''))
    const file = await this.#fileFor(octets.length + 1)
    await using handle = await open(this.#path(file), 'a', 0o600)
    const { size } = await handle.stat()
    const start = this.#torn && size > 0 ? Buffer.from('\n') : Buffer.alloc(0)
    await this.#write(handle, Buffer.concat([start, octets]), size)
    this.#end = { file, offset: size + start.length + octets.length }
    return placesOf(lines, { file, offset: size + start.length })
  }

  async #write(handle: FileHandle, octets: Buffer, size: number): Promise<void> {
    try {
      for (let written = 0; written < octets.length; ) {
        const { bytesWritten } = await handle.write(octets, written)
        written += bytesWritten
      }
      await handle.datasync()
      this.#torn = false
    } catch (error) {
      this.#torn = true
      // On a full disk, too, a file can be made shorter.
      await handle.truncate(size).catch(() => {})
      throw error
    }
  }

  /** The same at once, for a process that ends now. A disk that fails then has failed. */
  appendNow(lines: readonly string[]): void {
    try {
      const descriptor = openSync(this.#path(this.#end.file || 1), 'a', 0o600)
      // Whatever was being written when the end came: an empty line is passed over in reading.
      writeSync(descriptor, `\n${lines.map(line => `${line}\n`).join('')}`)
      fsyncSync(descriptor)
      closeSync(descriptor)
    } catch {
      // There is nobody left to tell: standard error has the lines.
    }
  }

  /** Reads lines, the newest first. What cannot be read is passed over. @param before where to begin, going backwards */
  async *backwards(before: Place): AsyncGenerator<string> {
    const numbers = await this.#numbers()
    for (const file of numbers.toReversed()) {
      if (file > before.file) continue
      yield* linesBackwards(this.#path(file), before.file === file ? before.offset : Number.POSITIVE_INFINITY)
    }
  }

  /** The file that has room for so many octets; a new one begins after the oldest has gone. */
  async #fileFor(octets: number): Promise<number> {
    if (!this.#trimmed) await this.#trim(budget.journalFiles)
    this.#trimmed = true
    const file = Math.max(this.#end.file, ...(await this.#numbers()))
    if (file > 0 && (await sizeOf(this.#path(file))) + octets <= this.#share) return file
    await this.#trim(budget.journalFiles - 1)
    return file + 1
  }

  /** Removes the oldest files until there are no more than so many, and those within their shares. */
  async #trim(most: number): Promise<void> {
    const sizes = new Map<number, number>()
    for (const file of await this.#numbers()) sizes.set(file, await sizeOf(this.#path(file)))
    let left = sizes.values().reduce((sum, size) => sum + size, 0)
    for (const [file, size] of sizes) {
      if (sizes.size <= most && left <= most * this.#share) return
      await rm(this.#path(file), { force: true })
      sizes.delete(file)
      left -= size
    }
  }

  /** Of the files that there are, in the order in which they were written. */
  async #numbers(): Promise<readonly number[]> {
    const names = await readdir(this.#directory).catch(() => [])
    const numbers = names.map(name => Number(namePattern.exec(name)?.[1] ?? 0))
    return numbers.filter(number => number > 0).toSorted((a, b) => a - b)
  }

  #path(file: number): string {
    return join(this.#directory, `${String(file).padStart(8, '0')}.log`)
  }
}

function placesOf(lines: readonly string[], { file, offset }: Place): readonly Place[] {
  let next = offset
  return lines.map(line => {
    const place = { file, offset: next }
    next += Buffer.byteLength(line) + 1
    return place
  })
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

async function* linesBackwards(path: string, before: number): AsyncGenerator<string> {
  const handle = await open(path).catch(() => undefined)
  if (!handle) return
  try {
    let end = Math.min(before, (await handle.stat()).size)
    // The end of a line whose beginning is in the chunk before.
    let rest = Buffer.alloc(0)
    while (end > 0) {
      const start = Math.max(0, end - budget.journalChunk)
      const chunk = await readAt(handle, start, end - start)
      if (!chunk) return
      const text = Buffer.concat([chunk, rest])
      const first = text.indexOf(LF)
      rest = first < 0 ? text : text.subarray(0, first)
      if (first >= 0)
        yield* text
          .toString('utf8', first + 1)
          .split('\n')
          .toReversed()
      // No line is that long: what this was is lost.
      if (rest.length > 2 * budget.journalLine) rest = Buffer.alloc(0)
      end = start
    }
    yield rest.toString('utf8')
  } finally {
    await handle.close()
  }
}

async function readAt(handle: FileHandle, position: number, octets: number): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(octets), 0, octets, position)
    return bytesRead === octets ? buffer : undefined
  } catch {
    return undefined
  }
}
