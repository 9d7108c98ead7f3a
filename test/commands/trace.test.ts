/** The command trace: commands/trace.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome, Result } from '../../src/store/attempt.ts'
import { forwarded } from '../../src/store/message.ts'
import type { Store } from '../../src/store/store.ts'
import { attempt, deliver, letter, submit, waiting } from '../store/letters.ts'
import { openHousehold, run, temporaryDirectory } from './household.ts'

const hour = 60 * 60_000
const accepted = Date.UTC(2026, 10, 22, 8, 10, 22)
const first = '2026-11-22 08:10:22'
const head = 'WHEN (UTC)           MESSAGE           WHAT'

type Ask = (text: string) => Promise<readonly string[]>

async function room(work: (store: Store, ask: Ask) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  await household.accounts.add('alice', 'hash')
  const open = async () => Object.assign({}, household, { [Symbol.asyncDispose]: async () => {} })
  const ask: Ask = async text => {
    const { printed, complained } = await run(['trace', text, '--data', directory.path], '', { open })
    return [...printed, ...complained]
  }
  await work(household.store, ask)
}

/** What one attempt at the last message that waits came to, seconds after it was accepted. */
async function tried(store: Store, seconds: number, due: number, ...results: readonly Result[]): Promise<void> {
  const one = (await waiting(store)).at(-1)
  assert.ok(one)
  await store.outbound.settle([attempt(one, 'deferred', { date: accepted + seconds * 1000, due, results })])
}

function result(recipient: number, outcome: Outcome, code: number, text: string): Result {
  return { recipient, outcome, answer: { code, enhanced: `${Math.floor(code / 100)}.0.0`, text } }
}

