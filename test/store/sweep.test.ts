/** Blocks that no message claims are swept when the store is opened; those of messages stay, whatever else was under way. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { blockHead } from '../../src/store/record.ts'
import { contents, deliver, envelope, letter, logRecords, numbers, Postbox, recordKinds } from './letters.ts'

const full = budget.block - blockHead

describe('a message under way at a power cut', () => {
  test('is gone after the start, and its blocks with it', async () => {
    await using postbox = await Postbox.make(['alice'])
    await deliver(postbox.store, ['alice'], letter(3 * full))
    const before = await contents(postbox.store)
    const incoming = postbox.store.incoming(0)
    await incoming.append(letter(4 * full + 1))
    await incoming.append(letter(full))
    await postbox.crash()
    assert.deepEqual(await contents(postbox.store), before)
    await postbox.close()
    assert.deepEqual(await recordKinds(postbox.directory), { header: 1, account: 1, block: 3, message: 1 })
    await postbox.open()
  })

  test('does not take those along that were accepted meanwhile, nor their numbers', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    const abandoned = store.incoming(0)
    await abandoned.append(letter(2 * full + 1, 1))
    await deliver(store, ['alice'], letter(3 * full, 2))
    await abandoned.append(letter(full, 3))
    await using slow = store.incoming(0)
    await slow.append(letter(2 * full + 1, 4))
    await deliver(store, ['alice'], letter(10, 5))
    await abandoned.append(letter(full, 6))
    await slow.append(letter(2 * full, 7))
    await slow.commit(envelope(numbers(store, 'alice')))
    const before = await contents(store)
    await postbox.crash()
    assert.deepEqual(await contents(postbox.store), before)
    const uidl = await deliver(postbox.store, ['alice'], letter(2 * full, 8))
    const after = await contents(postbox.store)
    assert.deepEqual(
      after.accounts[0]?.messages.map(({ uid }) => uid),
      [1, 2, 3, 4],
    )
    assert.equal(after.accounts[0]?.messages[3]?.uidl, uidl)
    await postbox.restart()
    assert.deepEqual(await contents(postbox.store), after)
    await onlyClaimedBlocks(postbox)
  })

  test('is swept, too, when the store was closed in order, and after checkpoints', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    const abandoned = store.incoming(0)
    await abandoned.append(letter(full + 1))
    await Promise.all(Array.from({ length: budget.checkpoint }, () => deliver(store, ['alice'], Buffer.from('x'))))
    await postbox.restart()
    await onlyClaimedBlocks(postbox)
  })

  test('is swept once: a start that finds nothing to sweep leaves the log as it was', async () => {
    await using postbox = await Postbox.make(['alice'])
    await postbox.store.incoming(0).append(letter(3 * full))
    await postbox.crash()
    await postbox.close()
    const swept = await logRecords(postbox.directory)
    await postbox.open()
    await postbox.close()
    assert.deepEqual(await logRecords(postbox.directory), swept)
    await postbox.open()
  })
})

test('a message that is given up after its store was opened anew does no harm to what came after', async () => {
  await using postbox = await Postbox.make(['alice'])
  const abandoned = postbox.store.incoming(0)
  await abandoned.append(letter(3 * full))
  await postbox.restart()
  await deliver(postbox.store, ['alice'], letter(3 * full))
  const before = await contents(postbox.store)
  await abandoned[Symbol.asyncDispose]()
  assert.deepEqual(await contents(postbox.store), before)
})

/** Closes the store for a look at its log: each block belongs to a message, and each message has its blocks. */
async function onlyClaimedBlocks(postbox: Postbox): Promise<void> {
  await postbox.close()
  const entries = await logRecords(postbox.directory)
  const claimed = entries.flatMap(({ record }) => (record.kind === 'message' ? record.blocks : []))
  const there = entries.filter(({ record }) => record.kind === 'block').map(({ seq }) => seq)
  assert.deepEqual(
    there,
    claimed.toSorted((a, b) => a - b),
  )
  await postbox.open()
}
