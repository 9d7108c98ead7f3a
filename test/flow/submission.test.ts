/** Submission where a transcript cannot look: a queue that is full, a store that fails, keys that cannot be read. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { readConfig } from '../../src/base/config.ts'
import { Keyring } from '../../src/store/keyring.ts'
import { Household, openStore } from '../support/household.ts'
import { Caller } from './caller.ts'

const unsigned = readConfig('submission.dkim = "off"', '.')
const ok = /^250 2\.0\.0 Kept as /

/** Logs in as alice and begins a transaction, up to the answer to RCPT. */
async function begin(
  household: Household,
  ...recipients: readonly string[]
): Promise<{ caller: Caller; said: string }> {
  const caller = await Caller.submission(household, 'alice')
  let said = await caller.ask('MAIL FROM:<alice@home.example>')
  for (const recipient of recipients) said = await caller.ask(`RCPT TO:<${recipient}>`)
  return { caller, said: said ?? '' }
}

/** Hands in a message, which needs no stuffing. @returns the reply to it */
async function submit(household: Household, recipients: readonly string[], message: string): Promise<string> {
  const { caller } = await begin(household, ...recipients)
  await caller.ask('DATA')
  const answer = await caller.ask(`${message}.`)
  await caller.leave()
  return answer ?? ''
}

describe('a message to be sent on', () => {
  test('is in the queue when it is accepted, rouses it, and is there after a restart', async () => {
    await using household = await Household.make('alice')
    household.config = unsigned
    let roused = 0
    household.store.outbound.onChange = () => (roused += 1)
    assert.match(await submit(household, ['alice@home.example'], '\r\nhi\r\n'), ok)
    assert.equal(roused, 0)
    assert.match(await submit(household, ['bob@away.example', 'carol@other.example'], '\r\nhi\r\n'), ok)
    assert.ok(roused > 0)
    assert.equal(household.store.outbound.length, 2)
    await household.restart()
    assert.equal(household.store.outbound.length, 2)
    const [{ record } = { record: undefined }] = await household.queued()
    assert.deepEqual(record?.queued, [0, 1])
  })

  test('is signed over its whole body, however many blocks that has', async () => {
    await using household = await Household.make('alice')
    const body = 'a line of text, and not the only one\r\n'.repeat(10_000)
    assert.match(await submit(household, ['bob@away.example'], `Subject: long\r\n\r\n${body}`), ok)
    const [{ record, octets } = { record: undefined, octets: Buffer.alloc(0) }] = await household.queued()
    assert.ok((record?.blocks.length ?? 0) > 1)
    assert.equal(octets.subarray(record?.headerOctets).toString(), body)
    const hashes = record?.trace.replaceAll(/\s/g, '').matchAll(/;bh=([^;]+);/g) ?? []
    const expected = createHash('sha256').update(body).digest('base64')
    assert.deepEqual(
      Array.from(hashes, ([, hash]) => hash),
      [expected, expected],
    )
  })

  test('goes out unsigned where the keys cannot be read: no mail waits for them', async () => {
    await using household = await Household.make('alice')
    const folder = join(household.directory, 'dkim')
    await writeFile(folder, 'in the way of the folder')
    household.keyring = new Keyring(folder)
    assert.match(await submit(household, ['bob@away.example'], '\r\nhi\r\n'), ok)
    const [{ trace } = { trace: 'DKIM' }] = await household.queued()
    assert.doesNotMatch(trace, /DKIM/)
  })
})

test('a header beyond all reason is refused, and nothing of the message is kept', async () => {
  await using household = await Household.make('alice')
  const header = `X-Long: ${'0'.repeat(900)}\r\n`.repeat(Math.ceil(budget.submittedHeader / 900))
  assert.match(await submit(household, ['bob@away.example'], `${header}\r\nhi\r\n`), /^552 5\.3\.4 /)
  assert.equal(household.store.outbound.length, 0)
})

