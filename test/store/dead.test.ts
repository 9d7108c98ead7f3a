/** Dead messages leave the log where they are densest, and nobody who is alive notices. */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { segmentRecords } from '../../src/store/keys.ts'
import type { Store } from '../../src/store/store.ts'
import { contents, deliver, letter, numbers, Postbox, recordKinds } from './letters.ts'

/** A message of one block is two records of the log. */
const messagesOfSegment = segmentRecords / 2
const octets = 4000

/** Delivers so many segments' worth to alice. */
async function fill(store: Store, segments: number): Promise<void> {
  for (let seed = 1; seed <= segments * messagesOfSegment; seed += 128) {
    await Promise.all(Array.from({ length: 128 }, (_, i) => deliver(store, ['alice'], letter(octets, seed + i))))
  }
}

/** @returns the UIDs of a segment's messages whose place in it is below a share of it. The first one follows two other records. */
function uids(segment: number, share: number): number[] {
  const first = segment * messagesOfSegment + 1
  return Array.from({ length: Math.floor(messagesOfSegment * share) - 1 }, (_, i) => first + i)
}

function logOctets(directory: string): number {
  const log = join(directory, 'log')
  return readdirSync(log).reduce((sum, name) => sum + statSync(join(log, name)).size, 0)
}

describe('a sweep', () => {
  test('takes the segment that is all dead, leaves one that costs more than it gives, and goes further when asked', async () => {
    await using postbox = await Postbox.make(['alice'])
    await fill(postbox.store, 4)
    await postbox.restart() // So that everything is in tables.
    const { store, directory } = postbox
    const [alice = 0] = numbers(store, 'alice')
    const full = logOctets(directory)
    await store.remove(alice, [...uids(0, 0.3), ...uids(1, 1)])
    const before = await contents(store)

    const swept = await store.sweep(0.2)
    assert.deepEqual([swept.segments, swept.messages], [1, uids(1, 1).length])
    assert.ok(logOctets(directory) < full * 0.8, 'the space of the dead segment is given back')

    assert.equal((await store.sweep(0.2)).segments, 0, 'what is left is not worth it')
    const further = await store.sweep(0.01)
    assert.deepEqual([further.segments, further.messages], [1, uids(0, 0.3).length])
    assert.ok(logOctets(directory) < full * 0.73)

    assert.deepEqual(await contents(store), before)
    await postbox.crash()
    assert.deepEqual(await contents(postbox.store), before)
    await postbox.close()
    const left = 4 * messagesOfSegment - uids(1, 1).length - uids(0, 0.3).length
    assert.deepEqual(await recordKinds(postbox.directory), {
      header: 1,
      account: 1,
      block: left,
      message: left,
      removal: 1,
    })
    await postbox.open()
  })

  for (const [when, next] of [
    ['', async () => {}],
    [', after a restart', (postbox: Postbox) => postbox.restart()],
    [', after a power cut', (postbox: Postbox) => postbox.crash()],
  ] as const) {
    test(`counts text as it was written, however well LevelDB compresses it${when}`, async () => {
      await using postbox = await Postbox.make(['alice'])
      const text = Buffer.alloc(octets, 'A household keeps its mail for a long time.\r\n')
      await Promise.all(Array.from({ length: 200 }, () => deliver(postbox.store, ['alice'], text)))
      const [alice = 0] = numbers(postbox.store, 'alice')
      const gone = Array.from({ length: 40 }, (_, i) => i + 1)
      await postbox.store.remove(alice, gone)
      await next(postbox)
      assert.equal((await postbox.store.sweep(0.21)).messages, 0)
      assert.equal((await postbox.store.sweep(0.19)).messages, gone.length)
    })

    test(`counts a message to several once${when}`, async () => {
      await using postbox = await Postbox.make(['alice', 'bob', 'zoë'])
      await deliver(postbox.store, ['alice', 'bob', 'zoë'], letter(octets))
      await deliver(postbox.store, ['alice'], letter(octets))
      const [alice = 0] = numbers(postbox.store, 'alice')
      await postbox.store.remove(alice, [1, 2])
      await next(postbox)
      assert.equal((await postbox.store.sweep(0.51)).messages, 0)
      assert.equal((await postbox.store.sweep(0.49)).messages, 1)
    })
  }
})
