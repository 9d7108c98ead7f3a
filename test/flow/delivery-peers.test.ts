/** Hosts that hang, drop, refuse or talk nonsense at any stage: what becomes of the message, and that nothing is left open. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { AwayHost, at, type Say, type Stage } from './away.ts'
import { domain, minute, Sending } from './sending.ts'

/** So much of their time that hosts get: a command's five minutes are 300 ms. */
const pace = 0.001

const unanswered = '451 4.4.2 The host did not answer in time'
const lost = '451 4.4.2 The connection was lost before the host had answered'
const unsure = 'it may arrive twice: the answer was lost'
const long = `Subject: long\r\n\r\n${'A line that is like all the others of this message.\r\n'.repeat(400_000)}`

/** Sends one message to a host. @returns the household, and how it came out */
async function send(host: AwayHost, options: { body?: string; pace?: number; measures?: boolean } = {}) {
  const services = options.pace === undefined ? {} : { pace: options.pace }
  const sending = await Sending.make({ port: host.port, records: domain('b.example'), services })
  sending.clock.measures = options.measures ?? false
  await sending.submit(['bob@b.example'], options.body === undefined ? {} : { body: options.body })
  await sending.settle()
  return sending
}

/** The message waits, after one attempt that ended so; nobody has heard of it, and nothing is open. */
async function assertDeferred(sending: Sending, host: AwayHost, last: string): Promise<void> {
  const left = await sending.lone()
  assert.deepEqual([left.last, left.attempts, left.pending], [last, 1, [0]])
  assert.ok(left.dueIn >= 0.9 && left.dueIn <= 1.1, `due in ${left.dueIn} minutes`)
  assert.deepEqual(await sending.reports(), [])
  await host.left()
}

async function assertBounced(sending: Sending, host: AwayHost, diagnostic: string): Promise<void> {
  assert.equal(sending.store.outbound.length, 0)
  const [report = '', ...others] = await sending.reports()
  assert.equal(others.length, 0)
  assert.ok(report.includes(`\r\nDiagnostic-Code: smtp; ${diagnostic}\r\n`), report)
  await host.left()
}

describe('a host that says nothing', () => {
  for (const stage of ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'end'] as const) {
    test(`at ${stage} is left in time`, async () => {
      await using host = await AwayHost.start({ manner: at({ [stage]: 'silence' }) })
      await using sending = await send(host, { pace })
      await assertDeferred(sending, host, unanswered)
      assert.equal(sending.logged(unsure).length, stage === 'end' ? 1 : 0)
      assert.equal(host.mails.length, 0)
    })
  }

  test('at QUIT has the message all the same', async () => {
    await using host = await AwayHost.start({ manner: at({ QUIT: 'silence' }) })
    await using sending = await send(host, { pace: 0.01 })
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 0])
    await host.left()
  })

  test('and reads no more in the middle of the message is left in time', async () => {
    await using host = await AwayHost.start({ manner: at({ body: 'deaf' }) })
    await using sending = await send(host, { pace, body: long })
    const { last } = await sending.lone()
    assert.ok([unanswered, lost].includes(last), last)
    assert.equal(sending.logged(unsure).length, 0)
  })

  test('but an octet now and then is left in time', async () => {
    await using host = await AwayHost.start({ manner: at({ greeting: 'drip' }) })
    await using sending = await send(host, { pace, measures: true })
    await assertDeferred(sending, host, unanswered)
  })
})

describe('a host that closes the connection', () => {
  for (const stage of ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'body', 'end'] as const) {
    for (const how of ['drop', 'reset'] as const) {
      test(`(${how}) at ${stage} leaves the message waiting`, async () => {
        await using host = await AwayHost.start({ manner: at({ [stage]: how }) })
        await using sending = await send(host)
        // What is torn down at once may not even seem to have been a connection.
        const never = '451 4.4.1 mail.b.example takes no connections'
        const early = stage === 'greeting' && (await sending.lone()).last === never
        await assertDeferred(sending, host, early ? never : lost)
        // At `body` the end of a short message is there as well: nobody knows whether it was seen.
        assert.equal(sending.logged(unsure).length, stage === 'end' || stage === 'body' ? 1 : 0)
      })
    }
  }

  test('at QUIT has the message', async () => {
    await using host = await AwayHost.start({ manner: at({ QUIT: 'reset' }) })
    await using sending = await send(host)
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 0])
    await host.left()
  })
})

