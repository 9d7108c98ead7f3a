/** The doors for people over a store that cannot be opened, and when it can again: console/consoles.ts. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdir, mkdtempDisposable, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { type Config, readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { closedHousehold } from '../../src/commands/closed.ts'
import { controlPath } from '../../src/commands/places.ts'
import { openConsoles } from '../../src/console/consoles.ts'
import { Keeper } from '../../src/console/keeper.ts'
import { Journal } from '../../src/journal/journal.ts'

const closed = 'commands over the control socket are not possible now'

/** A house whose store stays closed, and whose control socket has something in its way. */
class Shut implements AsyncDisposable {
  readonly changed = new EventEmitter<{ settings: [config: Config] }>()
  readonly said: string[] = []
  readonly path: string
  readonly config: Config
  readonly keeper: Keeper
  readonly #folder: AsyncDisposable
  #close = async () => {}

  private constructor(folder: AsyncDisposable & { readonly path: string }, config: Config, keeper: Keeper) {
    this.path = folder.path
    this.config = config
    this.keeper = keeper
    this.#folder = folder
  }

  static async make(ttys: readonly string[]): Promise<Shut> {
    const folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    await mkdir(join(controlPath(folder.path), 'in its way'), { recursive: true })
    const config = readConfig(`console.ttys = ${JSON.stringify(ttys)}\n`, folder.path)
    const keeper = await Keeper.start({
      data: folder.path,
      config,
      open: () => Promise.reject(new Failure('STORE_IO', 'The disk has a fault.')),
      closed: (config, why) => closedHousehold({ config, journal: undefined, board: undefined, local: undefined, why }),
      reopened: () => {},
      log: silentLog,
    })
    return new Shut(folder, config, keeper)
  }

  async open(): Promise<void> {
    const note = (_fields: object, says: string) => void this.said.push(says)
    const log: Log = Object.assign(Object.create(silentLog), { error: note })
    const directory = join(this.path, 'journal')
    const journal = await Journal.open({ directory, keep: 1024 * 1024, clock: systemClock })
    const { keeper, changed } = this
    this.#close = await openConsoles({ keeper, log, journal, changed, board: undefined })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
    await this.keeper.close()
    await this.#folder[Symbol.asyncDispose]()
  }
}

describe('consoles over a closed store, without a control socket', () => {
  test('do without it, and open it when they can, once', async () => {
    await using shut = await Shut.make([join(tmpdir(), 'porchlight-no-such-line')])
    await shut.open()
    assert.deepEqual(shut.said, [closed])
    // Whatever keeps it from being opened then is no reason to end the server.
    shut.changed.emit('settings', shut.config)
    while (shut.said.length < 2) await new Promise(setImmediate)
    await rm(controlPath(shut.path), { recursive: true })
    shut.changed.emit('settings', shut.config)
    shut.changed.emit('settings', shut.config)
    const deadline = performance.now() + 10_000
    for (let answered = false; !answered && performance.now() < deadline; ) {
      const socket = connect(controlPath(shut.path))
      answered = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      socket.destroy()
    }
    assert.deepEqual(shut.said, [closed, closed])
  })

  test('are no way in where there is no line: who has started it hears of the store', async () => {
    await using shut = await Shut.make([])
    await assert.rejects(shut.open(), { code: 'STORE_IO', message: 'The disk has a fault.' })
  })
})
