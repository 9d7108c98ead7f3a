/** verify and repair, as a person meets them: on a stopped store, through the running server, and given up half-way. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import type { Household, Voice } from '../../src/commands/command.ts'
import { askControl, serveControl } from '../../src/console/control.ts'
import { answerCommands } from '../../src/console/run.ts'
import { encodeLogKey } from '../../src/store/keys.ts'
import { deliver, letter, openDatabase } from '../store/letters.ts'
import { deskOf, openHousehold, pipe, run, temporaryDirectory } from './household.ts'

/** A store with two messages; of the second one the only block can be taken away. */
async function fill(directory: string, whole = true): Promise<void> {
  {
    await using household = await openHousehold(directory)
    await household.accounts.add('alice', 'hash')
    for (const seed of [1, 2]) await deliver(household.store, ['alice'], letter(2000, seed))
  }
  if (whole) return
  await using log = await openDatabase(directory, 'log')
  await log.del(encodeLogKey(4))
}

const damaged =
  /^Damaged: message [0-9a-z]{16}, for alice, received on 2026-11-21 22:15:\d\d UTC: record 4 of the log is missing\.$/

describe('verify', () => {
  test('says in a sentence that all is well', async () => {
    await using directory = await temporaryDirectory()
    await fill(directory.path)
    assert.deepEqual(await run(['verify', '--data', directory.path]), {
      exit: 0,
      printed: ['2 messages, 3.9 KiB: all as received.'],
      complained: [],
    })
  })

  test('names what is damaged, and exits with 1', async () => {
    await using directory = await temporaryDirectory()
    await fill(directory.path, false)
    const { exit, printed, complained } = await run(['verify', '--data', directory.path])
    assert.equal(exit, 1)
    assert.match(printed.join('\n'), damaged)
    assert.match(complained.join('\n'), /^1 of 2 messages cannot be read as received\./)
  })

  test('does the same through the running server', async () => {
    await using directory = await temporaryDirectory()
    await fill(directory.path, false)
    await using household = await openHousehold(directory.path)
    const [client, server] = pipe()
    const served = serveControl(server, { answer: answerCommands(deskOf(household)) })
    const [printed, complained]: [string[], string[]] = [[], []]
    const say = { print: (line: string) => printed.push(line), complain: (line: string) => complained.push(line) }
    assert.equal(await askControl(client, { words: ['verify'] }, say), 1)
    await served
    assert.match(printed.join('\n'), damaged)
    assert.equal(complained.length, 1)
  })
})

describe('a command that takes long', () => {
  /** A household whose verification goes on until it is told to stop. */
  async function endless(
    directory: string,
    signal: (signal: AbortSignal) => void,
  ): Promise<Household & AsyncDisposable> {
    const household = await openHousehold(directory)
    const verify: Household['verify'] = async watch => {
      signal(watch.signal)
      while (!watch.signal.aborted) {
        await watch.flaw({ id: 'x', accounts: [], date: undefined, why: 'it goes on' })
        await new Promise(setImmediate)
      }
      throw new Failure('REFUSED', 'Stopped.')
    }
    return { ...household, verify }
  }

  test('ends when the person has gone, and others do not wait for it', async () => {
    await using directory = await temporaryDirectory()
    const begun = Promise.withResolvers<AbortSignal>()
    await using household = await endless(directory.path, begun.resolve)
    const answer = answerCommands(deskOf(household))
    const [client, server] = pipe()
    await client.write(Buffer.from('{"words":["verify"]}\r\n'))
    const served = serveControl(server, { answer })
    const signal = await begun.promise
    const voice: Voice = { signal, print: () => assert.fail('nothing to say') }
    assert.equal((await answer({ words: ['user', 'list'] }, voice)).exit, 0)
    assert.ok(!signal.aborted)
    client.close()
    await served
    assert.ok(signal.aborted)
  })

  test('ends when the server stops', async () => {
    await using directory = await temporaryDirectory()
    const begun = Promise.withResolvers<AbortSignal>()
    await using household = await endless(directory.path, begun.resolve)
    const stopping = new AbortController()
    const [client, server] = pipe()
    const served = serveControl(server, { answer: answerCommands(deskOf(household)), stopping: stopping.signal })
    const asked = askControl(client, { words: ['verify'] }, { print: () => {}, complain: () => {} })
    await begun.promise
    stopping.abort()
    await served
    assert.equal(await asked, 1)
  })
})

describe('repair', () => {
  test('makes a lost index anew and says how much there is', async () => {
    await using directory = await temporaryDirectory()
    await fill(directory.path)
    await rm(join(directory.path, 'index'), { recursive: true })
    assert.deepEqual(await run(['repair', '--data', directory.path]), {
      exit: 0,
      printed: ['The store is in order: 2 messages, 3.9 KiB.'],
      complained: [],
    })
  })

  test('names what is damaged and what becomes of it', async () => {
    await using directory = await temporaryDirectory()
    await fill(directory.path, false)
    const { exit, printed } = await run(['repair', '--data', directory.path])
    assert.equal(exit, 0)
    assert.match(printed[0] ?? '', damaged)
    assert.match(printed[1] ?? '', /stay in their mailboxes, where reading them is refused/)
  })

  test('is refused while the server runs', async () => {
    await using directory = await temporaryDirectory()
    const [client] = pipe()
    const dial = async (path: string) => (path === join(directory.path, 'control.sock') ? client : undefined)
    const { exit, complained } = await run(['repair', '--data', directory.path], '', { dial })
    assert.deepEqual(
      [exit, complained],
      [1, ['Porchlight is running. Stop it first: a repair needs the store for itself.']],
    )
  })

  test('is not done by the server for others', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    const voice: Voice = { signal: new AbortController().signal, print: () => assert.fail('nothing to say') }
    assert.equal((await answerCommands(deskOf(household))({ words: ['repair'] }, voice)).exit, 2)
  })
})