const refusals: readonly (readonly [stage: Stage, says: Say, last: string])[] = [
  ['greeting', '554 5.7.1 no service here', '451 4.7.1 no service here'],
  ['greeting', '421 4.3.2 busy', '421 4.3.2 busy'],
  ['EHLO', { last: '421 too many' }, '421 too many'],
  ['MAIL', '451 4.7.1 greylisted', '451 4.7.1 greylisted'],
  ['RCPT', '450-4.2.0 wait\r\n450 4.2.0 a little', '450 4.2.0 wait a little'],
  ['RCPT', '552 5.5.3 too many recipients', '552 5.5.3 too many recipients'],
  ['DATA', '451 not now', '451 not now'],
  ['end', '452 4.3.1 full', '452 4.3.1 full'],
  ['end', '421 4.3.2 going down', '421 4.3.2 going down'],
  ['MAIL', '451 \u001b[2Jred\u0007\u0000 alert', '451 ?[2Jred?? alert'],
]

const bounces: readonly (readonly [stage: Stage, says: Say, diagnostic: string])[] = [
  ['MAIL', '550 5.7.1 not from you', '550 5.7.1 not from you'],
  ['RCPT', '550 5.1.1 nobody', '550 5.1.1 nobody'],
  ['DATA', '554 5.6.0 no', '554 5.6.0 no'],
  ['end', '554 5.7.0 spam', '554 5.7.0 spam'],
]

describe('a host that refuses', () => {
  for (const [stage, says, last] of refusals) {
    test(`${stage} for now (${JSON.stringify(says)}) gets the message later`, async () => {
      await using host = await AwayHost.start({ manner: at({ [stage]: says }) })
      await using sending = await send(host)
      await assertDeferred(sending, host, last)
      host.manner = () => undefined
      await sending.pass(2 * minute)
      assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 0])
    })
  }

  for (const [stage, says, diagnostic] of bounces) {
    test(`${stage} for good gives the message back`, async () => {
      await using host = await AwayHost.start({ manner: at({ [stage]: says }) })
      await using sending = await send(host)
      await assertBounced(sending, host, diagnostic)
    })
  }

  test('for now and then for good gives it back', async () => {
    await using host = await AwayHost.start({ manner: at({ RCPT: '450 4.2.0 later' }) })
    await using sending = await send(host)
    await assertDeferred(sending, host, '450 4.2.0 later')
    host.manner = at({ RCPT: '550 5.1.1 never' })
    await sending.pass(2 * minute)
    await assertBounced(sending, host, '550 5.1.1 never')
  })

  test('EHLO is greeted with HELO', async () => {
    await using host = await AwayHost.start({ manner: at({ EHLO: '502 what?' }) })
    await using sending = await send(host)
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 0])
    assert.ok(host.lines.includes('HELO mail.home.example'))
  })

  test('in the middle of a message is heard, and spared the rest', async () => {
    const last = '552 5.3.4 the message is too big'
    let octets = 0
    await using host = await AwayHost.start({ manner: at({ body: { last } }) })
    host.heard = length => {
      octets += length
    }
    await using sending = await send(host, { body: long })
    await assertBounced(sending, host, last)
    assert.ok(octets < long.length / 2, `${octets} octets were sent for nothing`)
  })
})

const nonsense: readonly (readonly [name: string, stage: Stage, says: Say])[] = [
  ['another protocol', 'greeting', '+OK POP3 ready'],
  ['a page of the web', 'MAIL', 'HTTP/1.1 400 Bad Request\r\nServer: none\r\n\r\n<html>'],
  ['octets', 'EHLO', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 0xff, 0xfe, 13, 10])],
  ['a code that there is not', 'RCPT', '999 what'],
  ['two codes in one reply', 'MAIL', '250-yes\r\n550 no'],
  ['more than was asked for', 'MAIL', '250 ok\r\n250 ok\r\n250 ok\r\n250 ok'],
  ['go on, where nothing was offered', 'MAIL', '354 go on'],
  ['a reply without end', 'EHLO', '250-more\r\n'.repeat(300)],
  ['a reply of large lines', 'EHLO', `250-${'x'.repeat(1000)}\r\n`.repeat(100)],
  ['a line without end', 'greeting', Buffer.alloc(200_000, '220 x')],
]

describe('a host that talks nonsense', () => {
  for (const [name, stage, says] of nonsense) {
    test(`(${name}, at ${stage}) leaves the message waiting`, async () => {
      await using host = await AwayHost.start({ manner: at({ [stage]: says }) })
      await using sending = await send(host)
      const { last, attempts } = await sending.lone()
      assert.match(last, /^451 4\.5\.0 The host /)
      assert.equal(attempts, 1)
      assert.equal(host.mails.length, 0)
      await host.left()
    })
  }

  test('in long words is heard out as far as the budget says', async () => {
    await using host = await AwayHost.start({ manner: at({ RCPT: `550 5.1.1 ${'no '.repeat(5000)}` }) })
    await using sending = await send(host)
    assert.equal(sending.store.outbound.length, 0)
    const [trace] = sending.logged('bounced')
    assert.ok(String(trace?.said).length <= budget.answerText + 10)
  })
})

test('a host that stammers, octet by octet, gets the message', async () => {
  await using host = await AwayHost.start({ stammers: true })
  await using sending = await send(host)
  assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 0])
  await host.left()
})
