/** A console as a person meets it: console/session.ts, terminal.ts, doorkeeper.ts and shell.ts over a line in memory. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashPassword } from '../../src/auth/password.ts'
import type { Household } from '../../src/commands/command.ts'
import { completions } from '../../src/console/completion.ts'
import { consoleCommands } from '../../src/console/consolecommands.ts'
import { Doorkeeper } from '../../src/console/doorkeeper.ts'
import { type Office, serveLine, serveVisitor } from '../../src/console/session.ts'
import { deskOf, openHousehold, pipe, temporaryDirectory } from '../commands/household.ts'
import { Shown } from '../support/shown.ts'
import { Person } from './person.ts'

const prompt = 'porchlight> '
const screen = { columns: 80, rows: 24, escapes: false, unicode: true, paged: true }

const atLine = (household: Household) => new Person(household, serveLine)
const visiting = (household: Household, ...words: string[]) =>
  new Person(household, (near, office) => serveVisitor(near, screen, words, office))

describe('a serial console', () => {
  test('greets, asks for its password, does what is typed, and says good-bye', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    await household.settings.set('console.password', await hashPassword('open sesame'))
    const person = atLine(household)
    await person.shows('Porchlight 1.2.3, mail.home.example\r\nPress Enter.\r\n')
    await person.type('noise\xff\r')
    await person.shows('Password: ')
    await person.type('open sesamee\b\r')
    await person.shows(prompt)
    assert.doesNotMatch(person.shown, /noise|sesame/)
    await person.type('user list\r')
    assert.match(await person.shows(prompt), /alice +0 +0 B/)
    await person.type('usr list\r')
    assert.match(await person.shows(prompt), /There is no command usr; did you mean user\? See: help/)
    await person.type('logout\r')
    await person.shows('Good-bye.')
    await person.shows('Press Enter.')
    person.hangUp()
    await person.served
  })

  test('asks for no password where there can be none', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    const person = visiting(household)
    await person.shows(prompt)
    for (const [typed, complaint] of [
      ['user add alice', 'There is an account alice already.'],
      ['user add a+b', '"a+b" cannot be the name of an account'],
      ['user password bob', 'There is no account bob. To see them: user list'],
      ['passwd bob', 'There is no account bob. To see them: user list'],
    ] as const) {
      await person.type(`${typed}\r`)
      assert((await person.shows(prompt)).includes(complaint), typed)
    }
    assert.doesNotMatch(person.shown, /assword:/)
    person.hangUp()
    await person.served
  })

  test('offers the words that may follow, also those that are no names', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    for (const [line, offered] of [
      ['user expire alice ', ['never']],
      ['user quota alice n', ['none']],
      ['passwd ', ['alice', 'console']],
      ['help al', ['alias']],
      ['help alias ', ['add', 'list', 'remove']],
      ['config show rel', ['relay']],
    ] as const) {
      const found = await completions(line, household)
      assert.deepEqual(line.startsWith('config') ? found.filter(word => !word.includes('.')) : found, offered, line)
    }
  })

  test('explains itself without the words of a shell of Linux, as wide as the line is', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    for (const columns of [40, 80]) {
      const person = new Person(household, (near, office) =>
        serveVisitor(near, { ...screen, columns, paged: false }, [], office),
      )
      await person.shows(prompt)
      for (const { name } of [{ name: '' }, ...consoleCommands]) {
        await person.type(`help ${name}\r`)
        const shown = await person.shows(prompt)
        assert.doesNotMatch(shown, /porchlight (?!>)|[|>] ?(?:less|records)|\\\r|--data|--password-stdin/, name)
        for (const row of shown.split('\r\n')) assert(row.length < columns, row)
      }
      await person.type('help nonsense\r')
      assert.match(await person.shows(prompt), /To see\s+what there is: help/)
      person.hangUp()
      await person.served
    }
  })

  test('lets in whoever is at the line where the household says so', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path, 'console.trust = "line"')
    await household.accounts.add('alice', 'x')
    await household.settings.set('console.password', await hashPassword('open sesame'))
    const person = atLine(household)
    await person.shows('Press Enter.')
    await person.type('\r')
    await person.shows(prompt)
    person.hangUp()
    await person.served
    assert.doesNotMatch(person.shown, /Password/)
  })

  test('does not talk with its own echo for ever', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path, 'console.trust = "line"')
    await household.accounts.add('alice', 'x')
    const [far, near] = pipe()
    const office: Office = {
      desk: deskOf(household),
      doorkeeper: new Doorkeeper(),
      version: '1',
      alerts: () => () => {},
      stopping: new AbortController().signal,
    }
    const served = serveLine(near, office)
    const shown = new Shown()
    const echoing = (async () => {
      for (let chunk = await far.read(); chunk !== undefined; chunk = await far.read()) {
        shown.add(chunk.toString())
        await far.write(Buffer.from(chunk))
      }
    })()
    await shown.until('I leave this line alone for a moment.')
    far.close()
    await Promise.all([served, echoing])
    assert.ok(shown.text.length < 20_000, `${shown.text.length} octets`)
  })
})

describe('whoever comes over the control socket', () => {
  test('has a prompt at once, and leaves with Ctrl-D', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    const person = visiting(household)
    await person.shows(prompt)
    await person.type('user li\t\r')
    assert.match(await person.shows(prompt), /user list/)
    await person.type('user remove al\t')
    await person.shows('alice')
    await person.type('\x03')
    await person.shows(prompt)
    await person.type('\x04')
    await person.served
    assert.equal(household.accounts.list().length, 1)
  })

  test('can have one command done', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    const person = visiting(household, 'user', 'add', 'alice')
    await person.shows('New password: ')
    await person.type('correct horse\r')
    await person.shows('The same again: ')
    await person.type('correct horse\r')
    await person.shows('alice is ready')
    await person.served
    assert.equal(household.accounts.list().length, 1)
    assert.doesNotMatch(person.shown, /horse/)
  })

  test('hears alerts between the lines, and what was typed stays', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    const person = visiting(household)
    await person.shows(prompt)
    await person.type('user ')
    await person.shows('user ')
    person.alert('The disk is nearly full.')
    await person.shows('The disk is nearly full.')
    await person.shows(`${prompt}user `)
    await person.type('list\r')
    assert.match(await person.shows(prompt), /alice/)
    person.hangUp()
    await person.served
  })

  test('stops a long text', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    const person = visiting(household)
    await person.shows(prompt)
    await person.type('help\r')
    await person.shows('--More--')
    await person.type(' ')
    await person.shows('--More--')
    await person.type('q')
    await person.shows(prompt)
    await person.type('version\r')
    await person.shows('Porchlight ')
    await person.shows(prompt)
    person.hangUp()
    await person.served
  })

  test('shows a long text at once where nobody reads along', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await household.accounts.add('alice', 'x')
    const unattended = { ...screen, paged: false }
    const person = new Person(household, (near, office) => serveVisitor(near, unattended, [], office))
    await person.type('help\rversion\r\x04')
    await person.shows(/logout +Leave the console[\s\S]*porchlight> version\r\nPorchlight /)
    await person.served
    assert.doesNotMatch(person.shown, /--More--/)
  })

  for (const [doing, typed] of [
    ['at the prompt', 'version\n'],
    ['in the set-up', 'setup\n'],
    ['reading mail', 'mail alice\nlist\n'],
    ['in a letter', 'mail alice\ncompose\nalice\n\nSubject\nText\n'],
    ['in a password', 'passwd console\nopen sesame\n'],
    ['in the middle of a line', 'user remove al'],
  ] as const) {
    test(`leaves at the end of what is piped in, ${doing}`, async () => {
      await using directory = await temporaryDirectory()
      await using household = await openHousehold(directory.path)
      await household.accounts.add('alice', 'x')
      const unattended = { ...screen, paged: false }
      const person = new Person(household, (near, office) => serveVisitor(near, unattended, [], office))
      await person.type(`${typed}\x04`)
      await person.served
      assert.equal(household.mailbox('alice').messages, 0)
      assert.equal(household.settings.get('console.password'), undefined)
    })
  }

  for (const [name, keys] of [
    ['a megabyte without a line end', Buffer.alloc(1_000_000, 'a')],
    ['zeros', Buffer.alloc(100_000)],
    ['all octets', Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) & 0xff))],
  ] as const) {
    test(`has a prompt again after ${name}`, async () => {
      await using directory = await temporaryDirectory()
      await using household = await openHousehold(directory.path)
      await household.accounts.add('alice', 'x')
      const person = new Person(household, (near, office) => serveVisitor(near, screen, [], office), 4096)
      await person.shows(prompt)
      await person.type(Buffer.from(keys.filter(octet => octet !== 4)))
      await person.type('\x03\x03\rversion\r')
      await person.shows(/\nPorchlight \d/)
      await person.shows(prompt)
      person.hangUp()
      await person.served
    })
  }
})
