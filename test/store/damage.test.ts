/**
 * Files of the store hurt at random. What a repair does not call damaged is as it was, and no more is lost than was hurt; a
 * server that is started instead loses nothing that it did not name, or does not start.
 */
import assert from 'node:assert/strict'
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { Failure } from '../../src/base/failure.ts'
import { idText } from '../../src/store/id.ts'
import type { Maildrop } from '../../src/store/maildrop.ts'
import type { Account } from '../../src/store/roster.ts'
import type { Store } from '../../src/store/store.ts'
import { openStore } from '../support/household.ts'
import {
  type Contents,
  cutShort,
  filesOf,
  flip,
  largest,
  lose,
  mend,
  names,
  type Pick,
  picks,
  type Report,
  Stock,
  table,
  writeAhead,
} from './hurt.ts'
import { contents, deliver, letter, numbers, Postbox } from './letters.ts'

/** Each hurts a store, and returns how many of its octets are in doubt then. */
const injuries: Readonly<Record<string, (directory: string, pick: Pick) => Promise<number>>> = {
  'a table with changed octets': async (directory, pick) => flip(await filesOf(directory, 'log', table), pick),
  'a write-ahead file with changed octets': async (directory, pick) =>
    flip(await filesOf(directory, 'log', writeAhead), pick),
  'a table cut short': async (directory, pick) => cutShort(await filesOf(directory, 'log', table), pick),
  'a write-ahead file cut short': async (directory, pick) =>
    cutShort(await filesOf(directory, 'log', writeAhead), pick),
  'a lost table': async (directory, pick) => lose(await filesOf(directory, 'log', table), pick),
  'a lost write-ahead file': async (directory, pick) => lose(await filesOf(directory, 'log', writeAhead), pick),
  'a lost CURRENT': async directory => none(rm(join(directory, 'log', 'CURRENT'))),
  'a lost MANIFEST': async (directory, pick) => none(lose(await filesOf(directory, 'log', /^MANIFEST/), pick)),
  'a MANIFEST with changed octets': async (directory, pick) =>
    none(flip(await filesOf(directory, 'log', /^MANIFEST/), pick)),
  'a lost index': async directory => none(rm(join(directory, 'index'), { recursive: true })),
  'an index table with changed octets': async (directory, pick) =>
    none(flip(await filesOf(directory, 'index', table), pick)),
  'an index write-ahead file with changed octets': async (directory, pick) =>
    none(flip(await filesOf(directory, 'index', writeAhead), pick)),
  'an index without its MANIFEST': async (directory, pick) =>
    none(lose(await filesOf(directory, 'index', /^MANIFEST/), pick)),
}

async function none(hurting: Promise<unknown>): Promise<number> {
  await hurting
  return 0
}

/** Another one each time; a longer list by hand. */
const seeds = [Math.floor(Math.random() * 1000)]

let stock: Stock
before(async () => {
  stock = await Stock.make()
})
after(() => stock[Symbol.asyncDispose]())

for (const [name, hurt] of Object.entries(injuries)) {
  describe(name, () => {
    for (const seed of seeds) {
      test(`is repaired (seed ${seed})`, async () => {
        const directory = await stock.copy()
        const doubtful = await hurt(directory, picks(seed))
        const report = await mend(directory)
        const store = await openStore(directory)
        const missing = await compare(store, stock.contents, report)
        // A message of which a part was hurt is lost as a whole.
        const most = doubtful === 0 ? 0 : doubtful + 2 * names.length * largest
        assert.ok(missing <= most, `${missing} octets are lost, ${most} at most could be`)
        await numbersDoNotComeBack(store, stock.contents)
        await store.close()
        // Once is enough, and all is in the log.
        const again = await mend(directory)
        assert.deepEqual([again.told, again.hurt, again.flaws], [[], false, report.flaws])
        await rm(join(directory, 'index'), { recursive: true })
        const rebuilt = await openStore(directory)
        assert.equal(await compare(rebuilt, stock.contents, report), missing)
        await rebuilt.close()
      })
    }

    test('does not take whole mail along when the server is started on it', async () => {
      const directory = await stock.copy()
      await hurt(directory, picks(2))
      const store = await openStore(directory).catch(refusal)
      if (!store) return
      await deliver(store, ['alice'], letter(5000, 7)).catch(refusal)
      for (const owner of stock.contents.accounts) {
        const account: Account | undefined = store.accounts.find(owner.name)
        if (!account) continue
        const maildrop: Maildrop | undefined = await store.maildrop(account.id).catch(refusal)
        if (!maildrop) continue
        const sent = new Map(owner.messages.map(({ uidl, octets }) => [uidl, octets]))
        for (let i = 0; i < maildrop.count; i++) {
          const octets = await read(store, maildrop.seq(i), maildrop.uidl(i))
          if (octets && sent.has(maildrop.uidl(i))) assert.deepEqual(octets, sent.get(maildrop.uidl(i)))
        }
      }
      await store.close()
    })
  })
}

