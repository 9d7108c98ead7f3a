/** Numbers of a large mailbox: commands/reader-box.ts, on a real store. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ReaderBox } from '../../src/commands/reader-box.ts'
import { deliver, letter, numbers, Postbox } from '../store/letters.ts'

/** A store with so many messages for alice, and what was asked of it. */
async function stocked(
  messages: number,
  work: (postbox: Postbox, box: () => ReaderBox, asked: number[]) => Promise<void>,
) {
  await using postbox = await Postbox.make(['alice'])
  const { store } = postbox
  for (let i = 0; i < messages; i += 100) {
    const count = Math.min(100, messages - i)
    await Promise.all(Array.from({ length: count }, () => deliver(store, ['alice'], letter(10))))
  }
  const [alice = 0] = numbers(store, 'alice')
  const asked: number[] = []
  const mail = () => ({
    mailbox: store.mailbox.bind(store),
    entries: (account: number, limit: number, before?: number) => {
      asked.push(limit)
      return store.entries(account, limit, before)
    },
    mark: store.mark.bind(store),
    expunge: async () => true,
  })
  await work(postbox, () => new ReaderBox(alice, mail), asked)
}

describe('a mailbox of 1,300 messages', () => {
  test('shows its first page without reading the others', () =>
    stocked(1300, async (_, open, asked) => {
      const page = await open().page(1300, 20)
      assert.deepEqual(
        page.map(({ number, entry }) => [number, entry.uid]),
        Array.from({ length: 20 }, (_, i) => [1300 - i, 1300 - i]),
      )
      assert.ok(asked.reduce((sum, limit) => sum + limit, 0) <= 520, asked.join())
    }))

  test('finds every number, the first ones too, in any order', () =>
    stocked(1300, async (_, open) => {
      const box = open()
      for (const number of [1, 1300, 500, 800, 799, 801]) {
        const { entry } = await box.find(number)
        assert.equal(entry.uid, number)
      }
      for (const number of [0, -1, 1301, 1.5]) await assert.rejects(box.find(number), { code: 'REFUSED' })
      assert.deepEqual(
        (await box.page(2, 5)).map(({ number }) => number),
        [2, 1],
      )
      assert.deepEqual(await box.page(0, 5), [])
    }))

  test('passes over what goes while it is open, and keeps the numbers of the rest', () =>
    stocked(1300, async ({ store }, open) => {
      const box = open()
      await box.find(1)
      await store.remove(
        1,
        Array.from({ length: 1000 }, (_, i) => 290 + i),
      )
      assert.deepEqual(
        (await box.page(1292, 6)).map(({ number, entry }) => [number, entry.uid]),
        [
          ...[
            [1292, 1292],
            [1291, 1291],
            [1290, 1290],
          ],
          ...[
            [289, 289],
            [288, 288],
            [287, 287],
          ],
        ],
      )
      await assert.rejects(box.find(1289), { code: 'REFUSED', message: /Message 1289 has gone/ })
    }))

  test('counts what comes while it is open, and numbers it behind the others', () =>
    stocked(3, async ({ store }, open) => {
      const box = open()
      assert.equal(await box.arrive(), 0)
      for (let i = 0; i < 7; i++)
        await Promise.all(Array.from({ length: 100 }, () => deliver(store, ['alice'], letter(10))))
      await store.remove(1, [2, 10])
      assert.equal(await box.arrive(), 699)
      assert.equal(await box.arrive(), 0)
      assert.equal(box.newest, 702)
      assert.deepEqual(
        (await box.page(702, 2)).map(({ number, entry }) => [number, entry.uid]),
        [
          [702, 703],
          [701, 702],
        ],
      )
      assert.deepEqual(
        (await box.page(4, 9)).map(({ number, entry }) => [number, entry.uid]),
        [
          [4, 4],
          [3, 3],
          [2, 1],
        ],
      )
    }))
})
