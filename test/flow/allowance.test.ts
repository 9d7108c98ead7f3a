/** Mailboxes with a bound: who is told to wait, and who is not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allowanceOf, setAllowance } from '../../src/flow/allowance.ts'
import { post } from '../../src/flow/posting.ts'
import { Household } from '../support/household.ts'
import { Caller, deliver } from './caller.ts'

const full = '452 4.2.2 The mailbox is full; try again later'
const taken = '250 2.1.5 Recipient OK'
const bound = 2000
const content = (octets: number) => `Subject: one\r\n\r\n${'x'.repeat(octets)}\r\n`

async function bounded(household: Household, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const account = household.store.accounts.find(name)
    assert.ok(account)
    await setAllowance(account, bound, household.store.settings)
  }
}

/** @returns the answer to RCPT of somebody in the world, or of somebody who has logged in */
async function asked(household: Household, to: string, { size = 0, as = '' } = {}): Promise<string | undefined> {
  const caller = as === '' ? await Caller.smtp(household) : await Caller.submission(household, as)
  await caller.ask('EHLO laptop')
  await caller.ask(
    `MAIL FROM:<${as === '' ? 'bob@away.example' : `${as}@home.example`}>${size > 0 ? ` SIZE=${size}` : ''}`,
  )
  const said = await caller.ask(`RCPT TO:<${to}>`)
  await caller.leave()
  return said
}

describe('a mailbox with a bound', () => {
  test('takes mail until it is reached, then none, and again when there is room', async () => {
    await using household = await Household.make('alice')
    await bounded(household, 'alice')
    assert.match((await deliver(household, 'alice', content(1900))) ?? '', /^250 /)
    assert.equal(await asked(household, 'alice@home.example'), full)
    assert.equal(await asked(household, 'alice+shop@home.example'), full)
    assert.equal(await asked(household, 'alice@home.example', { as: 'alice' }), full)
    await household.restart()
    assert.equal(await asked(household, 'alice@home.example'), full)
    const account = household.store.accounts.find('alice')
    await household.store.remove(account?.id ?? 0, [1])
    assert.equal(await asked(household, 'alice@home.example'), taken)
  })

  for (const [size, said] of [
    [0, taken],
    [bound, taken],
    [bound + 1, full],
  ] as const) {
    test(`is asked with ${size} octets: ${said}`, async () => {
      await using household = await Household.make('alice')
      await bounded(household, 'alice')
      assert.equal(await asked(household, 'alice@home.example', { size }), said)
    })
  }

  test('takes no more than that of somebody who has not said how much comes', async () => {
    await using household = await Household.make('alice', 'bob')
    await bounded(household, 'alice')
    for (const size of [3000, 4000]) assert.equal(await deliver(household, 'alice', content(size)), full)
    assert.equal((await household.inbox('alice')).length, 0)
    await household.store.accounts.setAlias('family', ['alice', 'bob'])
    assert.match((await deliver(household, 'family', content(3000))) ?? '', /^250 /)
  })

  test('does not keep others from their mail', async () => {
    await using household = await Household.make('alice', 'bob')
    await bounded(household, 'alice')
    await deliver(household, 'alice', content(1900))
    await household.store.accounts.setAlias('family', ['alice', 'bob'])
    await household.store.accounts.setAlias('club', ['alice', 'joe@away.example'])
    assert.equal(await asked(household, 'bob@home.example'), taken)
    assert.equal(await asked(household, 'family@home.example'), taken)
    assert.equal(await asked(household, 'club@home.example'), taken)
    await bounded(household, 'bob')
    assert.equal(await asked(household, 'family@home.example'), taken)
    await deliver(household, 'bob', content(1900))
    assert.equal(await asked(household, 'family@home.example'), full)
  })

  test('takes what the house itself has to say', async () => {
    await using household = await Household.make('alice')
    await bounded(household, 'alice')
    await deliver(household, 'alice', content(1900))
    const letter = Buffer.from('From: postmaster@home.example\r\n\r\nThe disk is nearly full.\r\n')
    await post({ reversePath: '', recipients: ['alice@home.example'], content: letter }, household.receipt)
    assert.equal((await household.inbox('alice')).length, 2)
  })

  test('has none once nobody wants one', async () => {
    await using household = await Household.make('alice')
    const account = household.store.accounts.find('alice')
    assert.ok(account)
    const { settings } = household.store
    assert.equal(allowanceOf(account, settings), undefined)
    await setAllowance(account, 1, settings)
    assert.equal(allowanceOf(account, settings), 1)
    await setAllowance(account, undefined, settings)
    assert.equal(allowanceOf(account, settings), undefined)
    assert.equal(await asked(household, 'alice@home.example', { size: 100_000 }), taken)
  })
})
