/** Flags of messages, mailboxes read from either end, and stores from before there were flags. */
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { changed, flags } from '../../src/store/flags.ts'
import { entryKey, entryRange, inbox } from '../../src/store/keys.ts'
import type { Store } from '../../src/store/store.ts'
import { fixture } from './fixture/make.ts'
import {
  contents,
  databaseEntries,
  deliver,
  flagsOf,
  letter,
  logRecords,
  numbers,
  openDatabase,
  Postbox,
  recordKinds,
} from './letters.ts'

const { seen, answered, deleted, flagged } = flags

/** Alice's store with so many messages. */
async function filled(messages: number): Promise<{ postbox: Postbox; alice: number }> {
  const postbox = await Postbox.make(['alice'])
  for (let i = 0; i < messages; i++) await deliver(postbox.store, ['alice'], letter(10, i))
  return { postbox, alice: numbers(postbox.store, 'alice')[0] ?? 0 }
}

/** A log that counts what was worth a warning. */
function warned(): { log: Log; words: string[] } {
  const words: string[] = []
  const keep = (_fields: unknown, said?: string) => void words.push(String(said ?? _fields))
  return { log: Object.assign(Object.create(silentLog), { warn: keep, error: keep }), words }
}

test('flags are dropped, then added, and a second time comes to the same', () => {
  const bits = fc.nat(15)
  fc.assert(
    fc.property(bits, bits, bits, (before, add, drop) => {
      const after = changed(before, { add, drop })
      for (const flag of Object.values(flags)) {
        const expected = (add & flag) !== 0 || ((before & flag) !== 0 && (drop & flag) === 0)
        assert.equal((after & flag) !== 0, expected)
      }
      assert.equal(changed(after, { add, drop }), after)
    }),
  )
})

describe('marks', () => {
  test('are there when the promise is, and after a power cut', async () => {
    const { postbox, alice } = await filled(4)
    await using _ = postbox
    assert.deepEqual(await flagsOf(postbox.store, alice), ['4:0', '3:0', '2:0', '1:0'])
    await postbox.store.mark(alice, [4, 1, 2], { add: seen | flagged })
    await postbox.store.mark(alice, [2, 3], { add: answered, drop: flagged })
    await postbox.store.mark(alice, [1], { drop: seen })
    const expected = ['4:9', '3:2', '2:3', '1:8']
    assert.deepEqual(await flagsOf(postbox.store, alice), expected)
    await postbox.crash()
    assert.deepEqual(await flagsOf(postbox.store, alice), expected)
  })

  test('of what is gone, of an account that is gone, and of nothing do no harm', async () => {
    const { postbox, alice } = await filled(2)
    await using _ = postbox
    await postbox.store.remove(alice, [1])
    await postbox.store.mark(alice, [1, 2, 3, 4_000_000_000], { add: deleted })
    await postbox.store.mark(4711, [1], { add: seen })
    for (const [uids, change] of [
      [[], { add: seen }],
      [[2], {}],
    ] as const) {
      await postbox.store.mark(alice, uids, change)
    }
    assert.deepEqual(await flagsOf(postbox.store, alice), ['2:4'])
    await deliver(postbox.store, ['alice'], letter(10))
    assert.deepEqual(await flagsOf(postbox.store, alice), ['3:0', '2:4'])
    await postbox.close()
    assert.equal((await recordKinds(postbox.directory)).flags, 2)
    await postbox.open()
    assert.deepEqual(await flagsOf(postbox.store, alice), ['3:0', '2:4'])
  })

  test('count though the message was delivered in the same moment', async () => {
    const { postbox, alice } = await filled(0)
    await using _ = postbox
    const done = Array.from({ length: 50 }, (_, i) => [
      deliver(postbox.store, ['alice'], letter(10, i)),
      postbox.store.mark(alice, [i], { add: seen }),
    ])
    await Promise.all(done.flat())
    const found = await flagsOf(postbox.store, alice)
    await postbox.crash(directory => rm(join(directory, 'index'), { recursive: true }))
    assert.deepEqual(await flagsOf(postbox.store, alice), found)
  })

  test('of copies are each for itself', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    await deliver(postbox.store, ['alice', 'bob'], letter(10))
    const [alice = 0, bob = 0] = numbers(postbox.store, 'alice', 'bob')
    await postbox.store.mark(alice, [1], { add: seen })
    assert.deepEqual([await flagsOf(postbox.store, alice), await flagsOf(postbox.store, bob)], [['1:1'], ['1:0']])
  })

  test('outlive the sweep, and go with their message', async () => {
    const { postbox, alice } = await filled(6)
    await using _ = postbox
    await postbox.store.mark(alice, [1, 2, 3, 4, 5, 6], { add: seen })
    await postbox.store.remove(alice, [1, 2, 3, 4])
    await postbox.store.sweep(0)
    await postbox.crash(directory => rm(join(directory, 'index'), { recursive: true }))
    assert.deepEqual(await flagsOf(postbox.store, alice), ['6:1', '5:1'])
  })

  test('of a whole mailbox are an octet each; of one message fewer than forty', async () => {
    const { postbox, alice } = await filled(1)
    await using _ = postbox
    const many = 25_000
    await postbox.store.mark(
      alice,
      Array.from({ length: many }, (_, i) => i + 1),
      { add: seen },
    )
    for (let i = 0; i < 100; i++) await postbox.store.mark(alice, [4_000_000_000], { add: i })
    await postbox.close()
    const entries = (await databaseEntries(postbox.directory, 'log')).filter(([, value]) => value[0] === 0x46)
    const octets = entries.map(([key, value]) => key.length + value.length)
    const [large, small] = [octets.slice(0, 3), octets.slice(3)]
    assert.ok(large.reduce((sum, one) => sum + one) < 1.01 * many)
    assert.deepEqual(new Set(small.map(one => one < 40)), new Set([true]))
    const records = (await logRecords(postbox.directory)).flatMap(({ record }) =>
      record.kind === 'flags' ? record : [],
    )
    assert.deepEqual(
      records.slice(0, 3).map(({ uids }) => uids.length),
      [10_000, 10_000, 5000],
    )
    await postbox.open()
  })
})

