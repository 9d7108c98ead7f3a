/** Verifying finds what is not as it was written, names it, and does no harm to what goes on beside it. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { encodeLogKey, entryKey, inbox, linkKey } from '../../src/store/keys.ts'
import { encodeLogRecord } from '../../src/store/record.ts'
import { decodeEntry, encodeEntry } from '../../src/store/row.ts'
import type { Store } from '../../src/store/store.ts'
import { tablesIn } from '../../src/store/table.ts'
import type { Flaw } from '../../src/store/verify.ts'
import { deliver, letter, numbers, openDatabase, Postbox } from './letters.ts'

async function verify(store: Store) {
  const flaws: Flaw[] = []
  const seen: { messages: number; octets: number }[] = []
  const verified = await store.verify({
    signal: new AbortController().signal,
    progress: (messages, octets) => void seen.push({ messages, octets }),
    flaw: flaw => void flaws.push(flaw),
  })
  return { verified, flaws, seen }
}

/** A store with a message of three blocks for two accounts between small ones. */
async function filled(): Promise<Postbox> {
  const postbox = await Postbox.make(['alice', 'bob'])
  await deliver(postbox.store, ['alice'], letter(0))
  await deliver(postbox.store, ['alice', 'bob'], letter(150_000, 2))
  await deliver(postbox.store, ['bob'], letter(300, 3))
  return postbox
}

test('a whole store is found whole, every octet read, and progress told after every block', async () => {
  await using postbox = await filled()
  const { verified, flaws, seen } = await verify(postbox.store)
  assert.deepEqual(verified, { messages: 3, octets: 150_300, flaws: 0 })
  assert.deepEqual(flaws, [])
  assert.ok(seen.length >= 3 + 4)
  assert.deepEqual(seen.at(-1), { messages: 3, octets: 150_300 })
})

type Databases = { readonly log: Database; readonly index: Database }
type Database = Awaited<ReturnType<typeof openDatabase>>
type Big = { readonly seq: number; readonly account: number; readonly other: number }

/** Each spoils the big message, and no other. */
const spoilings: readonly {
  readonly name: string
  readonly why: RegExp
  readonly spoil: (databases: Databases, big: Big) => Promise<void>
}[] = [
  {
    name: 'a block that has changed',
    why: /^record \d+ of the log cannot be read/,
    spoil: async ({ log }, { seq }) => {
      const value = (await log.get(encodeLogKey(seq - 2))) ?? Buffer.alloc(0)
      value[1000] = (value[1000] ?? 0) ^ 1
      await log.put(encodeLogKey(seq - 2), value)
    },
  },
  {
    name: 'a block that is gone',
    why: /^record \d+ of the log is missing$/,
    spoil: ({ log }, { seq }) => log.del(encodeLogKey(seq - 1)),
  },
  {
    name: 'a block with other octets in it',
    why: /^its octets are not those that were received$/,
    spoil: async ({ log }, { seq }) => {
      const value = (await log.get(encodeLogKey(seq - 2))) ?? Buffer.alloc(0)
      await log.put(encodeLogKey(seq - 2), encodeLogRecord(seq - 2, { kind: 'block', value: value.fill('x', 6) }))
    },
  },
  {
    name: 'a block that is too short',
    why: /^it has \d+ octets instead of 150000$/,
    spoil: async ({ log }, { seq }) => {
      const value = Buffer.alloc(100)
      await log.put(encodeLogKey(seq - 2), encodeLogRecord(seq - 2, { kind: 'block', value }))
    },
  },
  {
    name: 'a record that is gone',
    why: /^record \d+ of the log is missing$/,
    spoil: ({ log }, { seq }) => log.del(encodeLogKey(seq)),
  },
  {
    name: 'a mailbox entry that means another message',
    why: /^its mailbox says something else/,
    spoil: async ({ index }, { account }) => {
      const key = entryKey(account, inbox, 2)
      const entry = decodeEntry(String(await index.get(key)))
      await index.put(key, encodeEntry({ ...entry, id: '7'.repeat(16) }))
    },
  },
  {
    name: 'a mailbox entry that is gone',
    why: /^its mailbox says something else/,
    spoil: ({ index }, { account }) => index.del(entryKey(account, inbox, 2)),
  },
  {
    name: 'a link that is gone',
    why: /^the index does not know any more where it belongs$/,
    spoil: ({ index }, { seq, account }) => index.del(linkKey(seq, { account, box: inbox, uid: 2 })),
  },
]

for (const { name, why, spoil } of spoilings) {
  test(`${name} is named, and nothing else is`, async () => {
    await using postbox = await filled()
    const [account = 0, other = 0] = numbers(postbox.store, 'alice', 'bob')
    const maildrop = await postbox.store.maildrop(account)
    const [seq, uidl] = [maildrop.seq(1), maildrop.uidl(1)]
    await postbox.close()
    {
      await using log = await openDatabase(postbox.directory, 'log')
      await using index = await openDatabase(postbox.directory, 'index')
      await spoil({ log, index }, { seq, account, other })
    }
    await postbox.open()
    const { verified, flaws } = await verify(postbox.store)
    assert.equal(verified.flaws, 1)
    const [flaw] = flaws
    assert.equal(flaw?.id, uidl)
    assert.equal(flaw?.date, 1_795_299_352_000)
    assert.ok(flaw?.accounts.includes('alice'))
    assert.match(flaw?.why ?? '', why)
  })
}

test('messages that are deleted and swept meanwhile are not called damaged', async () => {
  await using postbox = await filled()
  const { store } = postbox
  const [alice = 0, bob = 0] = numbers(store, 'alice', 'bob')
  let gone = false
  const flaws: Flaw[] = []
  await store.verify({
    signal: new AbortController().signal,
    progress: async () => {
      if (gone) return
      gone = true
      await store.remove(alice, [2])
      await store.remove(bob, [1])
      await store.sweep(0)
    },
    flaw: flaw => void flaws.push(flaw),
  })
  assert.deepEqual(flaws, [])
})

test('it stops when it is told to', async () => {
  await using postbox = await filled()
  const stop = new AbortController()
  const stopped = postbox.store.verify({ signal: stop.signal, progress: () => stop.abort(), flaw: () => {} })
  await assert.rejects(stopped, { code: 'REFUSED', message: /^Stopped/ })
})

test('a table that would mislead LevelDB is named, and nothing is read', async () => {
  await using postbox = await filled()
  await postbox.restart() // So that it is in a table.
  await postbox.close()
  const [table = ''] = await tablesIn(join(postbox.directory, 'log'))
  const octets = await readFile(table)
  const key = octets.indexOf(encodeLogKey(5)) // A full block, before which the key is written out.
  octets[key + 3] = 0xff
  await writeFile(table, octets)
  await postbox.open()
  const failure = {
    code: 'STORE_DAMAGED',
    message: new RegExp(`^${basename(table)} cannot be read, or is damaged .* porchlight repair$`),
  }
  await assert.rejects(verify(postbox.store), failure)
})
