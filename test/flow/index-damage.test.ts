/** A mailbox whose index is damaged: no other message is ever shown for the one that was asked for, and the index heals. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ClassicLevel } from 'classic-level'
import { entryKey, inbox } from '../../src/store/keys.ts'
import { decodeEntry, encodeEntry } from '../../src/store/row.ts'
import { Household, openStore } from '../support/household.ts'
import { Caller, deliver } from './caller.ts'

/** Changes what the index of the closed store says of one of alice's messages. */
async function change(household: Household, uid: number, to: (value: Buffer) => Buffer): Promise<void> {
  const key = entryKey(household.store.accounts.find('alice')?.id ?? 0, inbox, uid)
  await household.store.close()
  const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
  const index = new ClassicLevel<Buffer, Buffer>(join(household.directory, 'index'), options)
  await index.put(key, to((await index.get(key)) ?? Buffer.alloc(0)))
  await index.close()
  household.store = await openStore(household.directory, { clock: household.clock })
}

async function filled(): Promise<Household> {
  const household = await Household.make('alice')
  for (const word of ['one', 'two', 'three']) await deliver(household, 'alice', `Subject: ${word}\r\n\r\n`)
  return household
}

test('an entry that leads to another message is refused for good, and the others are not', async () => {
  await using household = await filled()
  const [first] = await household.inbox('alice')
  await change(household, 2, value => encodeEntry({ ...decodeEntry(String(value)), seq: first?.seq ?? 0 }))
  const { caller } = await Caller.login(household, 'alice')
  assert.equal(await caller.ask('RETR 2'), '-ERR [SYS/PERM] the message is damaged in the store')
  for (const number of [1, 3]) {
    assert.match((await caller.ask(`RETR ${number}`)) ?? '', /^\+OK/)
    assert.ok(!(await caller.lines()).includes(undefined))
  }
  await caller.leave()
})

test('an entry that makes no sense has the index made anew, and everything is there again', async () => {
  await using household = await filled()
  await change(household, 2, () => Buffer.from('?'))
  const { answer } = await Caller.login(household, 'alice')
  assert.match(answer ?? '', /^-ERR \[SYS\/TEMP\]/)
  assert.equal((await household.store.failure)?.code, 'STORE_DAMAGED')
  await household.clock.sleep(5000, household.stopping.signal)
  while (household.store.failure) await setImmediate()
  assert.equal((await household.inbox('alice')).length, 3)
})
