/** The store as the rest of the house sees it: mail in, mail out, mail gone, accounts and aliases, and locked doors. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { encodeLogKey } from '../../src/store/keys.ts'
import { blockHead } from '../../src/store/record.ts'
import { openStore, testClock } from '../support/household.ts'
import {
  contents,
  databaseEntries,
  deferral,
  deliver,
  envelope,
  inbox,
  letter,
  logRecords,
  numbers,
  openDatabase,
  Postbox,
  recordKinds,
  submit,
  waiting,
} from './letters.ts'

/** Octets of mail in one block. */
const full = budget.block - blockHead

const trace =
  'Return-Path: <bob@away.example>\r\n' +
  'Received: from away.example\r\n\tby mail.home.example; Sat, 21 Nov 2026 22:15:52 +0000\r\n'

describe('a message', () => {
  const sizes = [0, 1, full - 1, full, full + 1, 2 * full, 2 * full + 1, 300_000]
  const steps = [997, full - 1, full, full + 1, 1_000_000]

  for (const size of sizes) {
    test(`of ${size} octets comes back as it was, however it came in`, async () => {
      await using postbox = await Postbox.make(['alice'])
      const body = letter(size)
      for (const step of steps) {
        await using incoming = postbox.store.incoming(size)
        for (let at = 0; at < size; at += step) {
          const chunk = Buffer.from(body.subarray(at, at + step))
          await incoming.append(chunk)
          chunk.fill(0) // The chunk was only borrowed: what becomes of it is nothing to the store.
        }
        await incoming.commit(envelope(numbers(postbox.store, 'alice')))
      }
      for (const restart of [false, true]) {
        if (restart) await postbox.restart()
        const found = await inbox(postbox.store, 'alice')
        assert.equal(found.length, steps.length)
        for (const message of found) {
          assert.ok(message.octets.equals(body))
          assert.equal(message.trace, trace)
          assert.equal(message.size, trace.length + size)
        }
      }
    })
  }

  test('may come in octet by octet', async () => {
    await using postbox = await Postbox.make(['alice'])
    const body = letter(full + 1)
    await using incoming = postbox.store.incoming(0)
    for (let at = 0; at < body.length; at++) {
      const full = incoming.append(body.subarray(at, at + 1))
      if (full) await full
    }
    await incoming.commit(envelope(numbers(postbox.store, 'alice')))
    assert.ok((await inbox(postbox.store, 'alice'))[0]?.octets.equals(body))
  })

  test('waits for the disk only where a block is full', async () => {
    await using postbox = await Postbox.make()
    await using incoming = postbox.store.incoming(0)
    assert.equal(incoming.append(letter(full)), undefined)
    const waiting = incoming.append(letter(1))
    assert.notEqual(waiting, undefined)
    await waiting
  })

  test('to several accounts is stored once', async () => {
    await using postbox = await Postbox.make(['alice', 'bob', 'carol'])
    const body = letter(3 * full + 5)
    await deliver(postbox.store, ['alice', 'bob', 'carol'], body)
    for (const name of ['alice', 'bob', 'carol']) {
      const [message] = await inbox(postbox.store, name)
      assert.ok(message?.octets.equals(body))
    }
    await postbox.close()
    assert.deepEqual(await recordKinds(postbox.directory), { header: 1, account: 3, block: 4, message: 1 })
    await postbox.open()
  })

  test('keeps its envelope, its flags and a digest of its octets', async () => {
    await using postbox = await Postbox.make(['alice'])
    const accounts = numbers(postbox.store, 'alice')
    const recipients = [{ path: 'ålice@home.example', notify: 6, orcpt: 'utf-8;ålice@home.example' }]
    const wishes = { ret: 'HDRS', envid: 'QQ314159', smtputf8: true, dotted: true, headerOctets: 40 } as const
    const kept = { ...envelope(accounts), ...wishes, reversePath: '', recipients }
    await using incoming = postbox.store.incoming(5)
    await incoming.append(Buffer.from('hello'))
    await incoming.commit(kept)
    const maildrop = await postbox.store.maildrop(accounts[0] ?? 0)
    const { record, trace } = await postbox.store.message(maildrop.seq(0))
    assert.equal(trace, `Return-Path: <>\r\n${kept.trace}`)
    const { id, digest, deliveries, blocks, ...rest } = record
    const { accounts: _, ...written } = kept
    assert.deepEqual(rest, { kind: 'message', octets: 5, stored: 5 + blockHead, ...written })
    assert.deepEqual(id, incoming.id)
    assert.equal(digest.toString('hex'), '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')
    assert.deepEqual(deliveries, [{ account: accounts[0], box: 1, uid: 1 }])
    assert.equal(blocks.length, 1)
  })

  test('that is given up leaves nothing, and nothing is left of it in the log', async () => {
    await using postbox = await Postbox.make(['alice'])
    {
      await using incoming = postbox.store.incoming(0)
      await incoming.append(letter(5 * full))
    }
    assert.deepEqual(await inbox(postbox.store, 'alice'), [])
    await postbox.close()
    assert.deepEqual(await recordKinds(postbox.directory), { header: 1, account: 1 })
    await postbox.open()
  })

  test('does not mix with others that come in at the same time', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    const bodies = Array.from({ length: 8 }, (_, i) => letter(150_000 + i * 9999, i + 1))
    await Promise.all(
      bodies.map(async body => {
        await using incoming = store.incoming(0)
        for (let at = 0; at < body.length; at += 10_000) await incoming.append(body.subarray(at, at + 10_000))
        await incoming.commit(envelope(numbers(store, 'alice')))
      }),
    )
    const found = await inbox(store, 'alice')
    const bySize = found.toSorted((a, b) => a.size - b.size)
    assert.deepEqual(
      bySize.map(({ octets }) => octets),
      bodies,
    )
    assert.deepEqual(
      found.map(({ uid }) => uid),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
  })
})

