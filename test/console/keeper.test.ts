/** The house is opened anew beneath its doors: console/keeper.ts, and commands that come meanwhile: console/desk.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/base/clock.ts'
import { defaultConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { closedHousehold } from '../../src/commands/closed.ts'
import type { Household } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { Desk } from '../../src/console/desk.ts'
import { Keeper, type Opened } from '../../src/console/keeper.ts'
import { advice } from '../../src/store/failure.ts'
import { deskOf, openHousehold, temporaryDirectory } from '../commands/household.ts'

/** @param notes what happens @param clock for its attempts */
function start(path: string, open: () => Promise<Opened>, notes: string[] = [], clock?: Clock): Promise<Keeper> {
  return Keeper.start({
    data: path,
    config: defaultConfig(),
    open,
    closed: (config, why) => closedHousehold({ config, journal: undefined, board: undefined, local: undefined, why }),
    reopened: () => notes.push('opened anew'),
    log: silentLog,
    ...(clock ? { clock } : {}),
  })
}

/** Opens households on one directory, and notes what happens. */
async function house(path: string, fails: () => Failure | undefined = () => undefined, clock?: Clock) {
  const notes: string[] = []
  const open = async (): Promise<Opened> => {
    const failure = fails()
    if (failure) throw failure
    const household = await openHousehold(path)
    notes.push('open')
    return {
      household,
      reload: async () => void notes.push('reload'),
      close: async () => {
        await household[Symbol.asyncDispose]()
        notes.push('close')
      },
    }
  }
  return { keeper: await start(path, open, notes, clock), notes }
}

const never = new AbortController().signal
const accounts = (household: Household) => household.accounts.list().map(({ name }) => name)

describe('a keeper', () => {
  test('closes the house, lets something be done in between, and opens it again', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, notes } = await house(directory.path)
    const before = keeper.household
    await before.accounts.add('alice', 'x')
    await keeper.restart(async () => {
      notes.push('between')
      assert.throws(() => keeper.household, /is being started anew/)
    })
    assert.notEqual(keeper.household, before)
    assert.deepEqual(accounts(keeper.household), ['alice'])
    await keeper.reload()
    await keeper.close()
    assert.deepEqual(notes, ['open', 'close', 'between', 'open', 'opened anew', 'reload', 'close'])
    assert.throws(() => keeper.household, /is being started anew/)
  })

  test('opens it again when what was done in between fails', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, notes } = await house(directory.path)
    const failing = keeper.restart(async () => {
      throw new Failure('STORE_DAMAGED', 'It cannot be mended.')
    })
    await assert.rejects(failing, /cannot be mended/)
    assert.deepEqual(accounts(keeper.household), [])
    await keeper.close()
    assert.deepEqual(notes, ['open', 'close', 'open', 'opened anew', 'close'])
  })

  test('does one after the other', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, notes } = await house(directory.path)
    await Promise.all([keeper.restart(), keeper.restart(), keeper.close()])
    assert.deepEqual(notes, ['open', 'close', 'open', 'opened anew', 'close', 'open', 'opened anew', 'close'])
  })

  test('ends with a bug, for the supervisor, when it cannot be opened again', async () => {
    await using directory = await temporaryDirectory()
    let taken: Failure | undefined
    const { keeper } = await house(directory.path, () => taken)
    taken = inUse
    await assert.rejects(keeper.restart(), (error: unknown) => error instanceof Error && !(error instanceof Failure))
  })

  test('opens nothing any more once it is being closed for good', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, notes } = await house(directory.path)
    const closing = keeper.close()
    await assert.rejects(keeper.restart(), { code: 'REFUSED', message: 'Porchlight is stopping.' })
    await closing
    assert.deepEqual(notes, ['open', 'close'])
  })

  test('opens it again when it could not be closed in order', async () => {
    await using directory = await temporaryDirectory()
    let opened = 0
    const open = async (): Promise<Opened> => {
      opened += 1
      const household = await openHousehold(directory.path)
      const close = async () => {
        await household[Symbol.asyncDispose]()
        if (opened === 1) throw new Failure('STORE_IO', 'The disk has a fault.')
      }
      return { household, reload: async () => {}, close }
    }
    const keeper = await start(directory.path, open)
    await assert.rejects(keeper.restart(), /The disk has a fault/)
    assert.deepEqual(accounts(keeper.household), [])
    await keeper.close()
  })

  test('reads the configuration again only when it is open again', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, notes } = await house(directory.path)
    const restarted = keeper.restart()
    await keeper.reload()
    await restarted
    await keeper.close()
    assert.deepEqual(notes, ['open', 'close', 'open', 'opened anew', 'reload', 'close'])
  })
})

const inUse = new Failure('NETWORK', 'The port is in use.')
const damaged = new Failure('STORE_DAMAGED', `The mail store is damaged (a test). ${advice}`)

