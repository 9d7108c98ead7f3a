/** A repair keeps what is whole as it is, says what is not, and may be cut off; what it mends stays mended. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { decodeLogKey, encodeLogKey } from '../../src/store/keys.ts'
import { decodeLogRecord, encodeLogRecord } from '../../src/store/record.ts'
import { schema } from '../../src/store/schema.ts'
import { openStore } from '../support/household.ts'
import { cutShort, filesOf, flip, mend, picks, Stock, table, writeAhead } from './hurt.ts'
import { contents, deliver, letter, numbers, openDatabase, Postbox } from './letters.ts'

let stock: Stock
before(async () => {
  stock = await Stock.make()
})
after(() => stock[Symbol.asyncDispose]())

/** Closes and opens a store around a look at it. */
async function shown(directory: string) {
  const store = await openStore(directory)
  const found = await contents(store)
  await store.close()
  return found
}

test('a whole store is the same afterwards, counters and all, and nothing is said of it', async () => {
  const directory = await stock.copy()
  const { told, lost, hurt, flaws, messages } = await mend(directory)
  assert.deepEqual({ told, lost, hurt, flaws }, { told: [], lost: [], hurt: false, flaws: 0 })
  assert.ok(messages > 100)
  assert.deepEqual(await shown(directory), stock.contents)
  assert.ok(!existsSync(join(directory, 'repair')))
})

describe('a record that is lost', () => {
  /** Finds the first record that will do, and takes it out of a closed store's log, or changes an octet in it. */
  async function spoil(
    directory: string,
    wanted: (record: ReturnType<typeof decodeLogRecord>, seq: number) => boolean,
    how: 'gone' | 'changed' = 'changed',
  ): Promise<void> {
    await using log = await openDatabase(directory, 'log')
    for await (const [key, value] of log.iterator()) {
      const seq = decodeLogKey(key)
      if (!wanted(decodeLogRecord(seq, value), seq)) continue
      value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
      if (how === 'gone') await log.del(key)
      else await log.put(key, value)
      return
    }
    assert.fail('no such record')
  }

  for (const how of ['gone', 'changed'] as const) {
    test(`of a message is named from the old index, and its number does not come back (${how})`, async () => {
      const directory = await stock.copy()
      const victim = stock.contents.accounts[1]?.messages.at(-1)
      await spoil(
        directory,
        record => record.kind === 'message' && record.deliveries.some(({ uid }) => uid === victim?.uid),
        how,
      )
      const { lost, hurt } = await mend(directory)
      assert.ok(hurt)
      assert.equal(lost[0]?.date, 1_795_299_352_000)
      const store = await openStore(directory)
      const [bob = 0] = numbers(store, 'bob')
      assert.ok(store.mailbox(bob).next > 1_000_000)
      await deliver(store, ['bob'], letter(10))
      assert.ok((await contents(store)).accounts[1]?.messages.at(-1)?.uid ?? 0 > 1_000_000)
      await store.close()
    })
  }

  test('of a block leaves its message in place, refused, and says so each time', async () => {
    const directory = await stock.copy()
    await spoil(directory, record => record.kind === 'block')
    const { told, lost, flaws } = await mend(directory)
    assert.deepEqual(told, ['1 records of the log cannot be read and are taken out.'])
    assert.deepEqual([lost.length, flaws], [1, 1])
    const { id, accounts, why } = lost[0] ?? {}
    assert.ok(stock.contents.accounts[0]?.messages.some(({ uidl }) => uidl === id))
    assert.ok(accounts?.includes('alice'))
    assert.match(why ?? '', /^record \d+ of the log is missing$/)
    assert.equal((await mend(directory)).flaws, 1)
  })

  test('of an account is taken from the index, and its mail is still its own', async () => {
    const directory = await stock.copy()
    await spoil(directory, record => record.kind === 'account' && record.name === 'alice')
    const { told } = await mend(directory)
    assert.ok(told.includes('The log had lost the account alice; it is there again.'))
    const [alice] = (await shown(directory)).accounts
    assert.deepEqual(alice, { ...stock.contents.accounts[0], next: alice?.next })
  })

  test('of an account that the index has lost, too, gives the mail an account with a new name', async () => {
    const directory = await stock.copy()
    await spoil(directory, record => record.kind === 'account' && record.name === 'alice')
    await rm(join(directory, 'index'), { recursive: true })
    const { told } = await mend(directory)
    const [alice] = stock.contents.accounts
    const name = `recovered-${alice?.id}`
    assert.ok(
      told.some(sentence =>
        sentence.endsWith(`it is now ${name}. To give it a password: porchlight user password ${name}`),
      ),
    )
    const found = (await shown(directory)).accounts[0]
    assert.deepEqual([found?.name, found?.messages], [name, alice?.messages])
  })

  test('of the header is written anew', async () => {
    const directory = await stock.copy()
    await spoil(directory, record => record.kind === 'header', 'gone')
    const { told } = await mend(directory)
    assert.deepEqual(told, ['The first record of the log was lost; it is written anew.'])
    const { accounts } = await shown(directory)
    assert.deepEqual(
      accounts.map(({ messages }) => messages),
      stock.contents.accounts.map(({ messages }) => messages),
    )
  })

  test('of a removed account brings it back beside the one that has its name now', async () => {
    await using postbox = await Postbox.make(['alice'])
    const [old = 0] = numbers(postbox.store, 'alice')
    await deliver(postbox.store, ['alice'], letter(100))
    await postbox.store.accounts.remove('alice')
    await postbox.store.accounts.add('alice', 'new')
    await postbox.close()
    await spoil(postbox.directory, record => record.kind === 'account' && !record.present, 'gone')
    const { told } = await mend(postbox.directory)
    assert.deepEqual(told, [`There are two accounts alice now; the older one is called recovered-${old}.`])
    for (const lose of ['nothing', 'index']) {
      if (lose === 'index') await rm(join(postbox.directory, 'index'), { recursive: true })
      await postbox.open()
      assert.equal(postbox.store.accounts.find('alice')?.password, 'new')
      assert.equal(postbox.store.accounts.find(`recovered-${old}`)?.id, old)
      await postbox.close()
    }
    await postbox.open()
  })
})