/** @returns the octets of a message, or undefined when they are refused as damaged */
async function read(store: Store, seq: number, uidl: string): Promise<Buffer | undefined> {
  try {
    const { blocks } = await store.message(seq, uidl)
    return Buffer.concat(await Array.fromAsync(blocks()))
  } catch (error) {
    return refusal(error)
  }
}

/** A failure in so many words is an answer, too. */
function refusal(error: unknown): undefined {
  assert.ok(error instanceof Failure, String(error))
}

/** Every message that is there and not called damaged is what it was, under its number. @returns octets of those that are not */
async function compare(store: Store, expected: Contents, { lost }: Report): Promise<number> {
  const damaged = new Set(lost.map(({ id }) => id))
  let missing = 0
  for (const { name, messages } of expected.accounts) {
    const maildrop = store.accounts.find(name) && (await store.maildrop(numbers(store, name)[0] ?? 0))
    const places = new Map(Array.from({ length: maildrop?.count ?? 0 }, (_, i) => [maildrop?.uidl(i), i]))
    for (const { uidl, uid, octets } of messages) {
      const place = places.get(uidl)
      if (!maildrop || place === undefined || damaged.has(uidl)) {
        missing += octets.length
        continue
      }
      assert.equal(maildrop.uid(place), uid)
      assert.ok((await read(store, maildrop.seq(place), uidl))?.equals(octets), `message ${uidl} has changed`)
    }
  }
  return missing
}

async function numbersDoNotComeBack(store: Store, expected: Contents): Promise<void> {
  for (const { name, next } of expected.accounts) {
    const account = store.accounts.find(name)
    if (account) assert.ok(store.mailbox(account.id).next >= next, `${name} gives numbers again`)
  }
}

describe('a start', () => {
  test('without CURRENT in the log is refused with what to do, and deletes nothing', async () => {
    const directory = await stock.copy()
    await rm(join(directory, 'log', 'CURRENT'))
    const files = await filesOf(directory, 'log', /ldb|log|MANIFEST/)
    await assert.rejects(openStore(directory), { code: 'STORE_DAMAGED', message: /run: porchlight repair$/ })
    assert.deepEqual(await filesOf(directory, 'log', /ldb|log|MANIFEST/), files)
  })

  test('without its log does not begin a new one over an index', async () => {
    const directory = await stock.copy()
    await rm(join(directory, 'log'), { recursive: true })
    await assert.rejects(openStore(directory), { code: 'STORE_DAMAGED', message: /run: porchlight repair$/ })
    const { told } = await mend(directory)
    assert.ok(told.includes('The log had lost the account alice; it is there again.'))
    const store = await openStore(directory)
    const { accounts, aliases } = await contents(store)
    const withoutMail = ({ name, password, id }: Contents['accounts'][number]) => ({ name, password, id })
    assert.deepEqual(accounts.map(withoutMail), stock.contents.accounts.map(withoutMail))
    assert.deepEqual(aliases, stock.contents.aliases)
    await store.close()
  })

  for (const { name, swap } of [
    { name: 'of another store', swap: otherIndex },
    { name: 'that is newer than the log', swap: newerIndex },
    { name: 'that is garbage', swap: garbage },
  ]) {
    test(`with an index ${name} makes a new one`, async () => {
      const directory = await stock.copy()
      await swap(directory)
      const warnings: string[] = []
      const store = await openStore(directory, { log: listener(warnings) })
      assert.deepEqual(await contents(store), stock.contents)
      assert.deepEqual(warnings, [
        'the index of the mail store cannot be used',
        'the index of the mail store is made anew from the log',
      ])
      await store.close()
    })
  }
})

test('a message whose place the index has wrong is refused, and no other is shown for it', async () => {
  const directory = await stock.copy()
  const store = await openStore(directory)
  const maildrop = await store.maildrop(numbers(store, 'alice')[0] ?? 0)
  await assert.rejects(store.message(maildrop.seq(0), maildrop.uidl(1)), { code: 'STORE_DAMAGED' })
  assert.equal(idText((await store.message(maildrop.seq(0), maildrop.uidl(0))).record.id), maildrop.uidl(0))
  await store.close()
})

async function otherIndex(directory: string): Promise<void> {
  await using other = await Postbox.make(['alice'])
  await deliver(other.store, ['alice'], letter(100))
  await rm(join(directory, 'index'), { recursive: true })
  await other.close()
  await cp(join(other.directory, 'index'), join(directory, 'index'), { recursive: true })
  await other.open()
}

/** As if a backup of the log alone had been put back. */
async function newerIndex(directory: string): Promise<void> {
  const log = await stock.copy()
  const store = await openStore(directory)
  await deliver(store, ['alice'], letter(100, 1))
  await store.close()
  await rm(join(directory, 'log'), { recursive: true })
  await rename(join(log, 'log'), join(directory, 'log'))
}

async function garbage(directory: string): Promise<void> {
  for (const name of await readdir(join(directory, 'index'))) {
    if (!/MANIFEST/.test(name)) continue
    const path = join(directory, 'index', name)
    await writeFile(path, (await readFile(path)).fill('x'))
  }
}

/** A log that gathers its warnings. */
function listener(warnings: string[]) {
  return pino({ level: 'warn' }, { write: line => void warnings.push(JSON.parse(line).msg) })
}
