/** Mail that is kept for a while only: what goes, what stays, and whose mailbox is left alone. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { believe } from '../../src/flow/calendar.ts'
import { expire, expiredWords, keepFor, keptFor, leastAgeMs, overdue } from '../../src/flow/retention.ts'
import type { Account } from '../../src/store/roster.ts'
import type { Store } from '../../src/store/store.ts'
import { envelope, Postbox } from '../store/letters.ts'

const day = leastAgeMs
const founded = Date.UTC(2026, 0, 1)
const never = new AbortController().signal

function clockAt(now: number): Clock {
  return { ...systemClock, now: () => now }
}

/** A store whose accounts were made on the first of January. */
function houseOf(...names: readonly string[]): Promise<Postbox> {
  return Postbox.make(names, { clock: clockAt(founded) })
}

function accountOf({ accounts }: Store, name: string): Account {
  const account = accounts.find(name)
  assert.ok(account)
  return account
}

/** Delivers a message of four octets that came so many days after the account was made. */
async function deliverOn(store: Store, name: string, days: number): Promise<void> {
  await using incoming = store.incoming(4)
  await incoming.append(Buffer.from('a\r\n\n'))
  await incoming.commit(envelope([accountOf(store, name).id], founded + days * day))
}

async function held(store: Store, name: string): Promise<number[]> {
  return (await store.oldest(accountOf(store, name).id, 10_000)).map(({ date }) => (date - founded) / day)
}

/** `offset`: ms that the clock is behind the time server's, if that answers. */
type Circumstances = { readonly signal: AbortSignal; readonly open: Set<number>; readonly offset: number | 'silent' }

/** Has everything expire on a day. */
function expireOn(
  store: Store,
  days: number,
  { signal = never, open = new Set<number>(), offset = 0 }: Partial<Circumstances> = {},
) {
  const services = { store, clock: clockAt(founded + days * day), log: silentLog, open }
  return expire({ ...services, offset: async () => (offset === 'silent' ? undefined : offset) }, signal)
}

describe('what goes', () => {
  const cases: readonly { name: string; dates: readonly number[]; age: number; on: number; stay: readonly number[] }[] =
    [
      { name: 'is what is as old as that, to the day', dates: [1, 2, 3, 4], age: 10, on: 12, stay: [3, 4] },
      { name: 'is nothing in a mailbox without mail', dates: [], age: 1, on: 100, stay: [] },
      { name: 'is everything once it is old', dates: [1, 2, 3], age: 1, on: 100, stay: [] },
      { name: 'is nothing of what is young', dates: [1, 2, 3], age: 90, on: 20, stay: [1, 2, 3] },
      { name: 'waits for what came before it', dates: [1, 8, 2], age: 10, on: 15, stay: [8, 2] },
      {
        name: 'is not what came while the clock was years behind',
        dates: [-20_000, 8],
        age: 10,
        on: 15,
        stay: [-20_000, 8],
      },
      { name: 'is that, too, when what came after it is old', dates: [-20_000, 1, 8], age: 10, on: 15, stay: [8] },
      { name: 'is not held up by what came while the clock was ahead', dates: [9000, 1, 2], age: 10, on: 15, stay: [] },
      { name: 'is not what came last, while the clock was ahead', dates: [1, 9000], age: 10, on: 15, stay: [9000] },
    ]
  for (const { name, dates, age, on, stay } of cases) {
    test(name, async () => {
      await using postbox = await houseOf('alice', 'bob')
      const { store } = postbox
      for (const date of dates) for (const name of ['alice', 'bob']) await deliverOn(store, name, date)
      const alice = accountOf(store, 'alice')
      await keepFor(store.settings, alice.id, age * day)
      const said = await overdue(store, alice, age * day, founded + on * day)
      const before = store.mailbox(alice.id).octets
      const [lost] = await expireOn(store, on)
      assert.deepEqual(await held(store, 'alice'), stay)
      assert.deepEqual(await held(store, 'bob'), dates)
      const gone = { messages: dates.length - stay.length, octets: before - store.mailbox(alice.id).octets }
      assert.deepEqual([said, lost], [gone, { account: 'alice', ...gone, busy: false }])
    })
  }

  test('is what a plain sum says, while clocks go right', async () => {
    const ages = fc.array(fc.nat(40), { maxLength: 12 }).map(days => days.sort((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(
        ages,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 40, max: 60 }),
        async (dates, age, on) => {
          await using postbox = await houseOf('alice')
          for (const date of dates) await deliverOn(postbox.store, 'alice', date)
          await keepFor(postbox.store.settings, accountOf(postbox.store, 'alice').id, age * day)
          await expireOn(postbox.store, on)
          assert.deepEqual(
            await held(postbox.store, 'alice'),
            dates.filter(date => on - date < age),
          )
          await postbox.crash()
          assert.deepEqual(await expireOn(postbox.store, on), [
            { account: 'alice', messages: 0, octets: 0, busy: false },
          ])
        },
      ),
      { numRuns: 15 },
    )
  })
})

