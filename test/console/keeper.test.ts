/** The house is opened anew beneath its doors: console/keeper.ts, and commands that come meanwhile: console/desk.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Household } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { Keeper, type Opened } from '../../src/console/keeper.ts'
import { deskOf, openHousehold, temporaryDirectory } from '../commands/household.ts'

/** Opens households on one directory, and notes what happens. */
async function house(path: string, fails: () => boolean = () => false) {
  const notes: string[] = []
  const open = async (): Promise<Opened> => {
    if (fails()) throw new Failure('NETWORK', 'The port is in use.')
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
  return { keeper: await Keeper.start(path, open, silentLog, () => notes.push('opened anew')), notes }
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
    let taken = false
    const { keeper } = await house(directory.path, () => taken)
    taken = true
    await assert.rejects(keeper.restart(), (error: unknown) => error instanceof Error && !(error instanceof Failure))
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
    const keeper = await Keeper.start(directory.path, open, silentLog, () => {})
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
