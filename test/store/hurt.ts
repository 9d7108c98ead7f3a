/** What the tests of damage share: a store to hurt, ways to hurt it, and what a repair says. */
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Repaired, repair } from '../../src/store/repair.ts'
import type { Flaw } from '../../src/store/verify.ts'
import { contents, deliver, letter, numbers, Postbox } from './letters.ts'

export const names = ['alice', 'bob', 'carol'] as const
/** Octets of the largest message in it. */
export const largest = 150_000

export type Contents = Awaited<ReturnType<typeof contents>>

/** A store that is closed, and what was in it. */
export class Stock implements AsyncDisposable {
  readonly contents: Contents
  readonly #postbox: Postbox
  readonly #copies: string[] = []

  private constructor(postbox: Postbox, contents: Contents) {
    this.#postbox = postbox
    this.contents = contents
  }

  /** Some tables, some of it in the write-ahead file; a bit of everything in each. */
  static async make(): Promise<Stock> {
    const postbox = await Postbox.make([...names])
    for (const round of [1, 2, 3]) {
      const { store } = postbox
      for (let i = 0; i < 40; i++) {
        const octets = i % 13 === 0 ? largest : 500 + i * 150
        await deliver(store, i % 7 === 0 ? [...names] : [names[i % 3] ?? 'alice'], letter(octets, 1000 * round + i))
      }
      await store.remove(numbers(store, 'alice')[0] ?? 0, [10 * round - 8, 10 * round])
      await store.accounts.setAlias('sales', ['alice', `round${round}`])
      await store.accounts.setPassword('bob', `round ${round}`)
      await store.accounts.add(`guest${round}`, 'hash')
      if (round < 3) await postbox.restart()
    }
    const shown = await contents(postbox.store)
    await postbox.close()
    return new Stock(postbox, shown)
  }

  /** A copy to hurt, closed. */
  async copy(): Promise<string> {
    const copy = await mkdtemp(join(tmpdir(), 'porchlight-hurt-'))
    this.#copies.push(copy)
    await cp(this.#postbox.directory, copy, { recursive: true, filter: path => !path.endsWith('/LOCK') })
    return copy
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const copy of this.#copies) await rm(copy, { recursive: true })
    await this.#postbox.open() // To be closed with the rest.
    await this.#postbox[Symbol.asyncDispose]()
  }
}

/** Chooses numbers below a bound. */
export type Pick = (bound: number) => number

/** A sequence of its own for each seed. */
export function picks(seed: number): Pick {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return bound => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

/** @returns the files of a database of these kinds, in order */
export async function filesOf(directory: string, database: 'log' | 'index', kind: RegExp): Promise<string[]> {
  const names = await readdir(join(directory, database))
  return names
    .filter(name => kind.test(name))
    .sort()
    .map(name => join(directory, database, name))
}

export const table = /\.ldb$/
export const writeAhead = /\.log$/

/** Changes some octets of one of these files. @returns how many octets of the store are in doubt */
export async function flip(files: readonly string[], pick: Pick): Promise<number> {
  const file = files[pick(files.length)] ?? ''
  const octets = await readFile(file)
  for (let i = 0; i <= pick(4); i++) {
    const at = pick(octets.length)
    octets[at] = (octets[at] ?? 0) ^ (1 << pick(8))
  }
  await writeFile(file, octets)
  return octets.length
}

/** Cuts one of these files short. @returns how many octets of the store are in doubt */
export async function cutShort(files: readonly string[], pick: Pick): Promise<number> {
  const file = files[pick(files.length)] ?? ''
  const { size } = await stat(file)
  await truncate(file, pick(size))
  return size
}

/** Removes one of these files. @returns how many octets of the store are in doubt */
export async function lose(files: readonly string[], pick: Pick): Promise<number> {
  const file = files[pick(files.length)] ?? ''
  const { size } = await stat(file)
  await rm(file)
  return size
}

/** What a repair said and did. */
export type Report = Repaired & { readonly told: readonly string[]; readonly lost: readonly Flaw[] }

export async function mend(directory: string): Promise<Report> {
  const [told, lost]: [string[], Flaw[]] = [[], []]
  const repaired = await repair(directory, 1_795_300_000_000, {
    tell: sentence => told.push(sentence),
    lost: flaw => lost.push(flaw),
    progress: () => {},
  })
  return { ...repaired, told, lost }
}
