/** The control protocol: console/control.ts, and the commands behind it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import type { Answer, Transport, Voice } from '../../src/commands/command.ts'
import { askConsole, askControl, type Request, serveControl } from '../../src/console/control.ts'
import { answerCommands } from '../../src/console/run.ts'
import { deskOf, openHousehold, pipe, run, temporaryDirectory } from '../commands/household.ts'

/** For commands that say nothing before their end. */
const voice: Voice = { signal: new AbortController().signal, print: () => assert.fail('nothing to say yet') }
const done: Answer = { exit: 0, printed: [], complaint: undefined }
const misunderstood = '{"complain":"The server did not understand this command."}\r\n{"exit":2}\r\n'

/** What the server writes when these octets come in and then the connection ends. */
async function answerTo(
  octets: Buffer | string,
  answer: (request: Request) => Promise<Answer> = async () => done,
): Promise<string> {
  const [client, server] = pipe()
  await client.write(Buffer.from(octets))
  client.close()
  await serveControl(server, { answer })
  return (await readAll(client)).toString()
}

async function readAll(transport: Transport): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let chunk = await transport.read(); chunk !== undefined; chunk = await transport.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('the protocol', () => {
  test('words and password arrive, lines and exit code come back, at every split', async () => {
    for (const step of [1, 2, 7, 65_536]) {
      const [client, server] = pipe(step)
      const got: unknown[] = []
      const request = { words: ['user', 'add', 'zoë'], password: 'a "b"\r\n\0é' }
      const answer = async (asked: Request): Promise<Answer> => {
        got.push(asked)
        return { exit: 1, printed: ['eins', '', 'zwei\r\n'], complaint: 'nein' }
      }
      const served = serveControl(server, { answer })
      const say = {
        print: (line: string) => got.push(`print ${line}`),
        complain: (line: string) => got.push(`complain ${line}`),
      }
      assert.equal(await askControl(client, request, say), 1)
      await served
      assert.deepEqual(got, [request, 'print eins', 'print ', 'print zwei\r\n', 'complain nein'])
    }
  })

  const bad: readonly (readonly [name: string, octets: string])[] = [
    ['nothing', ''],
    ['no JSON', 'user list\r\n'],
    ['no line ending', '{"words":[]}'],
    ['a line that only LF ends', '{"words":[]}\n'],
    ['words that are no list', '{"words":"user"}\r\n'],
    ['words that are no text', '{"words":[1]}\r\n'],
    ['no words', '{}\r\n'],
    ['null', 'null\r\n'],
    ['more than is asked for', '{"words":[],"shell":"sh"}\r\n'],
    ['more than the budget', `{"words":["${'x'.repeat(budget.controlRequest)}"]}\r\n`],
  ]
  for (const [name, octets] of bad) {
    test(`a request of ${name} is answered and not run`, async () => {
      assert.equal(await answerTo(octets, () => assert.fail('it ran')), misunderstood)
    })
  }

  test('a second request on a connection is not run', async () => {
    let count = 0
    await answerTo('{"words":["status"]}\r\n{"words":["status"]}\r\n', async () => {
      count += 1
      return done
    })
    assert.equal(count, 1)
  })

  test('a command that says nothing hears that nobody waits for it any more', async () => {
    const [client, server] = pipe()
    const begun = Promise.withResolvers<void>()
    const answer = async (_request: Request, { signal }: Voice): Promise<Answer> => {
      begun.resolve()
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      return done
    }
    const served = serveControl(server, { answer })
    await client.write(Buffer.from('{"words":["log","--follow"]}\r\n'))
    await begun.promise
    client.close()
    await served
  })

  test('any octets are answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async octets => {
        assert.match(await answerTo(Buffer.concat([octets, Buffer.from('\r\n')])), /\{"exit":[012]\}\r\n$/)
      }),
    )
  })

  for (const octets of ['', '{"print":"a"}\r\n', '{"exit":7}\r\n', 'garbage\r\n', '{"exit":0}']) {
    test(`a server that says ${JSON.stringify(octets)} and ends is a failure`, async () => {
      const [client, server] = pipe()
      await server.write(Buffer.from(octets))
      server.close()
      const asked = askControl(client, { words: ['status'] }, { print: () => {}, complain: () => {} })
      await assert.rejects(asked, (error: unknown) => error instanceof Failure && error.code === 'NETWORK')
    })
  }
})