describe('a clock that is wrong', () => {
  /** Alice, whose mail is kept for ninety days, with a message of each of these days. */
  async function house(...days: readonly number[]): Promise<Postbox> {
    const postbox = await houseOf('alice')
    for (const on of days) await deliverOn(postbox.store, 'alice', on)
    await keepFor(postbox.store.settings, accountOf(postbox.store, 'alice').id, 90 * day)
    return postbox
  }
  const refused = (words: RegExp) => (error: unknown) =>
    error instanceof Failure && error.code === 'REFUSED' && words.test(error.message)

  test('takes nothing, where a time server says so', async () => {
    await using postbox = await house(1, 2, 100)
    const { store } = postbox
    await believe(store.settings, founded + 3650 * day)
    const words = /^The clock is 3550 days ahead of the time server\. So no mail was removed\./
    await assert.rejects(expireOn(store, 3650, { offset: -3550 * day }), refused(words))
    assert.deepEqual(await held(store, 'alice'), [1, 2, 100])
  })

  test('takes nothing where nobody tells the time, in no night, until a person or a time server says that it is right', async () => {
    await using postbox = await house(1, 2, 100)
    const { store } = postbox
    const silent = { offset: 'silent' } as const
    await assert.rejects(expireOn(store, 100, silent), refused(/^No time server can be asked/))
    assert.equal((await expireOn(store, 101))[0]?.messages, 2)
    assert.equal((await expireOn(store, 102, silent))[0]?.messages, 0)
    assert.equal((await expireOn(store, 104, silent))[0]?.messages, 0)
    for (const night of [3650, 3651, 3652, 0, 1]) {
      await assert.rejects(expireOn(store, night, silent), refused(/further than from one night to the next/))
    }
    await postbox.crash()
    await assert.rejects(expireOn(postbox.store, 3653, silent), refused(/further/))
    assert.deepEqual(await held(postbox.store, 'alice'), [100])
    await believe(postbox.store.settings, founded + 3653 * day)
    assert.equal((await expireOn(postbox.store, 3653, silent))[0]?.messages, 1)
  })

  test('is not asked for where nothing expires', async () => {
    await using postbox = await houseOf('alice')
    const services = { store: postbox.store, clock: clockAt(founded), log: silentLog, open: new Set<number>() }
    assert.deepEqual(await expire({ ...services, offset: () => assert.fail('asked') }, never), [])
  })

  test('had made the account, and dated its first mail: that is young as long as what came after it', async () => {
    await using postbox = await Postbox.make(['alice'], { clock: clockAt(0) })
    const { store } = postbox
    for (const on of [-20_454, -20_453, 8]) await deliverOn(store, 'alice', on)
    await keepFor(store.settings, accountOf(store, 'alice').id, 10 * day)
    await expireOn(store, 17)
    assert.deepEqual(await held(store, 'alice'), [-20_454, -20_453, 8])
    await expireOn(store, 18)
    assert.deepEqual(await held(store, 'alice'), [])
  })
})

