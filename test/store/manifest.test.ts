/** A MANIFEST that has lost its end, wherever it was cut: no table goes, and a repair finds every message. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasLostEnd } from '../../src/store/manifest.ts'
import type { Store } from '../../src/store/store.ts'
import { openStore } from '../support/household.ts'
import { filesOf } from './hurt.ts'
import { contents, deliver, letter, Postbox } from './letters.ts'

/** Octets of mail that have LevelDB write a few tables. */
const [messages, octets] = [100, 100_000]

/** A store whose MANIFESTs have grown while it was open, closed. */
async function grown(): Promise<Postbox> {
  const postbox = await Postbox.make(['alice'])
  for (let i = 0; i < messages; i++) await deliver(postbox.store, ['alice'], letter(octets, i))
  return postbox
}

/** Every message. The numbers of those to come go far ahead in a repair. */
async function mail(store: Store) {
  const { accounts } = await contents(store)
  return accounts.map(({ name, messages }) => ({ name, messages }))
}

for (const database of ['log', 'index'] as const) {
  test(`of the ${database}`, async () => {
    await using postbox = await grown()
    const whole = await mail(postbox.store)
    await postbox.close()
    assert.ok(!(await hasLostEnd(join(postbox.directory, database))))
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-manifest-'))
    const [manifest = ''] = await filesOf(postbox.directory, database, /^MANIFEST/)
    const { size } = await stat(manifest)
    // The first record and what is behind it, cut in each and between them.
    for (let left = 0; left < size; left += Math.ceil(size / 7)) {
      const directory = join(folder, String(left))
      await cp(postbox.directory, directory, { recursive: true })
      const [path = ''] = await filesOf(directory, database, /^MANIFEST/)
      await truncate(path, left)
      const store = await openStore(directory, { recovers: true })
      assert.deepEqual(await mail(store), whole, `cut after ${left} of ${size} octets`)
      await store.close()
      await rm(directory, { recursive: true })
    }
    await rm(folder, { recursive: true })
    await postbox.open()
  })
}
