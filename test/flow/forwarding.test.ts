/** Mail for an address here that leads outside: in whose name it leaves, who hears of it, and that nobody else gets through. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../src/base/config.ts'
import { type Entrance, entrances, receive } from '../../src/flow/receipt.ts'
import { dispatchesIn, forwarded, forwardedFor, notify } from '../../src/store/message.ts'
import { Household } from '../support/household.ts'
import { MemoryPeer } from '../support/memory-peer.ts'
import { AwayHost, type Manner } from './away.ts'
import { Caller } from './caller.ts'
import { domain, Sending } from './sending.ts'

const ok = /^250 2\.0\.0 Kept as /

/** A household whose club is alice and joe elsewhere, info joe alone, and a host elsewhere that takes all. */
async function house(manner: Manner = () => undefined) {
  const host = await AwayHost.start({ manner, extensions: ['DSN', '8BITMIME'] })
  const sending = await Sending.make({
    port: host.port,
    records: [...domain('away.example'), ...domain('other.example')],
  })
  const { accounts } = sending.store
  await accounts.setAlias('club', ['alice', 'joe@away.example'])
  await accounts.setAlias('info', ['joe@away.example'])
  return {
    host,
    sending,
    async [Symbol.asyncDispose]() {
      await sending[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}

type Mail = {
  readonly from?: string
  readonly to: readonly string[]
  readonly wishes?: string
  readonly text?: string
}

/** Hands a message in at the world's door. @returns the answers to RCPT and to the end */
async function send(household: Household, { from = 'bob@other.example', to, wishes = '', text = 'hi\r\n' }: Mail) {
  const caller = await Caller.smtp(household)
  await caller.ask('EHLO laptop')
  await caller.ask(`MAIL FROM:<${from}> RET=FULL ENVID=QQ314`)
  const said: (string | undefined)[] = []
  for (const each of to) said.push(await caller.ask(`RCPT TO:<${each}>${wishes}`))
  await caller.ask('DATA')
  said.push(await caller.ask(`From: ${from}\r\nSubject: x\r\n\r\n${text}.`))
  await caller.leave()
  return said
}

/** Hands in a message of alice's for an address that leads outside. */
async function submit(household: Household, wishes = ''): Promise<void> {
  const caller = await Caller.submission(household, 'alice')
  await caller.ask('MAIL FROM:<alice@home.example>')
  await caller.ask(`RCPT TO:<info@home.example>${wishes}`)
  await caller.ask('DATA')
  assert.match((await caller.ask('Subject: x\r\n\r\nhi\r\n.')) ?? '', ok)
  await caller.leave()
}

const commands = (host: AwayHost, verb: string) => host.lines.filter(line => line.startsWith(verb))

describe('mail for an address that leads outside', () => {
  test('is in the mailbox and on its way in one commit, and named to the next host as what it was for', async () => {
    await using it = await house()
    const { sending, host } = it
    assert.match((await send(sending.household, { to: ['club@home.example'] })).at(-1) ?? '', ok)
    const [here] = await sending.household.inbox('alice')
    const [there] = await sending.household.queued()
    assert.equal(here?.seq, there?.seq)
    assert.match(here?.trace ?? '', /^Return-Path: <bob@other\.example>\r\nReceived: .* for <club@home\.example>;/s)
    await sending.settle()
    assert.deepEqual(commands(host, 'MAIL'), ['MAIL FROM:<postmaster@home.example> RET=HDRS'])
    assert.deepEqual(commands(host, 'RCPT'), [
      'RCPT TO:<joe@away.example> NOTIFY=FAILURE ORCPT=rfc822;club@home.example',
    ])
    assert.equal(sending.store.outbound.length, 0)
  })

  test('keeps every octet of its header and body, so that the signature of its author holds', async () => {
    await using it = await house()
    const { sending, host } = it
    const text = `${'=20 trailing space \r\n..dots\r\n\tÄ\r\n\r\n\r\n'.repeat(20)}`
    await send(sending.household, { to: ['info@home.example'], text: text.replaceAll('\r\n.', '\r\n..') })
    await sending.settle()
    const [{ body } = { body: '' }] = host.mails
    assert.match(body, /^Received: /)
    assert.doesNotMatch(body, /DKIM-Signature/)
    const original = `From: bob@other.example\r\nSubject: x\r\n\r\n${text}`
    assert.ok(Buffer.from(body, 'latin1').includes(Buffer.from(original)) || body.includes(original))
  })

  for (const [name, from, leaves] of [
    ['of a stranger leaves in the name of the household', 'bob@other.example', 'postmaster@home.example'],
    ['of a neighbour of ours, too', 'bob@sub.home.example', 'postmaster@home.example'],
    ['that is a report keeps the null one', '', ''],
  ] as const) {
    test(name, async () => {
      await using it = await house()
      await send(it.sending.household, { from, to: ['info@home.example'] })
      await it.sending.settle()
      assert.deepEqual(
        it.host.mails.map(mail => mail.from),
        [leaves],
      )
    })
  }

  test('of this household keeps its reverse-path', async () => {
    await using it = await house()
    await submit(it.sending.household)
    await it.sending.settle()
    assert.deepEqual(commands(it.host, 'MAIL'), ['MAIL FROM:<alice@home.example>'])
  })

  test('leaves in the name of the domain that it was for', async () => {
    await using it = await house()
    const { sending, host } = it
    sending.household.config = sending.config = readConfig(
      `hostname = "mail.home.example"\ndomains = ["home.example", "second.example"]\ndelivery.port = ${host.port}`,
      '/',
    )
    await sending.store.accounts.setAlias('a@second.example', ['ann@away.example'])
    await send(sending.household, { to: ['info@home.example', 'a@second.example'] })
    await sending.settle()
    assert.deepEqual(host.mails.map(({ from, to }) => [from, ...to]).sort(), [
      ['postmaster@home.example', 'joe@away.example'],
      ['postmaster@second.example', 'ann@away.example'],
    ])
  })

  test('goes out once, however many of its addresses lead there', async () => {
    await using it = await house()
    const { sending, host } = it
    await send(sending.household, { to: ['club@home.example', 'info@home.example', 'info+x@home.example'] })
    await sending.settle()
    assert.deepEqual(
      host.mails.map(({ to }) => to),
      [['joe@away.example']],
    )
    assert.equal((await sending.household.inbox('alice')).length, 1)
  })

  test('and mail for the same host by itself go apart', async () => {
    await using it = await house()
    const { sending, host } = it
    const caller = await Caller.submission(sending.household, 'alice')
    await caller.ask('MAIL FROM:<alice@home.example>')
    for (const to of ['zoe@away.example', 'info@home.example']) await caller.ask(`RCPT TO:<${to}>`)
    await caller.ask('DATA')
    assert.match((await caller.ask('Subject: x\r\n\r\nhi\r\n.')) ?? '', ok)
    await caller.leave()
    assert.equal(sending.store.outbound.length, 2)
    await sending.settle()
    assert.deepEqual(host.mails.map(({ to }) => to).sort(), [['joe@away.example'], ['zoe@away.example']])
    // What the household itself sends is signed, also where it is forwarded.
    for (const { body } of host.mails) assert.match(body, /^DKIM-Signature: /m)
  })

  test('is refused where it has gone round', async () => {
    await using it = await house()
    const rounds = 'Received: from x\r\n'.repeat(51)
    const caller = await Caller.data(it.sending.household, 'info@home.example')
    assert.match((await caller.ask(`${rounds}\r\nhi\r\n.`)) ?? '', /^554 5\.4\.6 /)
    assert.equal(it.sending.store.outbound.length, 0)
    await caller.leave()
  })
})

/** What is forwarded comes from a host that may send for the household: the next host takes it for genuine. */
describe('in the name of the household the world', () => {
  const borrowed = /^550 5\.7\.1 This address leads elsewhere; mail in the name of this household/

  test('is not forwarded, and may write to who is here', async () => {
    await using household = await Household.make('alice')
    await household.store.accounts.setAlias('club', ['alice', 'joe@away.example'])
    const said = await send(household, { from: 'bob@home.example', to: ['club@home.example', 'alice@home.example'] })
    assert.match(said[0] ?? '', borrowed)
    assert.match(said.at(-1) ?? '', ok)
    assert.deepEqual([household.store.outbound.length, (await household.inbox('alice')).length], [0, 1])
  })

  const authors: readonly (readonly [header: string, forwarded: boolean])[] = [
    ['From: Bob <bob@other.example>', true],
    ['From: bob@sub.home.example', true],
    ['From: bob@home.example.other.example', true],
    ['From: "alice (at) home.example" <bob@other.example>', true],
    ['X-From: alice@home.example', true],
    ['From: Alice <alice@home.example>', false],
    ['FROM: alice@HOME.example.', false],
    ['From: bob@other.example, alice@home.example', false],
    ['From: bob@other.example\r\nFrom: alice@home.example', false],
    ['From: alice@home.example\r\nFrom: bob@other.example', false],
    ['From: alice@\r\n home . example', false],
    ['From: alice@(a)home.example', false],
    ['From: alice@(a(b))home.example', false],
    ['From: alice@home.example bob', false],
    [`From: "${'x'.repeat(900)}"\r\n ${'y'.repeat(200)} <alice@home.example>`, false],
  ]
  for (const [header, forwarded] of authors) {
    test(`is ${forwarded ? '' : 'not '}forwarded with ${JSON.stringify(header).slice(0, 60)}`, async () => {
      await using household = await Household.make('alice')
      household.config = readConfig('submission.dkim = "off"', '.')
      await household.store.accounts.setAlias('info', ['joe@away.example'])
      for (const [to, taken] of [
        ['info@home.example', forwarded],
        ['alice@home.example', true],
      ] as const) {
        const caller = await Caller.data(household, to)
        assert.match((await caller.ask(`${header}\r\n\r\nhi\r\n.`)) ?? '', taken ? ok : borrowed)
        await caller.leave()
      }
      assert.equal(household.store.outbound.length, Number(forwarded))
    })
  }
})

describe('what has been here before', () => {
  const rounds = (count: number) =>
    'Received: from x\r\n\tby mail.home.example (Porchlight) with ESMTP\r\n'.repeat(count)
  const cases = [
    ['info@home.example', 2, ok],
    ['info@home.example', 3, /^554 5\.4\.6 /],
    ['alice@home.example', 3, ok],
  ] as const
  for (const [to, count, answer] of cases) {
    test(`${count} times, and comes again for ${to}: ${answer}`, async () => {
      await using household = await Household.make('alice')
      household.config = readConfig('hostname = "mail.home.example"\ndomains = ["home.example"]', '.')
      await household.store.accounts.setAlias('info', ['joe@away.example'])
      const caller = await Caller.data(household, to)
      assert.match((await caller.ask(`${rounds(count)}\r\nhi\r\n.`)) ?? '', answer)
      await caller.leave()
    })
  }
})

const refuse: Manner = (stage, line) => (stage === 'RCPT' && line.includes('joe@') ? '550 5.1.1 nobody' : undefined)

describe('what cannot be forwarded', () => {
  test('is reported to postmaster here, and not to a sender who never knew of that address', async () => {
    await using it = await house(refuse)
    const { sending, host } = it
    await send(sending.household, { to: ['info@home.example'], wishes: ' NOTIFY=SUCCESS,FAILURE,DELAY' })
    await sending.settle()
    // The sender had asked to hear of success, which is that it was passed on.
    const [mail, ...others] = host.mails
    assert.equal(others.length, 0)
    assert.deepEqual([mail?.from, mail?.to], ['', ['bob@other.example']])
    assert.match(mail?.body ?? '', /^Action: delivered\r\n/m)
    assert.doesNotMatch(mail?.body ?? '', /joe@away/)
    const [report = '', ...more] = await sending.reports()
    assert.equal(more.length, 0)
    assert.match(report, /^To: <postmaster@home\.example>\r\n/m)
    assert.match(report, /^Final-Recipient: rfc822; ?joe@away\.example\r\n/m)
    assert.match(report, /^Original-Recipient: rfc822; ?info@home\.example\r\n/m)
    assert.match(report, /^Action: failed\r\n/m)
    // RET and ENVID are between the sender and its own reports.
    assert.doesNotMatch(report, /QQ314|\r\nhi\r\n/)
  })

  test('is reported to a sender of this household as it has asked', async () => {
    await using it = await house(refuse)
    const { sending } = it
    await submit(sending.household, ' NOTIFY=NEVER')
    await sending.settle()
    assert.deepEqual(await sending.reports(), [])
    await submit(sending.household)
    await sending.settle()
    assert.match((await sending.reports())[0] ?? '', /^To: <alice@home\.example>\r\n/m)
  })

  test('and is itself a report ends here, though postmaster is forwarded there, too', async () => {
    await using it = await house(refuse)
    const { sending, host } = it
    await sending.store.accounts.setAlias('postmaster', ['joe@away.example'])
    await send(sending.household, { to: ['info@home.example'] })
    await sending.settle()
    assert.equal((await sending.reports()).length, 1)
    assert.equal(sending.logged('a report could not be delivered; it ends here').length, 1)
    assert.deepEqual([host.mails, sending.store.outbound.length], [[], 0])
  })
})

test('a queue that is full takes nothing that would be forwarded, and the rest', async () => {
  await using household = await Household.make('alice')
  await household.store.accounts.setAlias('club', ['alice', 'joe@away.example'])
  Object.defineProperty(household.store.outbound, 'length', { value: Number.POSITIVE_INFINITY })
  const said = await send(household, { to: ['club@home.example', 'alice@home.example'] })
  assert.match(said[0] ?? '', /^452 4\.3\.1 Too much mail waits/)
  assert.match(said.at(-1) ?? '', ok)
})

describe('the world', () => {
  const asked = [
    'joe@away.example',
    '"joe@away.example"@home.example',
    'joe%away.example@home.example',
    'away.example!joe@home.example',
    'info%away.example@home.example',
    '@home.example:joe@away.example',
    'info@away.example',
    'zoe@home.example',
  ]
  for (const to of asked) {
    test(`gets nothing to ${to}, aliases or not`, async () => {
      await using household = await Household.make('alice')
      await household.store.accounts.setAlias('info', ['joe@away.example'])
      const [said = ''] = await send(household, { to: [to] })
      assert.match(said, /^55[03] |^501 /)
      assert.equal(household.store.outbound.length, 0)
    })
  }

  test('cannot choose where it goes: whatever it names, only targets of aliases are queued', async () => {
    await using household = await Household.make('alice')
    household.config = readConfig('submission.dkim = "off"', '.')
    await household.store.accounts.setAlias('info', ['joe@away.example'])
    const pieces = [
      'info',
      'joe',
      'alice',
      'away.example',
      'home.example',
      '@',
      '%',
      '!',
      '"',
      '+',
      ':',
      ',',
      '\\',
      '=',
    ]
    const address = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 7 }).map(list => list.join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(address, { minLength: 1, maxLength: 10 }), async to => {
        await send(household, { to: [...to, 'info@home.example'] })
        for (const { record } of await household.queued()) {
          const paths = record.queued.map(recipient => record.recipients[recipient]?.path)
          assert.deepEqual([...new Set(paths)], ['joe@away.example'])
        }
      }),
      { numRuns: 30 },
    )
  })
})