describe('trace', () => {
  test('takes the name of an account for its address', () =>
    room(async (store, ask) => {
      const id = await submit(store, ['bob@away.example'], { names: ['alice'], date: accepted })
      assert.match((await ask('Alice')).join('\n'), new RegExp(`${id}  taken from alice@home\\.example`))
    }))

  test('tells what became of a message, from its receipt to its outcomes', () =>
    room(async (store, ask) => {
      const to = ['bob@away.example', 'ann@away.example', 'eve@away.example', 'dan@away.example', 'joe@away.example']
      const id = await submit(store, to, { names: ['alice'], date: accepted })
      const due = accepted + 60_000
      const later = [0, 1, 2, 3, 4].map(recipient => result(recipient, 'deferred', 451, 'Later'))
      await tried(store, 1, due, ...later)
      await store.outbound.decide(await waiting(store), { kind: 'retry', now: accepted }, accepted + 2000)
      const kept = result(0, 'delivered', 250, 'Kept')
      const gone = result(1, 'bounced', 550, 'No such user')
      const still = [2, 3, 4].map(recipient => result(recipient, 'deferred', 452, 'Full\x1b[2J'))
      await tried(store, 3, Date.now() + 2.5 * hour, kept, gone, ...still)
      const line = (when: string, words: string) => `${when}  ${id}  ${words}`
      const story = [
        head,
        line(
          first,
          'taken from alice@home.example for bob@away.example, ann@away.example, eve@away.example and 2 more',
        ),
        line(first, 'put into 1 mailbox here'),
        line(
          '2026-11-22 08:10:23',
          'put off for bob@away.example, ann@away.example, eve@away.example and 2 more until 2026-11-22 08:11:22: 451 4.0.0 Later',
        ),
        line('2026-11-22 08:10:24', 'changed by hand at the console'),
        line('2026-11-22 08:10:25', 'mx.away.example took it for bob@away.example: 250 2.0.0 Kept'),
        line('2026-11-22 08:10:25', 'came back for ann@away.example: 550 5.0.0 No such user'),
      ]
      const said = await ask(id)
      assert.deepEqual(said.slice(0, story.length), story)
      assert.match(
        said[story.length] ?? '',
        /put off for eve@away\.example, dan@away\.example, joe@away\.example until .*: 452 4\.0\.0 Full\?\[2J$/,
      )
      const now = `${'now'.padEnd(19)}  ${id}  still waits for away.example, next attempt in 2h`
      assert.deepEqual(said.slice(story.length + 1), [now])

      await store.outbound.decide(await waiting(store), { kind: 'hold' }, accepted)
      assert.ok((await ask(id)).at(-1)?.endsWith('still waits for away.example, held until somebody releases it'))
      await store.settings.set('delivery:suspended', 'yes')
      assert.equal((await ask(id)).at(-1), 'Delivery is suspended. To go on: porchlight queue resume')
      await store.outbound.withdraw(await waiting(store), accepted + 4000)
      assert.equal(
        (await ask(id)).at(-1),
        line('2026-11-22 08:10:26', 'withdrawn by hand for eve@away.example, dan@away.example, joe@away.example'),
      )
    }))

  test('does not repeat the only recipient', () =>
    room(async (store, ask) => {
      const id = await submit(store, ['bob@away.example'], { date: accepted })
      await tried(store, 0, 0, result(0, 'delivered', 250, 'Kept'))
      assert.deepEqual(await ask(id), [
        head,
        `${first}  ${id}  taken from alice@home.example for bob@away.example`,
        `${first}  ${id}  mx.away.example took it: 250 2.0.0 Kept`,
      ])
    }))

  test('tells where it was forwarded', () =>
    room(async (store, ask) => {
      const outside = { path: 'joe@away.example', notify: forwarded, orcpt: '' }
      const id = await submit(store, ['club@home.example', outside], { names: ['alice'], date: accepted })
      await tried(store, 0, 0, result(1, 'delivered', 250, 'Kept'))
      assert.deepEqual(await ask('joe@away.example'), [
        head,
        `${first}  ${id}  taken from alice@home.example for club@home.example`,
        `${first}  ${id}  put into 1 mailbox here`,
        `${first}  ${id}  forwarded to joe@away.example`,
        `${first}  ${id}  mx.away.example took it for joe@away.example: 250 2.0.0 Kept`,
      ])
    }))

  test('knows a message by its sender, a recipient, its Message-ID and its ID', () =>
    room(async (store, ask) => {
      const id = await submit(store, ['Bob@away.example', 'ann@other.example'], { date: accepted })
      const asked = ['alice@home.example', 'ALICE@Home.Example', 'bob@away.example', 'ann@OTHER.example']
      const names = ['<1@away.example>', '1@away.example', '1@AWAY.example', id, id.toUpperCase(), id.slice(0, 5)]
      for (const text of [...asked, ...names]) assert.ok((await ask(text))[1]?.includes(`  ${id}  taken from`), text)
    }))

  test('knows what came in for the household, too', () =>
    room(async (store, ask) => {
      const id = await deliver(store, ['alice'], letter(10))
      assert.deepEqual(
        (await ask('bob@away.example')).map(line => line.slice(39)),
        [head.slice(39), 'taken from bob@away.example for alice@home.example', 'put into 1 mailbox here'],
      )
      assert.equal((await ask(id)).length, 3)
    }))

  test('says when nothing is known, and what it can be asked', () =>
    room(async (store, ask) => {
      await submit(store, ['bob@away.example'])
      const unknown = (text: string) => [`Nothing is known of ${text}. What is older than 30 days is forgotten.`]
      for (const text of ['nobody@away.example', '<2@away.example>', 'zzzz', 'bob@away.example\x1b'])
        assert.deepEqual(await ask(text), unknown(text.replace('\x1b', '?')))
      assert.deepEqual(await ask('abc'), ['"abc" is no address, no Message-ID and no ID.'])
      // The null reverse-path is nobody's address.
      assert.deepEqual(await ask('<>'), unknown('<>'))
    }))

  test('shows the newest twenty, newest last, and of many attempts the last', () =>
    room(async (store, ask) => {
      const ids: string[] = []
      for (let i = 0; i < 25; i++) ids.push(await submit(store, ['bob@away.example'], { date: accepted + i * 1000 }))
      for (let i = 0; i < 100; i++) await tried(store, 100 + i, accepted, result(0, 'deferred', 451, `Number ${i}`))
      const said = await ask('bob@away.example')
      const taken = said.filter(line => line.includes('taken from')).map(line => line.slice(21, 37))
      assert.deepEqual(taken, ids.slice(5))
      const last = said.filter(line => line.includes(ids.at(-1) ?? ''))
      assert.equal(last.length, 1 + 1 + 60 + 1)
      assert.ok(last[1]?.endsWith('… 40 attempts before'))
      assert.ok(last.at(-2)?.endsWith('Number 99'))
    }))
})