describe('a mailbox', () => {
  test('numbers its messages in the order of their commits, and never gives a number twice', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    const { store } = postbox
    await Promise.all([1, 2, 3].map(i => deliver(store, ['alice'], letter(10, i))))
    const [alice = 0] = numbers(store, 'alice')
    await store.remove(alice, [1, 3])
    await postbox.restart()
    await deliver(postbox.store, ['alice', 'bob'], letter(20))
    await postbox.store.remove(alice, [4])
    await postbox.restart()
    await deliver(postbox.store, ['alice'], letter(30))
    const uids = async (name: string) => (await inbox(postbox.store, name)).map(({ uid }) => uid)
    assert.deepEqual(await uids('alice'), [2, 5])
    assert.deepEqual(await uids('bob'), [1])
  })

  test('shows a session what was there when it was opened', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    const [alice = 0] = numbers(store, 'alice')
    await deliver(store, ['alice'], letter(100))
    const maildrop = await store.maildrop(alice)
    await deliver(store, ['alice'], letter(200))
    await store.remove(alice, [1])
    assert.equal(maildrop.count, 1)
    assert.equal(maildrop.octets, trace.length + 100)
    assert.equal((await store.message(maildrop.seq(0))).record.octets, 100)
  })

  test('knows how many messages and octets it holds', async () => {
    await using postbox = await Postbox.make(['alice'])
    const [alice = 0] = numbers(postbox.store, 'alice')
    await Promise.all([100, 200, 300].map(size => deliver(postbox.store, ['alice'], letter(size))))
    await postbox.store.remove(alice, [2])
    for (let i = 0; i < 2; i++) {
      const { count, octets, next } = postbox.store.mailbox(alice)
      assert.deepEqual({ count, octets, next }, { count: 2, octets: 2 * trace.length + 400, next: 4 })
      await postbox.restart()
    }
  })

  test('takes a removal of what is gone, or was never there, without harm', async () => {
    await using postbox = await Postbox.make(['alice'])
    const [alice = 0] = numbers(postbox.store, 'alice')
    await Promise.all([1, 2].map(i => deliver(postbox.store, ['alice'], letter(10, i))))
    await Promise.all([postbox.store.remove(alice, [1]), postbox.store.remove(alice, [1])])
    await postbox.store.remove(
      alice,
      Array.from({ length: 25_000 }, (_, i) => i + 3),
    )
    await postbox.store.remove(alice, [])
    await postbox.store.remove(999, [1])
    assert.deepEqual(
      (await inbox(postbox.store, 'alice')).map(({ uid }) => uid),
      [2],
    )
    assert.equal(postbox.store.mailbox(alice).count, 1)
  })

  test('counts right when mail comes and goes in one group of commits', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    const [alice = 0] = numbers(store, 'alice')
    // The first commit goes alone; the others wait for its sync and then share the next.
    const mail: Promise<unknown>[] = [1, 2, 3].map(i => deliver(store, ['alice'], letter(50, i)))
    await commitsAsked()
    mail.push(store.remove(alice, [1, 2]))
    mail.push(deliver(store, ['alice'], letter(50, 4)))
    await commitsAsked()
    mail.push(store.remove(alice, [4]))
    await Promise.all(mail)
    assert.deepEqual(
      (await inbox(store, 'alice')).map(({ uid }) => uid),
      [3],
    )
    assert.equal(store.mailbox(alice).count, 1)
    assert.equal(store.mailbox(alice).octets, trace.length + 50)
  })
})

