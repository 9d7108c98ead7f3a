/** Messages taken out of a mailbox by somebody who reads them here: flow/expunge.ts, on a real store. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expunge } from '../../src/flow/expunge.ts'
import { deliver, inbox, letter, numbers, Postbox } from '../store/letters.ts'

describe('messages are removed', () => {
  test('in any order, while nobody has the maildrop open, and keep it meanwhile', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    const { store } = postbox
    for (let i = 0; i < 4; i++) await deliver(store, ['alice'], letter(10, i))
    const [alice = 0, bob = 0] = numbers(store, 'alice', 'bob')
    const open = new Set([bob])
    const removing = expunge(alice, [3, 1, 99], { store, open })
    assert.deepEqual([...open], [bob, alice])
    assert.equal(await removing, true)
    assert.deepEqual([...open], [bob])
    const left = await inbox(store, 'alice')
    assert.deepEqual(
      left.map(({ uid }) => uid),
      [2, 4],
    )
  })

  test('not while somebody has it open', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    await deliver(store, ['alice'], letter(10))
    const [alice = 0] = numbers(store, 'alice')
    const open = new Set([alice])
    assert.equal(await expunge(alice, [1], { store, open }), false)
    assert.deepEqual([[...open], (await inbox(store, 'alice')).length], [[alice], 1])
  })

  test('or the maildrop is given back when the store fails', async () => {
    const open = new Set<number>()
    const store = { remove: () => Promise.reject(new Error('the disk')) }
    await assert.rejects(expunge(1, [1], { store, open }), /the disk/)
    assert.deepEqual([...open], [])
  })
})
