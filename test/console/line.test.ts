/** What happens on a serial line beside what is meant to: somebody leaves, somebody else comes, the server is started anew. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashPassword } from '../../src/auth/password.ts'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import type { House, Household } from '../../src/commands/command.ts'
import { serveLine } from '../../src/console/session.ts'
import { Shell } from '../../src/console/shell.ts'
import { Terminal } from '../../src/console/terminal.ts'
import { openHousehold, temporaryDirectory } from '../commands/household.ts'
import { deskIn, Person } from './person.ts'

const prompt = 'porchlight> '
const idle = 60_000

/** A household that trusts the line, with one account. */
async function home(settings = 'console.trust = "line"') {
  const directory = await temporaryDirectory()
  const household = await openHousehold(directory.path, `${settings}\nconsole.idle = "1m"`)
  await household.accounts.add('alice', 'x')
  const dispose = async () => {
    await household[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  }
  return { household, [Symbol.asyncDispose]: dispose }
}

const atLine = (household: Household, differs: Partial<House> = {}) =>
  new Person(household, serveLine, 65_536, { desk: deskIn(household, differs) })

/** While the server is being started anew. */
const closed: Partial<House> = {
  get household(): Household {
    throw new Failure('REFUSED', 'Porchlight is being started anew.')
  },
}

describe('a serial line', () => {
  test('bears Ctrl-C while the server is started anew', async () => {
    await using house = await home()
    const person = atLine(house.household, closed)
    await person.shows('Press Enter.')
    await person.type('\r\x03')
    await person.shows('Press Enter.')
    person.hangUp()
    await person.served
  })

  test('says that the server is started anew', async () => {
    await using house = await home()
    const person = atLine(house.household, closed)
    await person.shows('Press Enter.')
    await person.type('\r')
    await person.shows('Porchlight is being started anew.')
    await person.shows('Press Enter.')
    person.hangUp()
    await person.served
  })

  test('is logged out when nobody turns the page, and the next person sees nothing of it', async t => {
    await using house = await home()
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const person = atLine(house.household)
    await person.shows('Press Enter.')
    await person.type('\r')
    await person.shows(prompt)
    await person.type('help\r')
    await person.shows('--More--')
    t.mock.timers.tick(idle)
    assert.doesNotMatch(await person.shows('Press Enter.'), /logout/)
    assert.match(person.shown, /Logged out/)
    await person.type(' \r')
    await person.shows(prompt)
    await person.type('version\r')
    assert.doesNotMatch(await person.shows('Porchlight'), /Show|Leave/)
    person.hangUp()
    await person.served
  })

  test('is not logged out where nobody has come', async t => {
    await using house = await home()
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const person = atLine(house.household)
    await person.shows('Press Enter.')
    t.mock.timers.tick(2 * idle)
    await person.type('\r')
    assert.doesNotMatch(await person.shows(prompt), /Logged out|Press Enter/)
    person.hangUp()
    await person.served
  })

  test('is logged out when whoever pressed Enter leaves it at that', async t => {
    await using house = await home('console.trust = "password"')
    await house.household.settings.set('console.password', await hashPassword('open sesame'))
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const person = atLine(house.household)
    await person.shows('Press Enter.')
    await person.type('\r')
    await person.shows('Password: ')
    t.mock.timers.tick(idle)
    await person.shows('Press Enter.')
    person.hangUp()
    await person.served
  })

  test('does not tell the next person what was typed before', async () => {
    await using house = await home()
    const person = atLine(house.household)
    await person.shows('Press Enter.')
    await person.type('\r')
    await person.shows(prompt)
    await person.type('passwd alice hunter2\r')
    await person.shows(prompt)
    await person.type('logout\r')
    await person.shows('Press Enter.')
    await person.type('\r')
    await person.shows(prompt)
    await person.type('\x1b[A\x1b[A\rversion\r')
    assert.doesNotMatch(await person.shows('Porchlight'), /hunter2/)
    person.hangUp()
    await person.served
  })

  test('tells nobody what the log says before they are let in', async () => {
    await using house = await home('console.trust = "password"')
    await house.household.settings.set('console.password', await hashPassword('open sesame'))
    const person = atLine(house.household)
    await person.shows('Press Enter.')
    person.alert('The mailbox of alice is full.')
    await person.type('\r')
    await person.shows('Password: ')
    person.alert('The mailbox of alice is full.')
    await person.type('open sesame\r')
    await person.shows(prompt)
    assert.doesNotMatch(person.shown, /alice/)
    person.alert('The mailbox of bob is full.')
    await person.shows('The mailbox of bob is full.')
    person.hangUp()
    await person.served
  })

  test('needs nobody while a command says how far it is, for as long as that takes', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let shown = ''
    const write = async (octets: Buffer) => {
      shown += octets
    }
    const transport = { open: true, read: async () => undefined, write, close: () => {} }
    const terminal = new Terminal({ shell: new Shell({ charset: 'utf-8' }), transport, idleMs: () => idle })
    terminal.begin()
    terminal.beginCommand()
    for (let tenth = 0; tenth < 100; tenth++) {
      t.mock.timers.tick(idle - 1)
      terminal.working()
      await terminal.print(`Writing it: ${tenth} tenths`)
    }
    assert.equal(shown, Array.from({ length: 100 }, (_, tenth) => `Writing it: ${tenth} tenths\r\n`).join(''))
    assert.equal(terminal.left, undefined)
    t.mock.timers.tick(idle)
    assert.equal(terminal.left, 'idle')
  })

  test('that takes nothing any more does not pile up what the log says', async () => {
    const { promise: never } = Promise.withResolvers<void>()
    const transport = { open: true, read: async () => undefined, write: () => never, close: () => {} }
    const shell = new Shell({ charset: 'utf-8' })
    const terminal = new Terminal({ shell, transport, idleMs: () => 0 })
    void terminal.ask('> ')
    for (let i = 0; i < 1000; i++) terminal.alert('The mailbox of alice is full.')
    assert.ok(shell.outputOctets < 2 * budget.consoleBehind, `${shell.outputOctets} octets`)
  })
})