describe('accounts and aliases', () => {
  test('are there after a restart, in the order in which they were made', async () => {
    await using postbox = await Postbox.make(['zoe', 'adam'])
    await postbox.store.accounts.setPassword('zoe', 'another hash')
    await postbox.store.accounts.setAlias('sales', ['zoe', 'adam'])
    await postbox.store.accounts.setAlias('sales', ['adam'])
    await postbox.store.accounts.setAlias('info', ['zoe'])
    await postbox.store.accounts.removeAlias('info')
    const before = await contents(postbox.store)
    assert.deepEqual(
      before.accounts.map(({ name, password }) => [name, password]),
      [
        ['zoe', 'another hash'],
        ['adam', 'hash of adam'],
      ],
    )
    assert.deepEqual(before.aliases, [{ address: 'sales', targets: ['adam'] }])
    await postbox.restart()
    assert.deepEqual(await contents(postbox.store), before)
  })

  test('refuse what cannot be', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { accounts } = postbox.store
    const targets = Array.from({ length: budget.aliasTargets + 1 }, (_, i) => `a${i}`)
    await assert.rejects(accounts.add('alice', ''), { code: 'REFUSED', message: 'There is an account alice already.' })
    await assert.rejects(accounts.remove('bob'), { code: 'REFUSED', message: 'There is no account bob.' })
    await assert.rejects(accounts.setPassword('bob', ''), { code: 'REFUSED' })
    await assert.rejects(accounts.setPassword('alice', 'late', 'not what it has'), { code: 'REFUSED' })
    await assert.rejects(accounts.removeAlias('sales'), { code: 'REFUSED', message: 'There is no alias sales.' })
    await assert.rejects(accounts.setAlias('sales', targets), { code: 'REFUSED' })
    // Each is checked against what the one before it has left, though they were asked for together.
    const both = await Promise.allSettled([accounts.add('bob', '1'), accounts.add('bob', '2')])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    assert.equal(accounts.find('bob')?.password, '1')
  })

  test('removed, an account takes its mail along; its name may return, its number and its mail never', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    const [first = 0] = numbers(postbox.store, 'alice')
    await deliver(postbox.store, ['alice', 'bob'], letter(100))
    await postbox.store.accounts.remove('alice')
    assert.equal(postbox.store.accounts.find('alice'), undefined)
    assert.equal((await postbox.store.maildrop(first)).count, 0)
    await postbox.restart()
    await postbox.store.accounts.add('alice', 'new')
    const [second = 0] = numbers(postbox.store, 'alice')
    assert.ok(second > first)
    assert.deepEqual(await inbox(postbox.store, 'alice'), [])
    assert.equal(await deliver(postbox.store, ['alice'], letter(1)), (await inbox(postbox.store, 'alice'))[0]?.uidl)
    assert.equal((await inbox(postbox.store, 'bob')).length, 1)
  })

  test('removed, an account leaves nothing in the index, however much it had and whatever was under way', async () => {
    await using postbox = await Postbox.make(['bob', 'alice'])
    const { store } = postbox
    await Promise.all(Array.from({ length: 1500 }, () => deliver(store, ['alice'], Buffer.from('x'))))
    // The first commit goes alone; the message and the removal wait for its sync and then share the next.
    const mail = [deliver(store, ['bob'], letter(5)), deliver(store, ['alice'], letter(5))]
    await commitsAsked()
    await Promise.all([...mail, store.accounts.remove('alice')])
    const accounts = numbers(store, 'bob')
    await postbox.close()
    const letters = (await databaseEntries(postbox.directory, 'index'))
      .map(([key]) => key.toString('latin1', 0, 1))
      .filter(letter => letter !== 't') // What became of messages is told for some weeks.
      .join('')
    // Bob's account, link, segment, mailbox and entry, and the version; and what the sweep has to take out of the log.
    assert.equal(letters, `alsuvx${'z'.repeat(1501)}`)
    await postbox.open()
    assert.deepEqual(numbers(postbox.store, 'bob'), accounts)
  })

  test('removed while a message for it comes in, an account does not get it, and the others do', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    const { store } = postbox
    const both = numbers(store, 'alice', 'bob')
    await using incoming = store.incoming(0)
    await incoming.append(letter(200_000))
    await store.accounts.remove('alice')
    await incoming.commit(envelope(both))
    assert.equal((await inbox(store, 'bob')).length, 1)
    assert.equal((await store.maildrop(both[0] ?? 0)).count, 0)
    const before = await contents(store)
    await postbox.crash(directory => rm(join(directory, 'index'), { recursive: true }))
    assert.deepEqual(await contents(postbox.store), before)
  })
})

