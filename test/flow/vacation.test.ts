/** Answers for those who are away: whom, how often, and what in them (RFC 3834). */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { readConfig } from '../../src/base/config.ts'
import { type Absence, absenceOf, isAway, setAbsence, Told } from '../../src/flow/absence.ts'
import { post } from '../../src/flow/posting.ts'
import { Vacation } from '../../src/flow/vacation.ts'
import { decodeWords } from '../../src/message/encoded-word.ts'
import type { Account } from '../../src/store/roster.ts'
import { logRecords } from '../store/letters.ts'
import { Household } from '../support/household.ts'
import { Caller } from './caller.ts'

const dayMs = 24 * 3_600_000

/** A household with an answer machine, and a clock that a test moves. */
async function house(...away: readonly string[]) {
  const household = await Household.make('alice', 'bob')
  household.config = readConfig('mail.catch_all = "bob"\nsubmission.dkim = "off"', '.')
  let later = 0
  const { now } = household.clock
  const clock = { ...household.clock, now: () => now() + later }
  const services = { ...household.receipt, clock }
  const vacation = new Vacation(services)
  household.store.onDelivery = (seq, accounts) => vacation.note(seq, accounts)
  const it = {
    household,
    vacation,
    services,
    account: (name: string): Account => {
      const account = household.store.accounts.find(name)
      assert.ok(account)
      return account
    },
    leave: (name: string, changes: Partial<Absence> = {}) => {
      const absence = { subject: '', text: 'I am away.\nCall me.', from: 0, until: undefined, ...changes }
      return setAbsence(it.account(name), absence, household.store.settings)
    },
    pass: (ms: number) => {
      later += ms
    },
    /** What waits to be sent, oldest first. */
    answers: async () => {
      await vacation.idle()
      return household.queued()
    },
    async [Symbol.asyncDispose]() {
      await vacation.stop()
      await household[Symbol.asyncDispose]()
    },
  }
  for (const name of away) await it.leave(name)
  return it
}

type Mail = { readonly from?: string; readonly to?: string; readonly header?: readonly string[] }

/** Hands a message in at the world's door. */
async function send(
  household: Household,
  { from = 'carol@away.example', to = 'alice@home.example', header }: Mail = {},
) {
  const caller = await Caller.smtp(household)
  await caller.ask('EHLO laptop')
  await caller.ask(`MAIL FROM:<${from}>`)
  await caller.ask(`RCPT TO:<${to}>`)
  await caller.ask('DATA')
  const fields = header ?? [
    `To: ${to}`,
    'Subject: Kites',
    'Message-ID: <1@away.example>',
    'References: <0@away.example>',
  ]
  assert.match((await caller.ask(`${fields.join('\r\n')}\r\n\r\nhi\r\n.`)) ?? '', /^250 2\.0\.0 /)
  await caller.leave()
}

const fieldOf = (octets: Buffer | undefined, name: string) =>
  new RegExp(`^${name}: (.*)\r\n`, 'm').exec(octets?.toString() ?? '')?.[1]

test('who writes to somebody who is away gets the answer, in the thread, from the address that was written to', async () => {
  await using it = await house('alice')
  await send(it.household)
  const [answer, ...others] = await it.answers()
  assert.equal(others.length, 0)
  assert.equal(answer?.record.reversePath, '')
  assert.deepEqual(
    answer?.record.recipients.map(({ path }) => path),
    ['carol@away.example'],
  )
  const field = (name: string) => fieldOf(answer?.octets, name)
  assert.equal(field('From'), 'alice@home.example')
  assert.equal(field('To'), 'carol@away.example')
  assert.equal(field('Subject'), 'Auto: Kites')
  assert.equal(field('Auto-Submitted'), 'auto-replied')
  assert.equal(field('In-Reply-To'), '<1@away.example>')
  assert.equal(field('References'), '<0@away.example> <1@away.example>')
  assert.match(answer?.octets.toString() ?? '', /\r\n\r\nI am away\.\r\nCall me\.\r\n$/)
  assert.equal((await it.household.inbox('alice')).length, 1)
})

const silent: readonly (readonly [name: string, mail: Mail])[] = [
  ['a report', { from: '' }],
  ['a robot', { from: 'noreply@shop.example' }],
  ['a list', { header: ['To: alice@home.example', 'List-Id: <kites.example>'] }],
  ['an answer by another machine', { header: ['To: alice@home.example', 'Auto-Submitted: auto-replied'] }],
  ['bulk mail', { header: ['To: alice@home.example', 'Precedence: bulk'] }],
  ['a blind copy', { header: ['To: dave@away.example'] }],
  ['mail that names somebody else here', { header: ['To: bob@home.example'] }],
  ['mail without recipients', { header: ['Subject: x'] }],
  ['itself', { from: 'alice+x@home.example' }],
  ['mail for somebody who is here', { to: 'bob@home.example' }],
]

