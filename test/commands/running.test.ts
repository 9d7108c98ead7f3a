/** The commands connections, connections drop and top, on a running server. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { hashPassword } from '../../src/auth/password.ts'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Context, Household, Lines } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { servedHousehold } from '../../src/commands/household.ts'
import { Meter } from '../../src/commands/meter.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { screen } from '../../src/commands/top.ts'
import { Server, type Service } from '../../src/flow/server.ts'
import { submit } from '../store/letters.ts'
import { Dialogue } from '../support/dialogue.ts'
import { openHousehold, temporaryDirectory } from './household.ts'
import { ScriptedDialogue } from './script.ts'

const here = '["127.0.0.1:0"]'
const settings = `login.plaintext = "always"
listen = { smtp = ${here}, submission = ${here}, submissions = [], pop3 = ${here}, pop3s = [] }`

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let server: Server
let household: Household

before(async () => {
  directory = await temporaryDirectory()
  const config = readConfig(settings, directory.path)
  server = await Server.open({ config, directory: directory.path, log: silentLog, clock: systemClock })
  await server.listen()
  await server.store.accounts.add('alice', await hashPassword('correct horse'))
  household = servedHousehold({ server })
})

after(async () => {
  await server.stop()
  await directory[Symbol.asyncDispose]()
})

function dial(service: Service): Promise<Dialogue> {
  const door = server.listening.find(door => door.service === service)
  return Dialogue.open(Number(door?.name.split(':').at(-1)))
}

/** Does a command as the console does. */
function say(
  words: string,
  { of = household, dialogue }: { of?: Household; dialogue?: ScriptedDialogue } = {},
): Promise<Lines> {
  const call = parseCall(words.split(' '), commands)
  if (call.command.runs !== 'inside') throw new Error(`${words} is not for the server`)
  const signal = dialogue?.signal ?? new AbortController().signal
  const told = {
    house: undefined,
    width: Number.POSITIVE_INFINITY,
    running: true,
    password: undefined,
    seen: undefined,
    print: async () => {},
  }
  const context: Context = { ...told, household: of, dialogue, signal }
  return call.command.run(call, context)
}

/** Waits until so many are connected: the server hears of it a moment after the client. */
async function connected(count: number): Promise<void> {
  while (server.connections !== count) await new Promise(setImmediate)
}

const refused = (why: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure && error.code === 'REFUSED')
  assert.match(error.message, why)
  return true
}

describe('connections', () => {
  test('says that nobody is there', async () => {
    assert.deepEqual(await say('connections'), ['Nobody is connected.'])
  })

  test('shows each with its number, its account and what it does', async () => {
    using stranger = await dial('smtp')
    await stranger.answer()
    using sender = await dial('smtp')
    await sender.answer()
    await sender.say('EHLO away.example')
    await sender.say('MAIL FROM:<bob@away.example>')
    using laptop = await dial('submission')
    await laptop.answer()
    await laptop.say('EHLO laptop')
    await laptop.say(`AUTH PLAIN ${Buffer.from('\0alice\0correct horse').toString('base64')}`)
    using phone = await dial('pop3')
    await phone.answer()
    using reader = await dial('pop3')
    await reader.answer()
    await reader.say('USER alice')
    assert.match(await reader.say('PASS correct horse'), /^\+OK/)
    const [title, ...lines] = await say('connections')
    assert.match(title ?? '', /^NUMBER {2}SERVICE {5}FROM {7}ACCOUNT {2}SINCE {2}DOES$/)
    const rows = lines.map(line => line.split(/ {2,}/).toSpliced(4, 1))
    const from = '127.0.0.1'
    const [first = 0] = rows.map(([number]) => Number(number))
    assert.deepEqual(rows, [
      [String(first), 'smtp', from, '-', 'has said nothing that counts yet'],
      [String(first + 1), 'smtp', from, '-', 'hands in mail'],
      [String(first + 2), 'submission', from, 'alice', 'has logged in'],
      [String(first + 3), 'pop3', from, '-', 'has not logged in yet'],
      [String(first + 4), 'pop3', from, 'alice', 'reads mail'],
    ])
  })

  test('a wrong password leaves no name behind', async () => {
    await connected(0)
    using guesser = await dial('pop3')
    await guesser.answer()
    await guesser.say('USER alice')
    await guesser.say('PASS wrong')
    assert.equal(server.guests[0]?.account, '')
  })
})