describe('a mailbox of thousands', () => {
  /** So many messages of the first day, and one of the fortieth. */
  async function large(messages: number): Promise<Postbox> {
    const postbox = await houseOf('alice')
    await Promise.all(Array.from({ length: messages }, () => deliverOn(postbox.store, 'alice', 1)))
    await deliverOn(postbox.store, 'alice', 40)
    await keepFor(postbox.store.settings, accountOf(postbox.store, 'alice').id, 30 * day)
    return postbox
  }

  test('loses them oldest first, a commit after the other, and nobody comes in at that moment', async () => {
    await using postbox = await large(2500)
    const { store } = postbox
    const { id } = accountOf(store, 'alice')
    const open = new Set<number>()
    const left: number[] = []
    const locked: boolean[] = []
    const remove = store.remove.bind(store)
    store.remove = async (account, uids) => {
      locked.push(open.has(id))
      await remove(account, uids)
      left.push((await store.oldest(id, 1))[0]?.uid ?? 0)
    }
    assert.match(expiredWords(await expireOn(store, 41, { open })), /^2500 messages \(\S+ KiB\) of alice removed\.$/)
    assert.deepEqual([left, locked, open.size], [[1001, 2001, 2501], [true, true, true], 0])
  })

  test('is left as it is by a stop between two commits', async () => {
    await using postbox = await large(2500)
    const stop = new AbortController()
    const { store } = postbox
    const remove = store.remove.bind(store)
    store.remove = async (account, uids) => {
      await remove(account, uids)
      stop.abort()
    }
    const [lost] = await expireOn(store, 41, { signal: stop.signal })
    assert.equal(lost?.messages, 1000)
    assert.equal(store.mailbox(accountOf(store, 'alice').id).count, 1501)
  })

  test('keeps the rest when its owner thinks better of it meanwhile', async () => {
    await using postbox = await large(2500)
    const { store } = postbox
    const { id } = accountOf(store, 'alice')
    const remove = store.remove.bind(store)
    store.remove = async (account, uids) => {
      await remove(account, uids)
      await keepFor(store.settings, id, undefined)
    }
    const [lost] = await expireOn(store, 41)
    assert.deepEqual([lost?.messages, store.mailbox(id).count], [1000, 1501])
  })

  test('is left alone from when its owner comes in', async () => {
    await using postbox = await large(1500)
    const { store } = postbox
    const { id } = accountOf(store, 'alice')
    const open = new Set<number>()
    const remove = store.remove.bind(store)
    store.remove = async (account, uids) => {
      await remove(account, uids)
      // Her session begins in the moment that she is let in again.
      queueMicrotask(() => queueMicrotask(() => open.add(id)))
    }
    const expired = await expireOn(store, 41, { open })
    assert.deepEqual(
      expired.map(({ messages, busy }) => ({ messages, busy })),
      [{ messages: 1000, busy: true }],
    )
    assert.match(expiredWords(expired), /of alice removed\. alice was being read, so its old messages wait\.$/)
  })
})

test('an account whose maildrop is open loses nothing, and the others lose theirs', async () => {
  await using postbox = await houseOf('alice', 'bob', 'carol')
  const { store } = postbox
  for (const name of ['alice', 'bob', 'carol']) await deliverOn(store, name, 1)
  for (const name of ['alice', 'bob']) await keepFor(store.settings, accountOf(store, name).id, day)
  const open = new Set([accountOf(store, 'alice').id])
  const expired = await expireOn(store, 50, { open })
  assert.deepEqual(
    expired.map(({ account, messages, busy }) => ({ account, messages, busy })),
    [
      { account: 'alice', messages: 0, busy: true },
      { account: 'bob', messages: 1, busy: false },
    ],
  )
  assert.deepEqual([await held(store, 'alice'), await held(store, 'bob'), await held(store, 'carol')], [[1], [], [1]])
  assert.deepEqual([...open], [accountOf(store, 'alice').id])
})

test('the setting is kept over a restart, taken back, and forgotten with its account', async () => {
  await using postbox = await houseOf('alice')
  const { id } = accountOf(postbox.store, 'alice')
  assert.equal(keptFor(postbox.store.settings, id), undefined)
  await keepFor(postbox.store.settings, id, 3 * day)
  await postbox.crash()
  assert.equal(keptFor(postbox.store.settings, id), 3 * day)
  await keepFor(postbox.store.settings, id, undefined)
  assert.equal(keptFor(postbox.store.settings, id), undefined)
  await keepFor(postbox.store.settings, id, 3 * day)
  await postbox.store.accounts.remove('alice')
  assert.deepEqual(await expireOn(postbox.store, 100), [])
  assert.deepEqual(postbox.store.settings.list('expire.'), [])
  assert.equal(expiredWords([]), 'No message was too old.')
})