describe('with a running server', () => {
  test('commands are done by the server, passwords included', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    const answer = answerCommands(deskOf(household))
    const dialed: string[] = []
    const dial = async (path: string) => {
      dialed.push(path)
      const [client, server] = pipe()
      serveControl(server, { answer }).catch(assert.fail)
      return client
    }
    const at = ['--data', directory.path]
    const world = { dial, open: () => assert.fail('the store is open in the server') }
    assert.deepEqual(await run(['user', 'add', 'alice', '--password-stdin', ...at], 'correct horse\n', world), {
      exit: 0,
      printed: ['alice is ready: alice@home.example, alice@second.example'],
      complained: [],
    })
    assert.deepEqual((await run(['status', ...at], '', world)).printed, [
      'Porchlight is running.',
      'Accounts  1',
      'Data      here',
    ])
    assert.deepEqual((await run(['user', 'remove', 'bob', ...at], '', world)).complained, [
      'There is no account bob. To see them: porchlight user list',
    ])
    assert.deepEqual(dialed, Array(3).fill(`${directory.path}/control.sock`))
  })

  test('what only this process can do is not done for others', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    const answer = answerCommands(deskOf(household))
    for (const words of [
      ['serve'],
      ['selftest'],
      ['help'],
      ['version'],
      ['check-config', '--config', '/etc/passwd'],
      ['user', 'x'],
      [],
    ]) {
      const { exit, printed } = await answer({ words }, voice)
      assert.deepEqual([exit, printed], [2, []], words.join(' '))
    }
    assert.equal(
      (await answer({ words: ['user', 'add', 'bob'] }, voice)).complaint,
      'No password came with the command.',
    )
  })

  test('nothing of what they print acts on the terminal', async () => {
    const said: Answer = { exit: 1, printed: ['a\x1b[2Jb\u202e'], complaint: 'c\x9b\nd\x07' }
    const dial = async () => {
      const [client, server] = pipe()
      serveControl(server, { answer: async () => said }).catch(assert.fail)
      return client
    }
    const { printed, complained } = await run(['queue', 'list'], '', { dial })
    assert.deepEqual([printed, complained], [['a?[2Jb?'], ['c?\nd?']])
  })

  test('commands that arrive together are done one after the other', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    const answer = answerCommands(deskOf(household))
    await answer({ words: ['user', 'add', 'alice'], password: 'correct horse' }, voice)
    await answer({ words: ['alias', 'add', 'b', 'alice'] }, voice)
    const both = [
      answer({ words: ['alias', 'add', 'a', 'b'] }, voice),
      answer({ words: ['alias', 'add', 'b', 'a'] }, voice),
    ]
    assert.deepEqual(
      (await Promise.all(both)).map(({ exit }) => exit),
      [0, 1],
    )
  })
})

describe('a terminal over the control socket', () => {
  const screen = { columns: 80, rows: 24, escapes: true, unicode: true, paged: true }
  const answer = () => assert.fail('no command was asked for')

  test('is served, octet by octet', async () => {
    for (const step of [1, 65_536]) {
      const [client, server] = pipe(step)
      const served = serveControl(server, {
        answer,
        attend: async (transport, its, words) => {
          assert.deepEqual([its, words], [screen, ['mail', 'alice']])
          await transport.write(Buffer.from('alice> '))
        },
      })
      const transport = await askConsole(client, ['mail', 'alice'], screen)
      assert.equal(String(await readAll(transport)), 'alice> ')
      await served
    }
  })

  test('is refused in words where there are too many', async () => {
    const [client, server] = pipe()
    const attend = () => assert.fail('there is no room')
    const served = serveControl(server, { answer, attend, full: () => 'Leave one first.' })
    await assert.rejects(askConsole(client, [], screen), new Failure('REFUSED', 'Leave one first.'))
    await served
  })

  test('leaves room for commands where there are too many', async () => {
    const [client, server] = pipe()
    const served = serveControl(server, { answer: async () => done, full: () => 'Leave one first.' })
    const say = { print: () => {}, complain: () => assert.fail('a command is no console') }
    assert.equal(await askControl(client, { words: ['status'] }, say), 0)
    await served
  })
})
