/** A schema that is to come, here one that only its number tells from today's: who reads it, and when a store moves on to it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeLogKey, versionKey } from '../../src/store/keys.ts'
import { decodeLogRecord } from '../../src/store/record.ts'
import { decodeVersion } from '../../src/store/row.ts'
import { type Schema, schema } from '../../src/store/schema.ts'
import { mend } from './hurt.ts'
import { contents, databaseEntries, deliver, letter, openDatabase, Postbox } from './letters.ts'

/** Releases to come, each by what it reads and writes. */
const prepared: Schema = { reads: [1, 2], writes: 1 }
const next: Schema = { reads: [1, 2], writes: 2 }
const later: Schema = { reads: [2, 3], writes: 3 }

/** What the closed databases say of themselves. */
async function written(directory: string): Promise<{ log: number; index: number }> {
  await using log = await openDatabase(directory, 'log')
  await using index = await openDatabase(directory, 'index')
  const header = decodeLogRecord(0, (await log.get(encodeLogKey(0))) ?? Buffer.alloc(0))
  assert.ok(header.kind === 'header')
  return { log: header.schema, index: decodeVersion((await index.get(versionKey)) ?? Buffer.alloc(0)).schema }
}

/** A store with mail that this release wrote, closed. */
async function stocked(): Promise<Postbox> {
  const postbox = await Postbox.make(['alice', 'bob'])
  await deliver(postbox.store, ['alice', 'bob'], letter(70_000))
  await deliver(postbox.store, ['alice'], letter(100))
  return postbox
}

describe('a store', () => {
  test('says which schema it has', async () => {
    await using postbox = await stocked()
    assert.equal(postbox.store.schema, schema.writes)
  })

  test('moves on when a release that writes a newer schema opens it, with all that is in it and under its id', async () => {
    await using postbox = await stocked()
    const before = await contents(postbox.store)
    await postbox.close()
    const [[, first] = []] = await databaseEntries(postbox.directory, 'log')
    await postbox.open({ schema: next })
    assert.equal(postbox.store.schema, 2)
    assert.deepEqual(await contents(postbox.store), before)
    await deliver(postbox.store, ['bob'], letter(10))
    await postbox.close()
    assert.deepEqual(await written(postbox.directory), { log: 2, index: 2 })
    const [[, second] = []] = await databaseEntries(postbox.directory, 'log')
    const [old, moved] = [first, second].map(value => decodeLogRecord(0, value ?? Buffer.alloc(0)))
    assert.deepEqual(moved, { ...old, schema: 2 })
    await postbox.open({ schema: next })
  })

  test('stays while the version that opens it is on trial, so that the one before goes on with all of it', async () => {
    await using postbox = await stocked()
    await postbox.close()
    await postbox.open({ schema: next, onTrial: true })
    assert.equal(postbox.store.schema, 1)
    await deliver(postbox.store, ['bob'], letter(10))
    const after = await contents(postbox.store)
    await postbox.close()
    assert.deepEqual(await written(postbox.directory), { log: 1, index: 1 })
    await postbox.open()
    assert.deepEqual(await contents(postbox.store), after)
  })

  test('that has moved on is read by the release before, which knew what would come, and stays what it is', async () => {
    await using postbox = await stocked()
    await postbox.close()
    await postbox.open({ schema: next })
    await postbox.close()
    await postbox.open({ schema: prepared })
    await deliver(postbox.store, ['bob'], letter(10))
    assert.equal(postbox.store.schema, 2)
    const after = await contents(postbox.store)
    await postbox.close()
    assert.deepEqual(await written(postbox.directory), { log: 2, index: 2 })
    await postbox.open({ schema: next })
    assert.deepEqual(await contents(postbox.store), after)
  })

  for (const { name, theirs, ours, words } of [
    { name: 'newer', theirs: next, ours: schema, words: /newer Porchlight\. Install/ },
    { name: 'much older', theirs: schema, ours: later, words: /much older Porchlight\. Install/ },
  ]) {
    test(`of a ${name} schema is refused in words and left as it was, by a repair, too`, async () => {
      await using postbox = await stocked()
      await postbox.close()
      await postbox.open({ schema: theirs })
      await postbox.close()
      const entries = async () => [
        await databaseEntries(postbox.directory, 'log'),
        await databaseEntries(postbox.directory, 'index'),
      ]
      const before = await entries()
      await assert.rejects(postbox.open({ schema: ours }), { code: 'STORE_NEWER', message: words })
      if (ours === schema) await assert.rejects(mend(postbox.directory), { code: 'STORE_NEWER', message: words })
      assert.deepEqual(await entries(), before)
      await postbox.open({ schema: theirs })
    })
  }

  test('whose index has another schema than its log gets a new one', async () => {
    await using postbox = await stocked()
    const before = await contents(postbox.store)
    await postbox.close()
    {
      // As after a power cut between the header and the first checkpoint behind it, the other way round.
      await using index = await openDatabase(postbox.directory, 'index')
      const version = Buffer.from((await index.get(versionKey)) ?? '')
      version[0] = 9
      await index.put(versionKey, version)
    }
    await postbox.open()
    assert.deepEqual(await contents(postbox.store), before)
    await postbox.close()
    assert.deepEqual(await written(postbox.directory), { log: 1, index: 1 })
    await postbox.open()
  })
})
