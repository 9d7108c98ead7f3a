/** A household on a real store in a temporary directory, and in-memory connections, for the tests of the console. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Household, Transport } from '../../src/commands/command.ts'
import { storedHousehold } from '../../src/commands/household.ts'
import type { World } from '../../src/commands/world.ts'
import { Desk } from '../../src/console/desk.ts'
import { runCommandLine } from '../../src/console/run.ts'
import { Store } from '../../src/store/store.ts'

/** A data directory that goes when the test ends. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'porchlight-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/**
 * Opens the store in a directory, for two domains.
 * @param settings beside those of these tests
 */
export async function openHousehold(
  directory: string,
  settings = '',
): Promise<Household & { store: Store } & AsyncDisposable> {
  const store = await Store.open(directory, { clock: systemClock, log: silentLog, reserve: 0 })
  const text = `domains = ["home.example", "second.example"]\nmail.catch_all = "carol"\n${settings}`
  return Object.assign(storedHousehold({ store, config: readConfig(text, directory), directory }), {
    store,
    status: async () =>
      [
        ['Accounts', String(store.accounts.list().length)],
        ['Data', 'here'],
      ] as const,
  })
}

/** The desk of a server with this household. */
export function deskOf(household: Household): Desk {
  const notHere = () => assert.fail('no server is started anew in this test')
  return new Desk({ data: '', config: household.config, household, restart: notHere })
}

/** What a command line printed on standard output and on standard error, and its exit code. */
export type Outcome = { exit: number; printed: string[]; complained: string[] }

/** Runs a command line as the executable does. `stdin` stands for standard input, and is no terminal. */
export async function run(words: readonly string[], stdin = '', world: Partial<World> = {}): Promise<Outcome> {
  const [printed, complained]: [string[], string[]] = [[], []]
  const input = new PassThrough()
  input.end(stdin)
  const exit = await runCommandLine(words, {
    version: '1.2.3',
    environment: {},
    terminal: { input, output: new PassThrough() },
    own: { input, output: new PassThrough() },
    print: line => printed.push(line),
    complain: line => complained.push(line),
    serve: async places => [`served ${places.data} with ${places.config}`],
    selftest: async () => ['tested'],
    dial: async () => undefined,
    open: places => openHousehold(places.data),
    ...world,
  })
  return { exit, printed, complained }
}

/** Two ends of a connection in memory. Each `read` gives at most `step` octets. */
export function pipe(step = 65_536): [Transport, Transport] {
  const streams = [new PassThrough(), new PassThrough()] as const
  const end = (from: PassThrough, to: PassThrough): Transport => {
    const chunks = from[Symbol.asyncIterator]()
    let rest = Buffer.alloc(0)
    return {
      get open() {
        return !from.writableEnded
      },
      read: async () => {
        if (rest.length === 0) {
          const { value, done } = await chunks.next()
          if (done) return undefined
          rest = value
        }
        const chunk = rest.subarray(0, step)
        rest = rest.subarray(step)
        return chunk
      },
      write: async octets => {
        to.write(octets)
      },
      close: () => {
        to.end()
      },
    }
  }
  return [end(streams[0], streams[1]), end(streams[1], streams[0])]
}