describe('no answer goes to', () => {
  for (const [name, mail] of silent) {
    test(name, async () => {
      await using it = await house('alice')
      await send(it.household, mail)
      assert.deepEqual(await it.answers(), [])
      // It could have been answered: the next one is.
      await send(it.household)
      assert.equal((await it.answers()).length, 1)
    })
  }

  test('mail that the catch-all got', async () => {
    await using it = await house('bob')
    await send(it.household, { to: 'anybody@home.example' })
    assert.deepEqual(await it.answers(), [])
  })

  test('an address of ours at which nobody is', async () => {
    await using it = await house('alice')
    it.household.config = readConfig('submission.dkim = "off"', '.')
    await send(it.household, { from: 'zoe@home.example' })
    assert.deepEqual([await it.answers(), await it.household.inbox('bob')], [[], []])
  })
})

describe('an answer goes', () => {
  test('to a neighbour, into the mailbox, and is not answered in turn', async () => {
    await using it = await house('alice', 'bob')
    await send(it.household, { from: 'bob@home.example' })
    await it.vacation.idle()
    const [answer, ...others] = await it.household.inbox('bob')
    assert.deepEqual([others.length, fieldOf(answer?.octets, 'Auto-Submitted')], [0, 'auto-replied'])
    assert.equal((await it.household.inbox('alice')).length, 1)
  })

  test('for what was posted here, too', async () => {
    await using it = await house('bob')
    const content = Buffer.from('From: alice@home.example\r\nTo: bob@home.example\r\nSubject: tea\r\n\r\n')
    await post({ reversePath: 'alice@home.example', recipients: ['bob@home.example'], content }, it.services)
    await it.vacation.idle()
    assert.equal(fieldOf((await it.household.inbox('alice'))[0]?.octets, 'Subject'), 'Auto: tea')
  })

  test('for each of those who are away, where an alias leads to both', async () => {
    await using it = await house('alice', 'bob')
    await it.household.store.accounts.setAlias('family', ['alice', 'bob'])
    await send(it.household, { to: 'family@home.example' })
    assert.deepEqual(
      (await it.answers()).map(({ octets }) => fieldOf(octets, 'From')),
      ['alice@home.example', 'bob@home.example'],
    )
  })

  test('with a subject of its own, and none of the tricks of another', async () => {
    await using it = await house()
    await it.leave('alice', { subject: 'Grüße' })
    await send(it.household)
    await it.leave('alice')
    await send(it.household, {
      from: 'dave@away.example',
      header: ['To: alice@home.example', 'Subject: =?utf-8?Q?x=0D=0ABcc:_eve@away.example?='],
    })
    const subjects = (await it.answers()).map(({ octets }) => decodeWords(fieldOf(octets, 'Subject') ?? ''))
    assert.deepEqual(subjects, ['Auto: Grüße', 'Auto: x Bcc: eve@away.example'])
  })
})

test('an answer repeats no more of a subject than a subject has', async () => {
  await using it = await house('alice')
  await send(it.household, { header: ['To: alice@home.example', `Subject: ${'Kites '.repeat(5000)}`] })
  const [answer] = await it.answers()
  assert.ok((answer?.octets.length ?? 0) < 1000, `${answer?.octets.length}`)
})

test('what may stand behind more of a header than is read is not answered', async () => {
  await using it = await house('alice')
  const filler = Array.from({ length: 800 }, () => `X-Filler: ${'x'.repeat(80)}`)
  await send(it.household, { header: ['To: alice@home.example', ...filler, 'List-Id: <kites.example>'] })
  assert.deepEqual(await it.answers(), [])
})