describe('a keeper of a house whose store cannot be opened', () => {
  /** One whose store is as the test says, and that has its time from it. */
  async function broken(path: string) {
    const state: { failure: Failure | undefined } = { failure: damaged }
    const minutes = new Minutes()
    return { state, minutes, ...(await house(path, () => state.failure, minutes)) }
  }

  test('does without a server, and says what is wrong and what helps', async () => {
    await using directory = await temporaryDirectory()
    const { keeper } = await broken(directory.path)
    const { household } = keeper
    assert.equal(household.closed, damaged)
    const status = new Map(await household.status())
    assert.equal(status.get('store'), 'The mail store is damaged (a test).')
    assert.equal(status.get('what helps'), 'To have it put in order: porchlight repair')
    assert.throws(() => household.accounts, {
      code: 'REFUSED',
      message:
        'The mail store is closed, so this cannot be done now. The mail store is damaged (a test). To have it put in order: porchlight repair',
    })
    await keeper.close()
  })

  test('tries it again every minute, and is whole again by itself', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, state, minutes, notes } = await broken(directory.path)
    // What reads the configuration again waits for its turn behind the attempt.
    const attempt = () => minutes.pass().then(() => keeper.reload())
    await attempt()
    assert.equal(keeper.household.closed, damaged)
    state.failure = undefined
    await attempt()
    assert.deepEqual(accounts(keeper.household), [])
    await keeper.close()
    assert.deepEqual(notes, ['open', 'opened anew', 'reload', 'close'])
  })

  test('tries it again more seldom where that takes long: a worn card is not to be repaired all the time', async () => {
    await using directory = await temporaryDirectory()
    const minutes = new Minutes()
    const fails = () => {
      minutes.passed += 20 * 60_000
      return damaged
    }
    const { keeper } = await house(directory.path, fails, minutes)
    await minutes.pass()
    await keeper.reload()
    await setImmediate()
    assert.deepEqual(minutes.slept, [60_000, 180 * 60_000])
    await keeper.close()
  })

  test('tries it again when somebody restarts it, after what is done in between', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, state, notes } = await broken(directory.path)
    await assert.rejects(keeper.restart(), {
      code: 'STORE_DAMAGED',
      message: /^Porchlight could not be started anew\. /,
    })
    assert.equal(keeper.household.closed, damaged)
    await keeper.restart(async () => {
      state.failure = undefined
    })
    assert.deepEqual(accounts(keeper.household), [])
    await keeper.close()
    assert.deepEqual(notes, ['open', 'opened anew', 'close'])
  })

  test('says why a repair failed, and not only that the store is as it was', async () => {
    await using directory = await temporaryDirectory()
    const { keeper } = await broken(directory.path)
    const failing = keeper.restart(async () => {
      throw new Failure('STORE_FULL', 'The disk is full.')
    })
    await assert.rejects(failing, { message: 'The disk is full.' })
    assert.equal(keeper.household.closed, damaged)
    await keeper.close()
  })

  test('comes to it from a server that was running', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, state } = await broken(directory.path)
    state.failure = undefined
    await keeper.restart()
    state.failure = damaged
    await assert.rejects(keeper.restart(), { code: 'STORE_DAMAGED' })
    assert.equal(keeper.household.closed, damaged)
    await keeper.close()
  })

  test('ends where something else is wrong, which its supervisor has to show', async () => {
    await using directory = await temporaryDirectory()
    for (const code of ['NETWORK', 'CONFIG', 'TLS', 'STORE_LOCKED'] as const) {
      const failure = new Failure(code, 'No.')
      await assert.rejects(
        house(directory.path, () => failure),
        failure,
      )
    }
  })

  test('gives what it has to a person who came without a password, and no more when the store is open again', async () => {
    await using directory = await temporaryDirectory()
    const { keeper, state } = await broken(directory.path)
    const told = { password: undefined, dialogue: undefined, seen: undefined, print: async () => {}, signal: never }
    const [desk, within] = [new Desk(keeper), keeper.household]
    state.failure = undefined
    await desk.carryOut(parseCall(['restart'], commands), { ...told, within })
    assert.deepEqual(accounts(keeper.household), [])
    const refused = desk.carryOut(parseCall(['user', 'list'], commands), { ...told, within })
    await assert.rejects(refused, /^Failure: The mail store is closed/)
    assert.equal((await desk.carryOut(parseCall(['user', 'list'], commands), told)).length, 1)
    await keeper.close()
  })
})

/** A clock whose time passes when the test says so. */
class Minutes implements Clock {
  /** How long each sleep was to be, ms. */
  readonly slept: number[] = []
  /** What `elapsed` tells. */
  passed = 0
  #wake = Promise.withResolvers<void>()
  #asleep = Promise.withResolvers<void>()

  now(): number {
    return 0
  }

  elapsed(): number {
    return this.passed
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(ms)
    this.#asleep.resolve()
    signal?.addEventListener('abort', () => this.#wake.resolve())
    await this.#wake.promise
  }

  /** Wakes who sleeps, or will in a moment. */
  async pass(): Promise<void> {
    await this.#asleep.promise
    const { resolve } = this.#wake
    this.#wake = Promise.withResolvers()
    this.#asleep = Promise.withResolvers()
    resolve()
    await setImmediate()
  }
}

describe('a desk', () => {
  test('does not do what nobody waits for any more when its turn comes', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    const desk = deskOf(household)
    const gone = new AbortController()
    const told = { password: 'correct horse', dialogue: undefined, seen: undefined, print: async () => {} }
    const first = desk.carryOut(parseCall(['user', 'add', 'bob'], commands), { ...told, signal: never })
    const second = desk.carryOut(parseCall(['user', 'remove', 'alice'], commands), { ...told, signal: gone.signal })
    gone.abort()
    await first
    await assert.rejects(second, { code: 'GIVEN_UP' })
    assert.deepEqual(accounts(household), ['alice', 'bob'])
  })
})
