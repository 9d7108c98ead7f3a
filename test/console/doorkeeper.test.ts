/** Who is let in at a serial line, and how long wrong passwords make the wait: console/doorkeeper.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashPassword } from '../../src/auth/password.ts'
import { Failure } from '../../src/base/failure.ts'
import type { House, Household } from '../../src/commands/command.ts'
import { GivenUp } from '../../src/commands/dialogue.ts'
import { Doorkeeper } from '../../src/console/doorkeeper.ts'
import { deskOf, openHousehold, temporaryDirectory } from '../commands/household.ts'

type Typed = string | (() => string | Promise<string>)

/** Somebody at a line, and the seconds that they are made to wait. Time passes only while they wait. */
class Visitor {
  readonly said: string[] = []
  readonly waits: number[] = []
  left: 'gone' | undefined
  readonly #typed: Typed[]
  readonly #passes: (ms: number) => void

  /** @param passes undefined for one who pulls the plug instead of waiting */
  constructor(typed: readonly Typed[], passes: ((ms: number) => void) | undefined) {
    this.#typed = [...typed]
    this.#passes =
      passes ??
      (() => {
        this.left = 'gone'
        throw new GivenUp('gone')
      })
  }

  async ask(): Promise<string> {
    const next = this.#typed.shift()
    if (next === undefined) throw new GivenUp('interrupt')
    return typeof next === 'string' ? next : next()
  }

  async print(line: string): Promise<void> {
    this.said.push(line)
  }

  async key(ms = 0): Promise<undefined> {
    this.waits.push(Math.ceil(ms / 1000))
    this.#passes(ms)
  }

  endCommand(): void {}
}

type How = { readonly tty?: string; readonly house?: House; readonly pulls?: boolean }

/** A door with a password, in a time of its own. */
async function door(settings = '') {
  const directory = await temporaryDirectory()
  const household = await openHousehold(directory.path, settings)
  await household.settings.set('console.password', await hashPassword('open sesame'))
  let now = 0
  const doorkeeper = new Doorkeeper({ elapsed: () => now })
  const home = deskOf(household).house
  const passes = (ms: number) => {
    now += ms
  }
  /** @returns whether they are let in, and what they had to wait; they press Ctrl-C when they have typed everything */
  const come = async (typed: readonly Typed[], { tty = '/dev/ttyS1', house = home, pulls = false }: How = {}) => {
    const visitor = new Visitor(typed, pulls ? undefined : passes)
    const admitted = await doorkeeper.admit(visitor, house, tty).catch((error: unknown) => {
      if (error instanceof GivenUp) return 'gone'
      throw error
    })
    return { admitted, waits: visitor.waits }
  }
  const dispose = async () => {
    await household[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  }
  return { household, home, come, [Symbol.asyncDispose]: dispose }
}

const wrong = (times: number) => Array.from({ length: times }, () => 'open says me')

describe('the doorkeeper', () => {
  test('lets in who knows the password, and nobody else', async () => {
    await using at = await door()
    assert.equal((await at.come(['open sesame'])).admitted, true)
    assert.equal((await at.come(['', 'open says me', 'open sesame'])).admitted, true)
    assert.equal((await at.come(wrong(3))).admitted, false)
  })

  test('lets in whoever is at the line where no password is set', async () => {
    await using at = await door()
    await at.household.settings.set('console.password', '')
    assert.equal((await at.come([])).admitted, true)
  })

  test('makes the wait longer with each wrong password, up to a minute', async () => {
    await using at = await door()
    const { waits } = await at.come(wrong(3))
    assert.deepEqual(waits, [1, 1, 1])
    for (const wait of [2, 4, 8, 16, 32, 60, 60]) assert.deepEqual((await at.come(wrong(1))).waits, [wait])
  })

  test('begins anew once somebody has known it', async () => {
    await using at = await door()
    await at.come(wrong(3))
    await at.come(wrong(1))
    assert.equal((await at.come(['open sesame'])).admitted, true)
    assert.deepEqual((await at.come(wrong(1))).waits, [1])
  })

  test('counts what was wrong at another line, too', async () => {
    await using at = await door()
    await at.come(wrong(3), { tty: '/dev/ttyS1' })
    assert.deepEqual((await at.come(wrong(2), { tty: '/dev/ttyS2' })).waits, [2, 4])
  })

  test('does not count Enter alone: an echo presses it for ever', async () => {
    await using at = await door()
    for (let i = 0; i < 4; i++) assert.deepEqual((await at.come(['', '', ''])).waits, [1, 1, 1])
  })

  test('has whoever pulls the plug instead of waiting wait when they come again', async () => {
    await using at = await door()
    await at.come(wrong(3))
    assert.deepEqual((await at.come(wrong(1), { pulls: true })).waits, [2])
    assert.deepEqual((await at.come(wrong(1))).waits, [2, 4])
  })

  test('goes by the password as it is when one was typed', async () => {
    await using at = await door()
    const hash = await hashPassword('changed meanwhile')
    const late = async () => {
      await at.household.settings.set('console.password', hash)
      return 'open sesame'
    }
    assert.equal((await at.come([late])).admitted, 'gone')
    assert.equal((await at.come(['changed meanwhile'])).admitted, true)
  })

  test('lets nobody in while the server is started anew', async () => {
    await using at = await door()
    let closed = false
    const restarting: House = {
      ...at.home,
      get household(): Household {
        if (closed) throw new Failure('REFUSED', 'Porchlight is being started anew.')
        return at.household
      },
    }
    const late = () => {
      closed = true
      return 'open sesame'
    }
    await assert.rejects(at.come([late], { house: restarting }), /being started anew/)
  })
})
