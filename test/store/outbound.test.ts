/** What waits to be sent on, asked of a store that is closed, as while the server is started anew: store/outbound.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import type { Outbound } from '../../src/store/outbound.ts'
import { Postbox, submit } from './letters.ts'

const questions: Readonly<Record<string, (outbound: Outbound) => Promise<unknown>>> = {
  all: outbound => Array.fromAsync(outbound.all()),
  of: outbound => outbound.of(1),
  find: outbound => outbound.find(1, 0),
  firstOf: outbound => outbound.firstOf('one.example'),
  waiting: outbound => outbound.waiting('one.example', Number.MAX_SAFE_INTEGER, 10),
  takeDue: outbound => outbound.takeDue(Number.MAX_SAFE_INTEGER, () => 'left'),
  traces: outbound => Array.fromAsync(outbound.traces()),
  tracesSince: outbound => Array.fromAsync(outbound.tracesSince(0)),
  trimTraces: outbound => outbound.trimTraces(0),
}

describe('a store that is closed', () => {
  for (const [name, ask] of Object.entries(questions)) {
    test(`says so when it is asked: ${name}`, async () => {
      await using postbox = await Postbox.make()
      await submit(postbox.store, ['a@one.example'])
      await postbox.close()
      await assert.rejects(ask(postbox.store.outbound), Failure)
    })
  }

  test('says so when it is closed while it is walked', async () => {
    await using postbox = await Postbox.make()
    for (let i = 0; i < 1000; i++) await submit(postbox.store, ['a@one.example'])
    const walk = async () => {
      for await (const _ of postbox.store.outbound.all()) await postbox.close()
    }
    await assert.rejects(walk, { code: 'STORE_IO', message: /closed meanwhile/ })
  })
})