describe('a sender is told', () => {
  test('once in seven days, whatever its case, also after a restart', async () => {
    await using it = await house('alice')
    await send(it.household)
    await send(it.household, { from: 'Carol@away.example' })
    assert.equal((await it.answers()).length, 1)
    await it.household.restart()
    // The rows are what the next server knows.
    const told = new Told(it.account('alice'), it.household.store.settings, it.services.clock.now())
    assert.deepEqual([told.has('carol@away.example'), told.has('dave@away.example')], [true, false])
  })

  test('again after seven days, and not a second before', async () => {
    await using it = await house('alice')
    await send(it.household)
    await it.vacation.idle()
    it.pass(7 * dayMs - 1000)
    await send(it.household)
    assert.equal((await it.answers()).length, 1)
    it.pass(1000)
    await send(it.household)
    assert.equal((await it.answers()).length, 2)
  })

  test('only while somebody is away', async () => {
    await using it = await house()
    const start = it.services.clock.now()
    await it.leave('alice', { from: start + dayMs, until: start + 2 * dayMs })
    const told: number[] = []
    for (let day = 0; day < 4; day++) {
      await send(it.household, { from: `carol${day}@away.example` })
      told.push((await it.answers()).length)
      it.pass(0.75 * dayMs)
    }
    assert.deepEqual(told, [0, 0, 1, 1])
  })

  test('anew when somebody leaves anew', async () => {
    await using it = await house('alice')
    await send(it.household)
    await it.vacation.idle()
    await it.leave('alice', { text: 'Away again.' })
    await send(it.household)
    assert.equal((await it.answers()).length, 2)
    await setAbsence(it.account('alice'), undefined, it.household.store.settings)
    assert.equal(it.household.store.settings.list('vacation.').length, 0)
  })

  test('as told only together with the answer: one that cannot be posted leaves no note', async () => {
    await using it = await house('alice')
    const { accounts, settings } = it.household.store
    await accounts.setAlias('ring', ['ring'])
    await send(it.household, { from: 'ring@home.example' })
    await it.vacation.idle()
    assert.equal(settings.list('vacation.').length, 1)
    await accounts.setAlias('ring', ['bob'])
    await send(it.household, { from: 'ring@home.example' })
    await it.vacation.idle()
    assert.equal((await it.household.inbox('bob')).length, 1)
    assert.equal(settings.list('vacation.').length, 2)
  })
})

test('an answer and the note of it are kept together: they follow each other in the log, in one batch', async () => {
  await using it = await house('alice')
  await send(it.household)
  await it.vacation.idle()
  const copy = await mkdtemp(join(tmpdir(), 'porchlight-vacation-'))
  await it.household.restart()
  await cp(it.household.directory, copy, { recursive: true, filter: path => !path.endsWith('/LOCK') })
  const records = await logRecords(copy).finally(() => rm(copy, { recursive: true }))
  assert.deepEqual(
    records.slice(-3).map(({ record }) => record.kind),
    ['block', 'message', 'setting'],
  )
})

describe('what is remembered', () => {
  test('is bounded, and never more than a setting may hold', async () => {
    await using it = await house('alice')
    const { settings } = it.household.store
    const account = it.account('alice')
    const now = it.services.clock.now()
    for (let i = 0; i < budget.vacationTold; i++) {
      const told = new Told(account, settings, now)
      assert.equal(told.full, false)
      const { name, value } = told.with(`${i}@away.example`)
      await settings.set(name, value)
    }
    assert.equal(new Told(account, settings, now).full, true)
    assert.ok((settings.get(`vacation.${account.id}.told`)?.length ?? 0) < budget.settingValue / 2)
    await send(it.household)
    assert.deepEqual(await it.answers(), [])
    it.pass(8 * dayMs)
    await send(it.household)
    assert.equal((await it.answers()).length, 1)
    assert.equal(settings.get(`vacation.${account.id}.told`)?.split('\n').length, 1)
  })

  test('holds no address', async () => {
    await using it = await house('alice')
    await send(it.household)
    await it.vacation.idle()
    assert.doesNotMatch(it.household.store.settings.get(`vacation.${it.account('alice').id}.told`) ?? '', /carol/)
  })

  test('does not keep anybody from an answer for years because the clock was wrong', async () => {
    await using it = await house('alice')
    it.pass(3650 * dayMs)
    await send(it.household)
    await it.vacation.idle()
    it.pass(-3650 * dayMs)
    await send(it.household)
    assert.equal((await it.answers()).length, 2)
  })
})

test('a flood waits in a bounded line, and what is too much for it is not answered', async () => {
  await using it = await house('alice')
  const { promise, resolve } = Promise.withResolvers<void>()
  const message = it.household.store.message.bind(it.household.store)
  let read = 0
  Object.defineProperty(it.household.store, 'message', {
    value: async (seq: number) => {
      read += 1
      await promise
      return message(seq)
    },
  })
  for (let i = 0; i < budget.vacationQueue + 50; i++) it.vacation.note(1_000_000 + i, [it.account('alice').id])
  resolve()
  await it.vacation.idle()
  // One was under way while the others came.
  assert.equal(read, budget.vacationQueue + 1)
})

test('an absence is as it was set', async () => {
  await using household = await Household.make('alice')
  const { settings } = household.store
  const account = { id: household.store.accounts.find('alice')?.id ?? 0 }
  const cases: readonly Absence[] = [
    { subject: '', text: 'x', from: 5, until: undefined },
    { subject: 'Grüße', text: 'one\n\ntwo\n', from: 5, until: 6 },
  ]
  for (const absence of cases) {
    await setAbsence(account, absence, settings)
    assert.deepEqual(absenceOf(account, settings), absence)
  }
  assert.deepEqual(
    [4, 5, 6, 7].map(now => isAway(absenceOf(account, settings), now)),
    [false, true, true, false],
  )
  await setAbsence(account, undefined, settings)
  assert.deepEqual([absenceOf(account, settings), isAway(undefined, 5)], [undefined, false])
})