describe('a queue that is full', () => {
  test('takes nothing more to be sent on, and mail for the household all the same', async () => {
    await using household = await Household.make('alice', 'bob')
    household.config = unsigned
    await fill(household)
    assert.equal(household.store.outbound.length, budget.queue)
    const { caller, said } = await begin(household, 'bob@home.example', 'carol@away.example')
    assert.equal(said, '452 4.3.1 Too much mail waits to be sent on; try again later')
    await caller.ask('DATA')
    assert.match((await caller.ask('\r\nhi\r\n.')) ?? '', ok)
    assert.equal((await household.inbox('bob')).length, 1)
    assert.equal(household.store.outbound.length, budget.queue)
    // A report would make it longer; the message is there without.
    await caller.ask('MAIL FROM:<alice@home.example>')
    await caller.ask('RCPT TO:<bob@home.example> NOTIFY=SUCCESS')
    await caller.ask('DATA')
    assert.match((await caller.ask('\r\nhi\r\n.')) ?? '', ok)
    assert.equal((await household.inbox('alice')).length, 0)
    await caller.leave()
  })
})

/** Puts as many messages into the queue as it takes. */
async function fill({ store, clock }: Household): Promise<void> {
  const each = budget.deliveries
  const recipients = Array.from({ length: each }, (_, i) => ({ path: `x@${i}.example`, notify: 0, orcpt: '' }))
  for (let left = budget.queue; left > 0; left -= each) {
    await using incoming = store.incoming(0)
    await incoming.append(Buffer.from('\r\nhi\r\n'))
    await incoming.commit({
      reversePath: '',
      recipients,
      accounts: [],
      queued: recipients.map((_, i) => i),
      trace: '',
      ret: '',
      envid: '',
      eightBit: false,
      smtputf8: false,
      requireTls: false,
      tlsOptional: false,
      messageId: '',
      dotted: false,
      headerOctets: 2,
      date: clock.now(),
    })
  }
}

describe('when the store fails', () => {
  test('no transaction is begun', async () => {
    await using household = await Household.make('alice')
    const caller = await Caller.submission(household, 'alice')
    await household.store.close()
    assert.match((await caller.ask('MAIL FROM:<alice@home.example>')) ?? '', /^451 4\.3\.0 /)
    await caller.leave()
  })

  const stages = {
    'before the message': { before: '', after: 'Subject: x\r\n\r\nhi\r\n.' },
    'in its header': { before: 'Subject: x\r\n', after: '\r\nhi\r\n.' },
    'in its body': { before: 'Subject: x\r\n\r\nhi\r\n', after: `${'QUIT\r\n'.repeat(50_000)}.` },
    'at its end': { before: 'Subject: x\r\n\r\nhi\r\n', after: '.' },
  } as const
  for (const [stage, { before, after }] of Object.entries(stages)) {
    test(`${stage}, it is refused for now, nothing is queued, and the session goes on`, async () => {
      await using household = await Household.make('alice')
      household.config = unsigned
      const { caller } = await begin(household, 'bob@away.example', 'alice@home.example')
      await caller.ask('DATA')
      caller.send(before)
      await household.store.close()
      assert.match((await caller.ask(after)) ?? '', /^451 4\.3\.0 /)
      assert.match((await caller.ask('NOOP')) ?? '', /^250 /)
      await caller.leave()
      household.store = await openStore(household.directory)
      assert.equal(household.store.outbound.length, 0)
      assert.equal((await household.inbox('alice')).length, 0)
    })
  }

  test('a disk below its reserve takes no mail', async () => {
    await using household = await Household.make('alice')
    await household.store.close()
    household.store = await openStore(household.directory, { reserve: Number.MAX_SAFE_INTEGER })
    const caller = await Caller.submission(household, 'alice')
    assert.match((await caller.ask('MAIL FROM:<alice@home.example>')) ?? '', /^452 4\.3\.1 /)
    await caller.leave()
  })
})