describe('a repair is refused', () => {
  test('where there is no store', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'porchlight-none-'))
    await assert.rejects(mend(directory), { code: 'REFUSED', message: /^There is no mail store in / })
    await rm(directory, { recursive: true })
  })

  test('while a server has the store, which can start again afterwards', async () => {
    await using postbox = await Postbox.make(['alice'])
    await deliver(postbox.store, ['alice'], letter(100))
    const before = await contents(postbox.store)
    await assert.rejects(mend(postbox.directory), { code: 'STORE_LOCKED' })
    assert.deepEqual(await contents(postbox.store), before)
    await postbox.restart()
    assert.deepEqual(await contents(postbox.store), before)
  })

  test('when a newer release wrote the store', async () => {
    const directory = await stock.copy()
    {
      await using log = await openDatabase(directory, 'log')
      const header = { kind: 'header', schema: schema.writes + 1, store: Buffer.alloc(10), created: 0 } as const
      await log.put(encodeLogKey(0), encodeLogRecord(0, header))
    }
    await assert.rejects(mend(directory), { code: 'STORE_NEWER' })
    assert.ok(!existsSync(join(directory, 'repair')))
  })
})

describe('a repair that is killed', () => {
  const script = `
    import { mend } from ${JSON.stringify(join(import.meta.dirname, 'hurt.ts'))}
    process.stdout.write('begun')
    await mend(process.argv[1])`

  for (const seed of [1, 2, 3]) {
    test(`keeps servers away, and the next one goes on (seed ${seed})`, async () => {
      const directory = await stock.copy()
      const pick = picks(seed)
      await flip(await filesOf(directory, 'log', table), pick)
      await cutShort(await filesOf(directory, 'log', writeAhead), pick)
      const whole = await stock.copy()
      await rm(whole, { recursive: true })
      spawnSync('cp', ['-r', directory, whole])
      const expected = await mend(whole)

      // Milliseconds within which the repair is somewhere between its beginning and its end.
      const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, directory], {
        timeout: 350 + pick(300),
        killSignal: 'SIGKILL',
      })
      if (status === null && existsSync(join(directory, 'repair'))) {
        await assert.rejects(openStore(directory), { code: 'STORE_DAMAGED', message: /was not finished/ })
      }
      const { messages, octets } = await mend(directory)
      assert.deepEqual({ messages, octets }, { messages: expected.messages, octets: expected.octets })
      assert.deepEqual(await mailOf(directory), await mailOf(whole))
    })
  }

  async function mailOf(directory: string) {
    const store = await openStore(directory)
    const mail = store.accounts
      .list()
      .map(({ id, name }) => ({ name, count: store.mailbox(id).count, octets: store.mailbox(id).octets }))
    await store.close()
    return mail
  }
})