describe('a mailbox', () => {
  const uids = async (entries: ReturnType<Store['entries']>) => (await entries).map(({ uid }) => uid)

  test('is read from either end, and on from anywhere', async () => {
    await using postbox = await Postbox.make(['alice', 'bob', 'carol'])
    const { store } = postbox
    for (let i = 0; i < 12; i++) await deliver(store, ['alice', 'bob', 'carol'], letter(10, i))
    const [bob = 0] = numbers(store, 'bob')
    await store.remove(bob, [3, 4, 12])
    const held = [1, 2, 5, 6, 7, 8, 9, 10, 11]
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.nat(14), { nil: undefined }),
        async (limit, uid) => {
          const newest = held.toReversed().filter(one => one < (uid ?? 99))
          const oldest = held.filter(one => one > (uid ?? 0))
          assert.deepEqual(await uids(store.entries(bob, limit, uid)), newest.slice(0, limit))
          assert.deepEqual(await uids(store.oldest(bob, limit, uid)), oldest.slice(0, limit))
        },
      ),
    )
    assert.deepEqual(await store.entries(4711, 10), [])
  })

  test('shows what was delivered, marked and removed a moment ago', async () => {
    const { postbox, alice } = await filled(0)
    await using _ = postbox
    for (let uid = 1; uid <= 30; uid++) {
      const id = await deliver(postbox.store, ['alice'], letter(10, uid))
      const [entry] = await postbox.store.entries(alice, 1)
      assert.deepEqual([entry?.uid, entry?.id], [uid, id])
      await postbox.store.mark(alice, [uid], { add: seen })
      assert.equal((await postbox.store.entries(alice, 1))[0]?.flags, seen)
      if (uid % 2 === 0) continue
      await postbox.store.remove(alice, [uid])
      assert.notEqual((await postbox.store.entries(alice, 1))[0]?.uid, uid)
    }
  })

  test('costs what is asked for: what lies behind is not looked at', async () => {
    const { postbox, alice } = await filled(9)
    await using _ = postbox
    await postbox.close()
    {
      await using db = await openDatabase(postbox.directory, 'index')
      for (const uid of [1, 2, 8, 9]) await db.put(entryKey(alice, inbox, uid), Buffer.from('?'))
    }
    await postbox.open()
    assert.deepEqual(await uids(postbox.store.entries(alice, 5, 8)), [7, 6, 5, 4, 3])
    assert.deepEqual(await uids(postbox.store.oldest(alice, 5, 2)), [3, 4, 5, 6, 7])
    const damaged = { code: 'STORE_IO' }
    await assert.rejects(postbox.store.entries(alice, 1), damaged)
  })

  test('that is larger than any page can be read whole, the newest first', async () => {
    const { postbox, alice } = await filled(0)
    await using _ = postbox
    const messages = 3 * budget.groupEntries
    await Promise.all(Array.from({ length: messages }, (_, i) => deliver(postbox.store, ['alice'], letter(5, i))))
    const all = await uids(postbox.store.entries(alice, 1_000_000))
    assert.deepEqual(
      all,
      Array.from({ length: messages }, (_, i) => messages - i),
    )
  })
})

describe('a store from before there were flags', () => {
  test('of the first release opens without a new index, and takes marks', async () => {
    await using postbox = await Postbox.make()
    await postbox.close()
    await rm(postbox.directory, { recursive: true })
    await cp(fixture.store, postbox.directory, { recursive: true })
    const { log, words } = warned()
    await postbox.open({ log })
    const [alice = 0] = numbers(postbox.store, 'alice')
    const before = await flagsOf(postbox.store, alice)
    assert.ok(before.length > 1)
    assert.ok(before.every(one => one.endsWith(':0')))
    const [newest] = await postbox.store.entries(alice, 1)
    await postbox.store.mark(alice, [newest?.uid ?? 0], { add: seen })
    const after = [`${newest?.uid}:1`, ...before.slice(1)]
    await postbox.crash()
    assert.deepEqual(await flagsOf(postbox.store, alice), after)
    assert.deepEqual(words, [])
  })

  test('whose entries end early shows no flags, whatever else is in it, until it is marked', async () => {
    const { postbox, alice } = await filled(8)
    await using _ = postbox
    await postbox.store.mark(alice, [2, 4, 6], { add: flagged })
    const before = await contents(postbox.store)
    await postbox.close()
    {
      await using db = await openDatabase(postbox.directory, 'index')
      // Without flags and as they were written then: one octet less.
      for (const [key, value] of await db.iterator(entryRange(alice)).all()) {
        assert.equal(value.length, 53)
        await db.put(key, value.subarray(0, 52))
      }
    }
    const { log, words } = warned()
    await postbox.open({ log })
    const none = { [alice]: Array.from({ length: 8 }, (_, i) => `${8 - i}:0`) }
    assert.deepEqual(await contents(postbox.store), { ...before, flags: none })
    await postbox.store.mark(alice, [3], { add: answered })
    await postbox.store.remove(alice, [8])
    await postbox.crash()
    assert.deepEqual(await flagsOf(postbox.store, alice), ['7:0', '6:0', '5:0', '4:0', '3:2', '2:0', '1:0'])
    assert.deepEqual(words, [])
  })
})
