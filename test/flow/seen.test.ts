/** What POP3 has fetched is marked as seen: which messages, when, and what happens when that fails. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Log, silentLog } from '../../src/base/log.ts'
import { flags } from '../../src/store/flags.ts'
import { logRecords } from '../store/letters.ts'
import { Household, openStore } from '../support/household.ts'
import { Caller, deliver } from './caller.ts'

/** A household in which alice has so many messages of one line. */
async function withMail(messages: number): Promise<{ household: Household; alice: number }> {
  const household = await Household.make('alice')
  for (let i = 1; i <= messages; i++) await deliver(household, 'alice', `Subject: ${i}\r\n\r\nhello\r\n`)
  return { household, alice: household.store.accounts.find('alice')?.id ?? 0 }
}

/** @returns the UIDs of what is seen, in ascending order */
async function seen({ store }: Household, alice: number): Promise<number[]> {
  const entries = await store.entries(alice, 100)
  return entries.flatMap(entry => ((entry.flags & flags.seen) !== 0 ? entry.uid : [])).reverse()
}

async function retrieve(caller: Caller, ...messages: readonly number[]): Promise<void> {
  for (const message of messages) {
    assert.match((await caller.ask(`RETR ${message}`)) ?? '', /^\+OK/)
    assert.ok(!(await caller.lines()).includes(undefined))
  }
}

/** @returns the records of flags in the log of a household, which is closed for it and stays so */
async function flagsRecords(household: Household): Promise<(readonly number[])[]> {
  await household.store.close()
  const records = await logRecords(household.directory)
  household.store = await openStore(household.directory)
  return records.flatMap(({ record }) => (record.kind === 'flags' ? [record.uids] : []))
}

const endings: readonly {
  readonly name: string
  readonly end: (caller: Caller, household: Household) => Promise<void>
}[] = [
  {
    name: 'QUIT',
    end: async caller => {
      assert.equal(await caller.ask('QUIT'), '+OK bye')
      await caller.done
    },
  },
  { name: 'hanging up', end: caller => caller.leave() },
  {
    name: 'a server that stops',
    end: async (caller, household) => {
      household.stopping.abort()
      await caller.done
    },
  },
]

describe('what is fetched', () => {
  for (const { name, end } of endings) {
    test(`is seen after ${name}, in one record, and what is only looked at is not`, async () => {
      const { household, alice } = await withMail(5)
      await using _ = household
      const { caller } = await Caller.login(household, 'alice')
      await retrieve(caller, 4, 2, 4)
      await caller.ask('TOP 1 5')
      await caller.lines()
      await caller.ask('LIST 3')
      assert.deepEqual(await seen(household, alice), [])
      await end(caller, household)
      assert.deepEqual(await seen(household, alice), [2, 4])
      assert.deepEqual(await flagsRecords(household), [[2, 4]])
    })
  }

  test('is seen when QUIT is answered', async () => {
    const { household, alice } = await withMail(1)
    await using _ = household
    const { caller } = await Caller.login(household, 'alice')
    await retrieve(caller, 1)
    await caller.ask('QUIT')
    assert.deepEqual(await seen(household, alice), [1])
    await caller.done
  })

  test('a second time writes nothing; what is new is written alone', async () => {
    const { household, alice } = await withMail(3)
    await using _ = household
    for (const messages of [[1, 2], [1, 2], [2, 3], []]) {
      const { caller } = await Caller.login(household, 'alice')
      await retrieve(caller, ...messages)
      await caller.ask('QUIT')
      await caller.done
    }
    assert.deepEqual(await seen(household, alice), [1, 2, 3])
    assert.deepEqual(await flagsRecords(household), [[1, 2], [3]])
  })

  test('and deleted writes nothing but the deletion; what stays is seen', async () => {
    const { household, alice } = await withMail(3)
    await using _ = household
    const { caller } = await Caller.login(household, 'alice')
    await retrieve(caller, 1, 2, 3)
    await caller.ask('DELE 1')
    await caller.ask('DELE 3')
    assert.equal(await caller.ask('QUIT'), '+OK bye, 2 messages deleted')
    await caller.done
    assert.deepEqual(await seen(household, alice), [2])
    assert.deepEqual(await flagsRecords(household), [[2]])
  })

  test('and deleted without QUIT is seen, for it stays', async () => {
    const { household, alice } = await withMail(2)
    await using _ = household
    const { caller } = await Caller.login(household, 'alice')
    await retrieve(caller, 1)
    await caller.ask('DELE 1')
    await caller.leave()
    assert.deepEqual(await seen(household, alice), [1])
  })

  test('keeps its other flags', async () => {
    const { household, alice } = await withMail(1)
    await using _ = household
    await household.store.mark(alice, [1], { add: flags.flagged | flags.answered })
    const { caller } = await Caller.login(household, 'alice')
    await retrieve(caller, 1)
    await caller.leave()
    assert.equal((await household.store.entries(alice, 1))[0]?.flags, flags.flagged | flags.answered | flags.seen)
  })

  test('is marked before the next session can begin', async () => {
    const { household, alice } = await withMail(1)
    await using _ = household
    const { caller } = await Caller.login(household, 'alice')
    await retrieve(caller, 1)
    const left = caller.leave()
    while (household.open.size > 0) await new Promise(setImmediate)
    assert.deepEqual(await seen(household, alice), [1])
    await left
  })
})

test('a disk that is nearly full is left to deletions', async () => {
  const { household, alice } = await withMail(2)
  await using _ = household
  await household.store.close()
  household.store = await openStore(household.directory, { reserve: Number.MAX_SAFE_INTEGER })
  const { caller } = await Caller.login(household, 'alice')
  await retrieve(caller, 1, 2)
  await caller.ask('DELE 1')
  assert.equal(await caller.ask('QUIT'), '+OK bye, 1 messages deleted')
  await caller.done
  assert.deepEqual(await seen(household, alice), [])
  assert.equal(household.store.mailbox(alice).count, 1)
})

test('a mark that fails is logged, and nothing to the client; the maildrop is given back', async () => {
  const { household } = await withMail(1)
  await using _ = household
  const errors: unknown[] = []
  const log: Log = Object.assign(Object.create(silentLog), { error: (...said: unknown[]) => void errors.push(said[1]) })
  const caller = await Caller.pop3(household, { services: { ...household.access, log } })
  await caller.ask('USER alice')
  await caller.ask('PASS correct horse')
  await retrieve(caller, 1)
  await household.store.close()
  assert.equal(await caller.ask('QUIT'), '+OK bye')
  await caller.done
  assert.equal(household.open.size, 0)
  assert.deepEqual(errors, ['what was fetched cannot be marked as seen'])
  household.store = await openStore(household.directory)
})