test('a device sends to an address that leads outside where it may, and nobody logs in as such an address', async () => {
  await using household = await Household.make('alice')
  await household.store.accounts.setAlias('club', ['alice', 'joe@away.example'])
  await household.store.settings.set('device:scanner', '192.0.2.9\nalice@home.example\nclub@home.example')
  const peer = new MemoryPeer(65_536, '192.0.2.9')
  const entrance: Entrance = entrances.devices
  const served = receive(peer, household.receipt, entrance)
  const lines = [
    'EHLO scanner',
    'MAIL FROM:<x@y.example>',
    'RCPT TO:<club@home.example>',
    'RCPT TO:<joe@away.example>',
    'DATA',
    'Subject: x',
    '',
    'hi',
    '.',
    'QUIT',
  ]
  peer.send(Buffer.from(lines.map(line => `${line}\r\n`).join('')))
  peer.end()
  await served
  const [{ record } = { record: undefined }] = await household.queued()
  assert.deepEqual(
    record?.recipients.map(({ path }) => path),
    ['club@home.example', 'joe@away.example'],
  )
  assert.equal((await household.inbox('alice')).length, 1)
  const caller = await Caller.smtp(household, entrances.submissions)
  await caller.ask('EHLO laptop')
  const login = Buffer.from('\0club@home.example\0correct horse').toString('base64')
  assert.match((await caller.ask(`AUTH PLAIN ${login}`)) ?? '', /^535 /)
  await caller.leave()
})

test('dispatches have one domain and one origin each, and hold every queued recipient once', () => {
  const recipient = fc.record({
    path: fc.constantFrom('a@x.example', 'b@y.example', 'c@home.example', 'd@second.example', 'postmaster'),
    notify: fc.nat({ max: 31 }),
    orcpt: fc.constant(''),
  })
  fc.assert(
    fc.property(fc.array(recipient, { maxLength: 30 }), recipients => {
      const queued = [...recipients.keys()]
      const dispatches = dispatchesIn({ recipients, queued })
      assert.deepEqual(
        dispatches.flatMap(one => one.recipients).sort((a, b) => a - b),
        queued,
      )
      const originOf = (at: number) => forwardedFor(recipients, at)?.split('@').at(-1)
      for (const one of dispatches) {
        assert.equal(new Set(one.recipients.map(originOf)).size, 1)
        for (const at of one.recipients) assert.equal(recipients[at]?.path.split('@').at(-1), one.domain)
      }
      for (const [at, { notify: bits }] of recipients.entries()) {
        if ((bits & forwarded) === 0) assert.equal(forwardedFor(recipients, at), undefined)
      }
    }),
  )
  assert.equal(Object.values(notify).reduce((sum, bit) => sum | bit, 0) & forwarded, 0)
})