describe('a store', () => {
  test('makes its directory, and is empty', async () => {
    await using postbox = await Postbox.make()
    const nothing = { accounts: [], aliases: [], length: 0, queue: [], settings: [], flags: {} }
    assert.deepEqual(await contents(postbox.store), nothing)
    await postbox.close()
    const [first, ...more] = await logRecords(postbox.directory)
    assert.deepEqual(more, [])
    assert.deepEqual([first?.seq, first?.record.kind], [0, 'header'])
    await postbox.open()
  })

  test('that is open cannot be opened again, and the sentence says so', async () => {
    await using postbox = await Postbox.make(['alice'])
    const again = openStore(postbox.directory)
    await assert.rejects(again, { code: 'STORE_LOCKED', message: 'Another Porchlight is using this data directory.' })
    await deliver(postbox.store, ['alice'], letter(10))
  })

  test('in a place where none can be made says which', async () => {
    const failing = openStore('/dev/null/data')
    await assert.rejects(failing, { code: 'STORE_IO', message: 'The data directory /dev/null/data cannot be made.' })
  })

  for (const [name, value] of [
    ['lost', undefined],
    ['garbage', Buffer.from('garbage')],
    ['cut short', Buffer.from('V')],
  ] as const) {
    test(`whose first record is ${name} is refused as damaged`, async () => {
      await using postbox = await Postbox.make(['alice'])
      await postbox.close()
      const whole = await exchange(postbox.directory, 'log', encodeLogKey(0), value)
      await assert.rejects(postbox.open(), { code: 'STORE_DAMAGED' })
      await exchange(postbox.directory, 'log', encodeLogKey(0), whole)
      await postbox.open()
      assert.equal(postbox.store.accounts.list().length, 1)
    })
  }

  test('answers for a block or a record that is lost with STORE_DAMAGED', async () => {
    await using postbox = await Postbox.make(['alice'])
    await deliver(postbox.store, ['alice'], letter(200_000))
    const [alice = 0] = numbers(postbox.store, 'alice')
    const seq = (await postbox.store.maildrop(alice)).seq(0)
    const { record } = await postbox.store.message(seq)
    await postbox.close()
    await exchange(postbox.directory, 'log', encodeLogKey(record.blocks[2] ?? 0), undefined)
    await postbox.open()
    await assert.rejects(inbox(postbox.store, 'alice'), { code: 'STORE_DAMAGED', message: /is missing$/ })
    await assert.rejects(postbox.store.message(record.blocks[0] ?? 0), {
      code: 'STORE_DAMAGED',
      message: /no message$/,
    })
    await assert.rejects(postbox.store.message(seq + 1), { code: 'STORE_DAMAGED', message: /is missing$/ })
  })

  test('writes no empty value: what the binding copies of one is never freed', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    const { store } = postbox
    await store.accounts.setAlias('sales', ['alice'])
    await deliver(store, ['alice', 'bob'], letter(10))
    await deliver(store, ['bob'], letter(100_000))
    await store.accounts.setAlias('sales', [])
    await store.accounts.setAlias('info', ['bob'])
    await store.remove(numbers(store, 'bob')[0] ?? 0, [1, 2])
    await store.settings.set('device:scanner', 'x')
    await store.settings.set('device:camera', 'x')
    await store.settings.set('device:camera', '')
    await submit(store, ['carol@away.example', 'dave@else.example'])
    await store.outbound.settle((await waiting(store)).slice(0, 1).map(deferral))
    await postbox.close()
    const kinds = { log: 'VBMXANTS', index: 'vanuxlzsrqdotg' }
    for (const name of ['log', 'index'] as const) {
      const entries = await databaseEntries(postbox.directory, name)
      const letters = entries.map(([key, value]) => (name === 'log' ? value : key).toString('latin1', 0, 1))
      assert.deepEqual(new Set(letters), new Set(kinds[name]), 'one of each kind')
      for (const [key, { length }] of entries) assert.notEqual(length, 0, key.toString('hex'))
    }
  })

  test('that is closed takes nothing more', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { store } = postbox
    const accounts = numbers(store, 'alice')
    {
      await using incoming = store.incoming(0)
      await incoming.append(letter(100_000))
      await postbox.close()
      await assert.rejects(incoming.commit(envelope(accounts)), {
        code: 'STORE_IO',
        message: 'The mail store is closed.',
      })
    }
    assert.throws(() => store.incoming(0), { code: 'STORE_IO' })
    await assert.rejects(store.remove(1, [1]), { code: 'STORE_IO' })
    await postbox.open()
    assert.deepEqual(await inbox(postbox.store, 'alice'), [])
  })
})

