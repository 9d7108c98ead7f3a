import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { destinationRange, waitingKey } from '../../src/store/keys.ts'
import type { Store } from '../../src/store/store.ts'
import {
  attempt,
  contents,
  databaseEntries,
  deferral,
  deliver,
  inbox,
  letter,
  loseUnsynced,
  numbers,
  openDatabase,
  Postbox,
  recordKinds,
  submit,
  waiting,
} from './letters.ts'

const now = 1_795_299_352_000
const minute = 60_000

/** Takes everything that is due. @returns the domains, and when the next one is due */
async function takeAll(store: Store, at = now) {
  const domains = new Set<string>()
  const later = await store.outbound.takeDue(at, domain => {
    if (domains.has(domain)) return 'struck'
    domains.add(domain)
    return 'taken'
  })
  return { domains: [...domains], later }
}

describe('what is to be sent on', () => {
  test('is one dispatch for each domain, each with its recipients', async () => {
    await using postbox = await Postbox.make()
    await submit(postbox.store, ['a@one.example', 'b@two.example', 'c@one.example'])
    const found = (await waiting(postbox.store)).map(({ domain, dispatch, pending, due }) => ({
      domain,
      dispatch,
      pending,
      due,
    }))
    assert.deepEqual(found, [
      { domain: 'one.example', dispatch: 0, pending: [0, 2], due: now },
      { domain: 'two.example', dispatch: 1, pending: [1], due: now },
    ])
    assert.equal(postbox.store.outbound.length, 2)
  })

  test('is taken by domain from the front of the schedule, and tells when the next is due', async () => {
    await using postbox = await Postbox.make()
    const { store } = postbox
    await submit(store, ['a@late.example'], { date: now + 5 * minute })
    await submit(store, ['a@one.example', 'b@two.example'])
    await submit(store, ['c@one.example'])
    assert.deepEqual(await takeAll(store), { domains: ['one.example', 'two.example'], later: now + 5 * minute })
    assert.deepEqual(await takeAll(store), { domains: [], later: now + 5 * minute })
    assert.deepEqual((await store.outbound.waiting('one.example', now, 10)).map(({ seq }) => seq).length, 2)
    await store.outbound.wake('one.example', now + minute)
    assert.deepEqual(await takeAll(store), { domains: [], later: now + minute })
    assert.deepEqual((await takeAll(store, now + minute)).domains, ['one.example'])
  })

  test('stays in the schedule where it is left', async () => {
    await using postbox = await Postbox.make()
    const { store } = postbox
    await submit(store, ['a@one.example', 'b@two.example'])
    await store.outbound.takeDue(now, domain => (domain === 'one.example' ? 'left' : 'taken'))
    assert.deepEqual((await takeAll(store)).domains, ['one.example'])
  })

  test('waits again after a deferral, with what was answered last', async () => {
    await using postbox = await Postbox.make()
    const { store } = postbox
    await submit(store, ['a@one.example', 'b@one.example'])
    const [one] = await waiting(store)
    assert.ok(one)
    const { results } = deferral(one)
    const delivered = attempt(one, 'delivered').results
    await store.outbound.settle([{ ...deferral(one), results: [...delivered.slice(0, 1), ...results.slice(1)] }])
    const [left, ...others] = await waiting(store)
    assert.deepEqual(others, [])
    assert.deepEqual([left?.pending, left?.attempts, left?.due, left?.last], [[1], 1, now + minute, '451 so deferred'])
    assert.deepEqual(await store.outbound.waiting('one.example', now, 10), [])
    assert.equal((await store.outbound.waiting('one.example', now + minute, 10)).length, 1)
    assert.equal(await store.outbound.firstOf('one.example'), now + minute)
  })

  for (const outcome of ['delivered', 'bounced', 'withdrawn'] as const) {
    test(`is gone once it is ${outcome}, and its octets with it`, async () => {
      await using postbox = await Postbox.make()
      const { store } = postbox
      await submit(store, ['a@one.example', 'b@two.example'], { body: letter(100_000) })
      const [first, second] = await waiting(store)
      assert.ok(first && second)
      await store.outbound.settle([deferral(first)])
      await store.outbound.settle([attempt({ ...first, due: now + minute }, outcome)])
      assert.equal((await store.sweep(0)).messages, 0)
      await store.outbound.settle([attempt(second, outcome)])
      assert.deepEqual(await waiting(store), [])
      assert.equal(store.outbound.length, 0)
      assert.equal((await store.sweep(0)).messages, 1)
      await postbox.close()
      assert.deepEqual(await recordKinds(postbox.directory), { header: 1 })
      await postbox.open()
    })
  }

  test('leaves the copies in mailboxes alone, whichever goes first', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    await submit(store, ['a@one.example'], { names: ['alice'] })
    await submit(store, ['a@one.example'], { names: ['alice'] })
    const [first] = await waiting(store)
    assert.ok(first)
    await store.outbound.settle([attempt(first, 'delivered')])
    await store.remove(numbers(store, 'alice')[0] ?? 0, [2])
    assert.equal((await store.sweep(0)).messages, 0)
    assert.equal((await inbox(store, 'alice')).length, 1)
    assert.equal((await waiting(store)).length, 1)
    await store.remove(numbers(store, 'alice')[0] ?? 0, [1])
    assert.equal((await store.sweep(0)).messages, 1)
  })

  test('can be held, released, tried at once and withdrawn by a person', async () => {
    await using postbox = await Postbox.make()
    const { store } = postbox
    await submit(store, ['a@one.example'])
    await store.outbound.decide(await waiting(store), { kind: 'hold' }, now)
    await takeAll(store)
    assert.deepEqual(await store.outbound.waiting('one.example', now, 10), [])
    await assert.rejects(async () => store.outbound.decide(await waiting(store), { kind: 'retry', now }, now), {
      code: 'REFUSED',
    })
    await store.outbound.decide(await waiting(store), { kind: 'release', now: now + 1 }, now + 1)
    assert.deepEqual(await takeAll(store, now + 1), { domains: ['one.example'], later: undefined })
    const [one] = await waiting(store)
    assert.ok(one)
    await store.outbound.settle([deferral(one)])
    await store.outbound.decide(await waiting(store), { kind: 'retry', now: now + 2 }, now + 2)
    assert.equal((await store.outbound.waiting('one.example', now + 2, 10))[0]?.attempts, 1)
    await store.outbound.withdraw(await waiting(store), now + 3)
    assert.deepEqual(await waiting(store), [])
  })

  test('is the same after a restart, a power cut, and with an index made anew', async () => {
    await using postbox = await Postbox.make(['alice'])
    await submit(postbox.store, ['a@one.example', 'b@two.example', 'c@three.example'], { names: ['alice'] })
    await submit(postbox.store, ['d@two.example'])
    await deliver(postbox.store, ['alice'], letter(10))
    const [first, second, third] = await waiting(postbox.store)
    assert.ok(first && second && third)
    await postbox.store.outbound.settle([deferral(first), attempt(second, 'delivered')])
    await postbox.store.outbound.decide([third], { kind: 'hold' }, now)
    await postbox.store.settings.set('queue', 'suspended')
    await takeAll(postbox.store, now + 60 * minute)
    const before = await contents(postbox.store)
    assert.equal(before.length, 3)
    await postbox.restart()
    assert.deepEqual(await contents(postbox.store), before)
    assert.deepEqual(await takeAll(postbox.store, now + 60 * minute), {
      domains: ['two.example', 'one.example'],
      later: undefined,
    })
    await postbox.crash()
    assert.deepEqual(await contents(postbox.store), before)
    await postbox.crash(directory => rm(join(directory, 'index'), { recursive: true }))
    assert.deepEqual(await contents(postbox.store), before)
    assert.deepEqual(await takeAll(postbox.store, now + 60 * minute), {
      domains: ['two.example', 'one.example'],
      later: undefined,
    })
  })

  test('does not come back when it is swept and a power cut takes all that the index was not synced for', async () => {
    await using postbox = await Postbox.make(['alice'])
    await submit(postbox.store, ['a@one.example'])
    await submit(postbox.store, ['b@two.example'])
    await postbox.restart()
    const [first, second] = await waiting(postbox.store)
    assert.ok(first && second)
    await postbox.store.outbound.settle([deferral(first)])
    await postbox.store.outbound.settle([attempt({ ...first, due: now + minute }, 'delivered')])
    assert.equal((await postbox.store.sweep(0)).messages, 1)
    await submit(postbox.store, ['c@three.example'], { names: ['alice'] })
    const before = await contents(postbox.store)
    assert.equal(before.length, 2)
    await postbox.crash(loseUnsynced)
    assert.deepEqual(await contents(postbox.store), before)
  })

  test('does not trip over a row that a power cut has left behind', async () => {
    await using postbox = await Postbox.make()
    await submit(postbox.store, ['a@one.example'])
    const [one] = await waiting(postbox.store)
    assert.ok(one)
    await postbox.store.outbound.settle([deferral(one)])
    await postbox.close()
    const db = await openDatabase(postbox.directory, 'index')
    await db.put(waitingKey('one.example', one.due, one.seq, 0), Buffer.from('-'))
    await db.close()
    await postbox.open()
    assert.deepEqual(
      await postbox.store.outbound.waiting('one.example', now + minute, 10).then(found => found.map(({ due }) => due)),
      [now + minute],
    )
    assert.equal(await postbox.store.outbound.firstOf('one.example'), now + minute)
  })

  test('costs the schedule one row for each domain at a start', async () => {
    await using postbox = await Postbox.make()
    for (let i = 0; i < 20; i++) await submit(postbox.store, ['a@one.example', 'b@two.example'], { date: now + i })
    await postbox.restart()
    await postbox.close()
    const rows = await databaseEntries(postbox.directory, 'index')
    const schedule = rows.filter(
      ([key]) => key.compare(destinationRange.gte) >= 0 && key.compare(destinationRange.lt) < 0,
    )
    assert.equal(schedule.length, 2)
    await postbox.open()
  })

  test('is checked by verify like a message in a mailbox', async () => {
    await using postbox = await Postbox.make()
    await submit(postbox.store, ['a@one.example'], { body: letter(100_000) })
    const flaws: string[] = []
    const watch = {
      signal: new AbortController().signal,
      progress: () => {},
      flaw: ({ why }: { why: string }) => void flaws.push(why),
    }
    assert.equal((await postbox.store.verify(watch)).messages, 1)
    assert.deepEqual(flaws, [])
  })
})

describe('traces', () => {
  test('tell of a message and its attempts after it is gone, and of nothing older than they should', async () => {
    await using postbox = await Postbox.make()
    const { store } = postbox
    const id = await submit(store, ['a@one.example', 'b@two.example'])
    const [first, second] = await waiting(store)
    assert.ok(first && second)
    await store.outbound.settle([deferral(first), attempt(second, 'bounced')])
    await store.outbound.settle([attempt({ ...first, due: now + minute }, 'delivered')])
    await store.sweep(0)
    await postbox.crash()
    const traces = await Array.fromAsync(postbox.store.outbound.traces())
    assert.deepEqual(
      traces.map(trace =>
        trace.kind === 'accepted' ? [trace.id, trace.queued] : trace.results.map(({ outcome }) => outcome),
      ),
      [[id, 2], ['deferred'], ['bounced'], ['delivered']],
    )
    await postbox.store.outbound.trimTraces(now + 29 * 24 * 60 * minute)
    assert.equal((await Array.fromAsync(postbox.store.outbound.traces())).length, 4)
    await postbox.store.outbound.trimTraces(now + 31 * 24 * 60 * minute)
    assert.deepEqual(await Array.fromAsync(postbox.store.outbound.traces()), [])
  })
})