describe('connections drop', () => {
  test('cuts one off, and leaves the others', async () => {
    await connected(0)
    using one = await dial('smtp')
    await one.answer()
    using other = await dial('smtp')
    await other.answer()
    const [{ number } = { number: 0 }] = server.guests
    assert.deepEqual(await say(`connections drop ${number}`), [`Connection ${number} is closed.`])
    assert.equal(await one.answer(), 'closed')
    assert.match(await other.say('NOOP'), /^250 /)
    await connected(1)
    await assert.rejects(say(`connections drop ${number}`), refused(/^There is no connection/))
  })

  test('keeps nothing of a message that has not come to its end', async () => {
    await connected(0)
    using sender = await dial('smtp')
    await sender.answer()
    for (const line of ['EHLO away.example', 'MAIL FROM:<>', 'RCPT TO:<alice@home.example>', 'DATA'])
      await sender.say(line)
    sender.send('Subject: half\r\n\r\nof it')
    await say(`connections drop ${server.guests[0]?.number}`)
    assert.equal(await sender.answer(), 'closed')
    await connected(0)
    assert.equal(household.mailbox('alice').messages, 0)
  })

  test('takes numbers only', async () => {
    await assert.rejects(say('connections drop smtp'), refused(/^"smtp" is no number/))
    await assert.rejects(say('connections drop 0'), refused(/^There is no connection 0/))
  })

  test('and connections need a running server', async () => {
    await using folder = await temporaryDirectory()
    await using of = await openHousehold(folder.path)
    await assert.rejects(say('connections', { of }), refused(/^Porchlight is not running/))
    await assert.rejects(say('connections drop 1', { of }), refused(/^Porchlight is not running/))
  })
})

describe('top', () => {
  test('draws a screen at a time until q', async () => {
    await connected(0)
    using phone = await dial('pop3')
    await phone.answer()
    const dialogue = new ScriptedDialogue({ keys: [undefined, 'x', undefined, 'Q'] })
    assert.deepEqual(await say('top', { dialogue }), [])
    assert.equal(dialogue.screens.length, 3)
    const text = dialogue.screens[0]?.join('\n') ?? ''
    assert.match(text, /^mail\.home\.example .*\(q leaves\)\nload +Porchlight is busy for \d+% of the time,/)
    for (const part of [/\nmemory +\d/, /\nmail +0\.0 messages a second/, /\n1 connection: 1 pop3\nNUMBER /])
      assert.match(text, part)
  })

  test('ends at Ctrl-C', async () => {
    await assert.rejects(say('top', { dialogue: new ScriptedDialogue() }), { code: 'GIVEN_UP' })
  })

  test('prints one screen on paper, and ends', async () => {
    const dialogue = new ScriptedDialogue({ escapes: false, keys: [undefined] })
    assert.match((await say('top', { dialogue })).join('\n'), /^mail\.home\.example /)
    assert.deepEqual(dialogue.screens, [])
  })

  test('needs a terminal', async () => {
    await assert.rejects(say('top'), refused(/^top needs a terminal/))
  })

  for (const [columns, rows] of [
    [80, 24],
    [40, 10],
    [20, 3],
    [200, 60],
  ] as const) {
    test(`fits ${columns} by ${rows}, with more connections than there is room for`, async () => {
      const guests = Array.from({ length: 100 }, (_, i) => {
        return {
          number: i,
          service: 'smtp' as const,
          address: '192.0.2.1',
          age: 5000,
          stake: 'nothing' as const,
          account: '',
        }
      })
      const busy = { ...household, server: { guests, drop: () => false } }
      const lines = await screen(busy, { busy: 0.5, rate: 2.25 }, { columns, rows })
      assert.ok(lines.length <= rows && lines.every(line => line.length <= columns), lines.join('\n'))
      if (rows > 20) assert.ok(lines.length > rows - 8)
    })
  }
})

describe('the meter', () => {
  test('counts messages from one look to the next, and not those from before', async () => {
    await using folder = await temporaryDirectory()
    await using of = await openHousehold(folder.path)
    await submit(of.store, ['bob@away.example'])
    const meter = new Meter(of.outbound)
    assert.equal((await meter.look()).rate, 0)
    assert.equal((await meter.look()).rate, 0)
    for (let i = 0; i < 3; i++) await submit(of.store, ['bob@away.example'])
    const { rate, busy } = await meter.look()
    assert.ok(rate > 0)
    assert.ok(busy >= 0 && busy <= 1)
    for (let i = 0; i < 6; i++) await meter.look()
    assert.equal((await meter.look()).rate, 0)
  })
})