describe('the reserve', () => {
  test('is kept free: mail is refused, and everything else goes on', async () => {
    await using postbox = await Postbox.make(['alice'])
    await deliver(postbox.store, ['alice'], letter(100_000))
    await postbox.close()
    await postbox.open({ reserve: Number.MAX_SAFE_INTEGER })
    const { store } = postbox
    assert.throws(() => store.incoming(0), { code: 'STORE_FULL', message: 'The disk is nearly full.' })
    assert.equal(store.failure, undefined)
    assert.equal((await inbox(store, 'alice')).length, 1)
    await store.accounts.setAlias('sales', ['alice'])
    await store.remove(numbers(store, 'alice')[0] ?? 0, [1])
    assert.deepEqual(await inbox(store, 'alice'), [])
  })

  test('counts the message that is to come', async () => {
    const clock = testClock() // It stands still, so the disk is asked once.
    await using postbox = await Postbox.make([], { clock })
    const { store } = postbox
    const { free } = store.space
    assert.ok(free > 0)
    assert.throws(() => store.incoming(free + 1), { code: 'STORE_FULL' })
    await using incoming = store.incoming(free)
    assert.ok(incoming)
  })
})

/** Resolves when everything begun so far that needs no disk to get there has asked for its commit. */
function commitsAsked(): Promise<void> {
  return new Promise(resolve => process.nextTick(resolve))
}

/** Puts another value under a key of a closed store, or none. @returns the value before */
async function exchange(directory: string, name: 'log' | 'index', key: Buffer, value: Buffer | undefined) {
  await using db = await openDatabase(directory, name)
  const before = await db.get(key)
  if (value) await db.put(key, value)
  else await db.del(key)
  return before
}
