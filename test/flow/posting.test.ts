/** What the house itself writes and posts: flow/posting.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { type Draft, post } from '../../src/flow/posting.ts'
import { forwarded, notify } from '../../src/store/message.ts'
import { Household } from '../support/household.ts'

const letter = (from = 'alice@home.example', body = 'Good evening.\r\n') =>
  Buffer.from(`From: ${from}\r\nSubject: hello\r\n\r\n${body}`)

const draft = (changes: Partial<Draft> = {}): Draft => ({
  reversePath: 'alice@home.example',
  recipients: ['bob@home.example'],
  content: letter(),
  ...changes,
})

describe('a letter that is posted', () => {
  test('is in the mailbox, mended, with where it came from, and not signed', async () => {
    await using household = await Household.make('alice', 'bob')
    const { id } = await post(draft(), household.receipt)
    const [message, ...others] = await household.inbox('bob')
    assert.equal(others.length, 0)
    assert.equal(
      message?.trace,
      `Return-Path: <alice@home.example>\r\nReceived: by mail.home.example (Porchlight)\r\n\tid ${id} for <bob@home.example>;\r\n\tSat, 21 Nov 2026 22:15:52 +0000\r\n`,
    )
    assert.equal(
      message?.octets.toString(),
      `From: alice@home.example\r\nSubject: hello\r\nDate: Sat, 21 Nov 2026 22:15:52 +0000\r\nMessage-ID: <${id}@mail.home.example>\r\n\r\nGood evening.\r\n`,
    )
    assert.equal(message?.record.messageId, `<${id}@mail.home.example>`)
    assert.equal(household.store.outbound.length, 0)
  })

  test('goes out signed, and rouses the queue', async () => {
    await using household = await Household.make('alice')
    let roused = 0
    household.store.outbound.onChange = () => (roused += 1)
    await post(draft({ recipients: ['bob@away.example', 'carol@away.example'] }), household.receipt)
    const [{ record, trace } = { record: undefined, trace: '' }] = await household.queued()
    assert.deepEqual([record?.queued, record?.reversePath], [[0, 1], 'alice@home.example'])
    assert.equal(trace.match(/^DKIM-Signature: /gm)?.length, 2)
    // Neither is to learn of the other.
    assert.doesNotMatch(trace, / for </)
    assert.equal(roused, 1)
  })

  test('follows aliases, here and outside, in one commit', async () => {
    await using household = await Household.make('alice', 'bob')
    await household.store.accounts.setAlias('club', ['bob', 'joe@away.example'])
    const { seq } = await post(draft({ recipients: ['club@home.example', 'zoe@other.example'] }), household.receipt)
    const [here] = await household.inbox('bob')
    assert.equal(here?.seq, seq)
    assert.deepEqual(
      here?.record.recipients.map(({ path, notify, orcpt }) => [path, notify, orcpt]),
      [
        ['club@home.example', 0, ''],
        ['joe@away.example', forwarded, 'rfc822;club@home.example'],
        ['zoe@other.example', 0, ''],
      ],
    )
    assert.deepEqual(here?.record.queued, [1, 2])
    assert.equal(household.store.outbound.length, 2)
  })

  test('counts together with what is given with it', async () => {
    await using household = await Household.make('alice', 'bob')
    const records = [{ kind: 'setting', name: 'told', value: 'bob' } as const]
    await post(draft({ records }), household.receipt)
    assert.equal(household.store.settings.get('told'), 'bob')
    await household.restart()
    assert.equal(household.store.settings.get('told'), 'bob')
    assert.equal((await household.inbox('bob')).length, 1)
  })

  test('comes whole, however long, with its dots to be stuffed and what is beyond ASCII known', async () => {
    await using household = await Household.make('alice', 'bob')
    const body = `.hidden\r\n${'a line of text, and not the only one: é\r\n'.repeat(10_000)}`
    await post(draft({ content: letter('alice@home.example', body) }), household.receipt)
    const [message] = await household.inbox('bob')
    assert.equal(message?.octets.subarray(message.record.headerOctets).toString(), body)
    const { dotted, eightBit, smtputf8, blocks = [] } = message?.record ?? {}
    assert.deepEqual([dotted, eightBit, smtputf8, blocks.length > 1], [true, true, false, true])
  })
})

const refused: readonly (readonly [name: string, changes: Partial<Draft>, why: string])[] = [
  ['to nobody', { recipients: ['zoe@home.example'] }, 'There is nobody at zoe@home.example.'],
  [
    'to somebody and nobody',
    { recipients: ['bob@home.example', 'zoe@home.example'] },
    'There is nobody at zoe@home.example.',
  ],
  ['to what is no address', { recipients: ['bob'] }, 'bob is no address; write for instance bob@example.org.'],
  ['to a loop', { recipients: ['ring@home.example'] }, 'ring@home.example is an alias that leads back to itself.'],
  [
    'by a way of its own',
    { recipients: ['bob%away.example@home.example'] },
    'There is nobody at bob%away.example@home.example.',
  ],
  ['to none', { recipients: [] }, 'The message names nobody whom it could go to.'],
  [
    'by nobody',
    { content: Buffer.from('Subject: x\r\n\r\n'), reversePath: '' },
    'The message does not say who has written it.',
  ],
  ['too large', { content: Buffer.alloc(budget.draft + 1) }, 'The message is too large.'],
]

describe('a letter is refused', () => {
  for (const [name, changes, why] of refused) {
    test(name, async () => {
      await using household = await Household.make('alice', 'bob')
      await household.store.accounts.setAlias('ring', ['ring'])
      const records = [{ kind: 'setting', name: 'told', value: 'bob' } as const]
      await assert.rejects(post(draft({ records, ...changes }), household.receipt), (error: unknown) => {
        assert.ok(error instanceof Failure)
        assert.deepEqual([error.code, error.message], ['REFUSED', why])
        return true
      })
      assert.deepEqual(await household.inbox('bob'), [])
      assert.equal(household.store.settings.get('told'), undefined)
      assert.equal(household.store.outbound.length, 0)
    })
  }
})

test('the null reverse-path hears of nothing, and what it forwards keeps it', async () => {
  await using household = await Household.make('alice')
  household.config = readConfig('submission.dkim = "off"', '.')
  await household.store.accounts.setAlias('club', ['joe@away.example'])
  await post(draft({ reversePath: '', recipients: ['club@home.example'] }), household.receipt)
  const [{ record } = { record: undefined }] = await household.queued()
  assert.equal(record?.reversePath, '')
  assert.equal((record?.recipients[1]?.notify ?? 0) & notify.failure, 0)
})
