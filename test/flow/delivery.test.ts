/** Where mail goes: MX hosts in their order, what stands in for them, and what becomes of the message at each. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Answer } from 'dns-packet'
import { budget } from '../../src/base/budget.ts'
import { a, aaaa, cname, code, mx, type Say, txt, zone } from '../dns/name-server.ts'
import { AwayHost, at } from './away.ts'
import { day, domain, hour, minute, Sending } from './sending.ts'

describe('mail for a domain', () => {
  test('is delivered to its one host, with what the message is and nothing of what is ours', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.submit(['bob@b.example'], { body: 'Subject: dots\r\n\r\n.\r\n..two\r\n' })
    await sending.settle()
    assert.deepEqual(
      host.mails.map(({ from, to }) => [from, to]),
      [['alice@home.example', ['bob@b.example']]],
    )
    assert.match(host.mails[0]?.body ?? '', /^Received: [^\r]*\r\nSubject: dots\r\n\r\n\.\r\n\.\.two\r\n$/)
    assert.equal(sending.store.outbound.length, 0)
    assert.deepEqual(await sending.reports(), [])
    assert.equal(host.came, 1)
    await host.left()
    assert.deepEqual(host.lines.at(-1), 'QUIT')
    const [line] = sending.logged('delivered')
    assert.deepEqual([line?.host, line?.said], ['mail.b.example', '250 2.0.0 taken'])
  })

  test('goes in one transaction to all its recipients there, and in one session with the next message', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.submit(['bob@b.example', 'carol@b.example'])
    await sending.submit(['dan@b.example'])
    await sending.settle()
    assert.deepEqual(
      host.mails.map(({ to }) => to),
      [['bob@b.example', 'carol@b.example'], ['dan@b.example']],
    )
    assert.equal(host.came, 1)
    await host.left()
  })

  test('goes in several transactions where the peer takes few recipients at once', async () => {
    await using host = await AwayHost.start({ extensions: ['LIMITS RCPTMAX=2 MAILMAX=2'] })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.submit(['1@b.example', '2@b.example', '3@b.example', '4@b.example', '5@b.example'])
    await sending.settle()
    assert.deepEqual(
      host.mails.map(({ to }) => to.length),
      [2, 2, 1],
    )
    assert.equal(host.came, 2, 'the third transaction is one too many for a session')
    assert.equal(sending.store.outbound.length, 0)
  })

  test('is offered no more today to a host that takes nobody of one transaction', async () => {
    await using host = await AwayHost.start({
      extensions: ['LIMITS RCPTMAX=2'],
      manner: at({ RCPT: '450 4.2.1 busy' }),
    })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.submit(['1@b.example', '2@b.example', '3@b.example', '4@b.example', '5@b.example'])
    await sending.settle()
    const asked = () => host.lines.flatMap(line => /^RCPT TO:<(\d)/.exec(line)?.[1] ?? []).join('')
    assert.equal(asked(), '12')
    const { pending, attempts } = await sending.lone()
    assert.deepEqual([pending, attempts], [[2, 3, 4, 0, 1], 1])
    host.manner = (stage, line) => (stage === 'RCPT' && line.includes('<4@') ? '450 4.2.1 busy' : undefined)
    await sending.pass(2 * minute)
    assert.equal(asked(), '12345124')
    assert.deepEqual((await sending.lone()).pending, [3])
  })

  test('goes to each recipient by its own answer', async () => {
    const answers: Record<string, string> = { bob: '250 ok', carol: '450 4.2.1 busy', dan: '550 5.1.1 who?' }
    await using host = await AwayHost.start({
      manner: (stage, line) => (stage === 'RCPT' ? answers[/<(\w+)@/.exec(line)?.[1] ?? ''] : undefined),
    })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.submit(['bob@b.example', 'carol@b.example', 'dan@b.example'])
    await sending.settle()
    assert.deepEqual(host.mails[0]?.to, ['bob@b.example'])
    const { last, pending, attempts } = await sending.lone()
    assert.deepEqual([last, pending, attempts], ['450 4.2.1 busy', [1], 1])
    const [report = '', ...others] = await sending.reports()
    assert.equal(others.length, 0)
    assert.match(report, /^Final-Recipient: rfc822; dan@b\.example\r\n/m)
    assert.doesNotMatch(report, /carol/)
    answers.carol = '250 ok'
    await sending.pass(2 * minute)
    assert.deepEqual(host.mails[1]?.to, ['carol@b.example'])
    assert.equal(sending.store.outbound.length, 0)
  })

  test('is tried over a new connection at once when the kept one has come to its end', async () => {
    for (const [name, say] of Object.entries({ closed: 'drop', dismissed: { last: '421 4.7.0 enough' } } as const)) {
      let before = 0
      await using host = await AwayHost.start({
        manner: (stage, _, { mails }) => {
          const again = stage === 'MAIL' && mails.length === before + 1
          if (again) before += 1
          return again ? say : undefined
        },
      })
      await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
      for (let i = 0; i < 4; i++) await sending.submit([`${i}@b.example`])
      await sending.settle()
      assert.equal(host.mails.length, 4, name)
      assert.equal(sending.store.outbound.length, 0, name)
      assert.equal(host.came, 4, name)
    }
  })

  test('is not sent over a session that the peer has ended with its answer', async () => {
    await using host = await AwayHost.start({
      manner: (stage, line) => (stage === 'RCPT' && line.includes('1@') ? '421 4.3.2 closing' : undefined),
    })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    for (let i = 1; i < 4; i++) await sending.submit([`${i}@b.example`])
    await sending.settle()
    assert.deepEqual(host.mails.map(({ to }) => to[0]).sort(), ['2@b.example', '3@b.example'])
    assert.equal((await sending.lone()).last, '421 4.3.2 closing')
  })
})

describe('the hosts of a domain', () => {
  test('are tried in the order of their preferences', async () => {
    await using first = await AwayHost.start({ manner: at({ greeting: '421 busy' }) })
    await using second = await AwayHost.start({ address: '127.0.0.2', port: first.port })
    await using third = await AwayHost.start({ address: '127.0.0.3', port: first.port })
    const records = [
      ...['30 three 3', '10 one 1', '20 two 2'].flatMap(text => {
        const [preference, name, last] = text.split(' ')
        return [mx('b.example', Number(preference), `${name}.b.example`), a(`${name}.b.example`, `127.0.0.${last}`)]
      }),
    ]
    await using sending = await Sending.make({ port: first.port, records })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.deepEqual([first.mails.length, second.mails.length, third.came], [0, 1, 0])
    assert.equal(sending.logged('delivered')[0]?.host, 'two.b.example')
  })

  test('get what the first will not take now: the second and no third, and the next message begins with the first', async () => {
    for (const stage of ['MAIL', 'RCPT', 'DATA', 'end'] as const) {
      await using first = await AwayHost.start({ manner: at({ [stage]: '451 4.3.0 not now' }) })
      await using second = await AwayHost.start({ address: '127.0.0.2', port: first.port })
      await using third = await AwayHost.start({ address: '127.0.0.3', port: first.port })
      const records = [1, 2, 3].flatMap(i => [
        mx('b.example', i, `${i}.b.example`),
        a(`${i}.b.example`, `127.0.0.${i}`),
      ])
      await using sending = await Sending.make({ port: first.port, records })
      await sending.submit(['bob@b.example'])
      await sending.settle()
      assert.deepEqual([first.mails.length, second.mails.length, third.came], [0, 1, 0], stage)
      assert.equal(sending.store.outbound.length, 0)
      first.manner = () => undefined
      await sending.submit(['bob@b.example'])
      await sending.settle()
      assert.deepEqual([first.mails.length, second.mails.length], [1, 1], stage)
      second.manner = first.manner = at({ [stage]: '451 4.3.0 not now' })
      await sending.submit(['bob@b.example'])
      await sending.settle()
      assert.equal(third.came, 0, 'one attempt troubles two hosts at most')
      assert.deepEqual([(await sending.lone()).attempts, (await sending.lone()).last], [1, '451 4.3.0 not now'])
    }
  })

  test('get a message once, where one has lost its answer', async () => {
    await using first = await AwayHost.start({ manner: at({ end: 'drop' }) })
    await using second = await AwayHost.start({ address: '127.0.0.2', port: first.port })
    const records = [1, 2].flatMap(i => [mx('b.example', i, `${i}.b.example`), a(`${i}.b.example`, `127.0.0.${i}`)])
    await using sending = await Sending.make({ port: first.port, records })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.equal(second.came, 0)
    assert.equal((await sending.lone()).attempts, 1)
  })

  test('are all tried before the mail waits, and equals in any order', async () => {
    await using first = await AwayHost.start()
    await using second = await AwayHost.start({ address: '127.0.0.2', port: first.port })
    const records = [
      mx('b.example', 10, 'one.b.example'),
      mx('b.example', 10, 'two.b.example'),
      mx('b.example', 10, 'gone.b.example'),
      a('one.b.example', '127.0.0.1'),
      a('two.b.example', '127.0.0.2'),
      a('gone.b.example', '127.0.0.3'),
    ]
    await using sending = await Sending.make({ port: first.port, records })
    for (let i = 0; i < 40 && (first.came === 0 || second.came === 0); i++) {
      await sending.submit(['bob@b.example'])
      await sending.settle()
    }
    assert.ok(first.came > 0 && second.came > 0, 'one of two equals was never asked')
    assert.equal(sending.store.outbound.length, 0)
    first.close()
    second.close()
    await sending.submit(['bob@b.example'])
    await sending.settle()
    const { last, attempts } = await sending.lone()
    assert.match(last, /^451 4\.4\.1 (?:one|two|gone)\.b\.example takes no connections$/)
    assert.equal(attempts, 1)
  })

  test('are asked at both kinds of address, at no more than the budget says', async () => {
    await using host = await AwayHost.start({ manner: at({ greeting: '421 busy' }) })
    const many = Array.from({ length: 30 }, (_, i) => a('mail.b.example', `127.0.0.${i + 1}`))
    const records = [mx('b.example', 10, 'mail.b.example'), ...many, aaaa('mail.b.example', '::1')]
    await using sending = await Sending.make({ port: host.port, records })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    const tried = sending.logged('no session').map(({ address }) => address)
    assert.deepEqual([tried.length, tried[0], tried[1]], [budget.deliveryTargets, '::1', '127.0.0.1'])
  })

  test('may be the domain itself, where it has an address', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, records: [a('b.example', '127.0.0.1')] })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.deepEqual(host.mails[0]?.to, ['bob@b.example'])
  })

  test('may be those of another domain that it is an alias of', async () => {
    await using host = await AwayHost.start()
    const rest = zone(domain('c.example'))
    await using sending = await Sending.make({
      port: host.port,
      names: asked => (asked.name === 'b.example' ? [{ answers: [cname('b.example', 'c.example')] }] : rest(asked)),
    })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.deepEqual(host.mails[0]?.to, ['bob@b.example'])
  })

  test('may be an address literal', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port })
    await sending.submit(['bob@[127.0.0.1]', 'bob@[ipv6:::1]'])
    await sending.settle()
    assert.deepEqual(
      host.mails.map(({ to }) => to),
      [['bob@[127.0.0.1]']],
    )
    assert.match((await sending.lone()).last, /^451 4\.4\.1 /)
    assert.deepEqual(sending.names.log, [])
  })

  test('may be named by the household, without a look at the DNS', async () => {
    await using host = await AwayHost.start()
    const config = `[relay]\nroutes = ["b.example=127.0.0.1:${host.port}", "c.example=localhost.example:${host.port}"]`
    await using sending = await Sending.make({ config, records: [a('localhost.example', '127.0.0.1')] })
    await sending.submit(['bob@b.example', 'carol@c.example'])
    await sending.settle()
    assert.deepEqual(host.mails.map(({ to }) => to[0]).sort(), ['bob@b.example', 'carol@c.example'])
    assert.ok(sending.names.log.every(asked => !asked.includes('MX')))
  })
})

const gone: readonly (readonly [name: string, records: Answer[], status: string, words: RegExp])[] = [
  ['that does not exist', [], '5.1.2', /There is no domain b\.example/],
  ['that takes no mail', [mx('b.example', 0, '.')], '5.1.10', /The domain b\.example takes no mail/],
  ['without a host', [txt('b.example', ['hello'])], '5.1.2', /The domain b\.example has no host/],
  ['whose host is this one', [mx('b.example', 10, 'mail.home.example')], '5.4.6', /comes here/],
  [
    'whose hosts are this one and worse ones',
    [mx('b.example', 10, 'Mail.Home.Example'), mx('b.example', 20, 'other.example'), a('other.example', '127.0.0.1')],
    '5.4.6',
    /comes here/,
  ],
]

describe('mail for a domain', () => {
  for (const [name, records, status, words] of gone) {
    test(`${name} goes back at once`, async () => {
      await using host = await AwayHost.start()
      await using sending = await Sending.make({ port: host.port, records })
      await sending.submit(['bob@b.example'])
      await sending.settle()
      const [report = '', ...others] = await sending.reports()
      assert.equal(others.length, 0)
      assert.match(report, /^Action: failed\r\n/m)
      assert.match(report, new RegExp(`^Status: ${status.replaceAll('.', '\\.')}\r\n`, 'm'))
      assert.match(report.replace(/\r\n +/g, ' '), words)
      assert.deepEqual([host.came, sending.store.outbound.length], [0, 0])
    })
  }

  test('whose host turns out to be this machine goes back at once', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({
      port: host.port,
      records: domain('b.example'),
      ourselves: { isHere: (address, port) => address === '127.0.0.1' && port === host.port },
    })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.match((await sending.reports())[0] ?? '', /^Status: 5\.4\.6\r\n/m)
    assert.equal(host.came, 0)
  })

  test('goes to hosts that are better than this one, and waits while they are away', async () => {
    await using host = await AwayHost.start()
    const records = [...domain('b.example'), mx('b.example', 20, 'mail.home.example')]
    await using sending = await Sending.make({ port: host.port, records })
    host.manner = at({ greeting: '554 not today' })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.equal((await sending.lone()).last, '451 not today')
    host.manner = () => undefined
    await sending.pass(2 * minute)
    assert.equal(host.mails.length, 1)
  })
})

const failing: readonly (readonly [name: string, says: ReturnType<Say>, last: RegExp])[] = [
  ['that its server cannot look up', [{ code: code.serverFailure }], /^451 4\.4\.3 The name b\.example could not be/],
  ['with an answer that is cut off', [{ truncated: true }], /^451 4\.4\.3 The name b\.example could not be looked up/],
  [
    'whose aliases lead nowhere',
    [{ answers: [cname('b.example', 'c.example'), cname('c.example', 'b.example')] }],
    /aliases/,
  ],
  ['whose hosts are named wrongly', [{ answers: [mx('b.example', 10, '10.0.0.1')] }], /^451 4\.4\.4 .* named wrongly/],
]

describe('mail waits for a domain', () => {
  for (const [name, says, last] of failing) {
    test(name, async () => {
      await using host = await AwayHost.start()
      await using sending = await Sending.make({ port: host.port, names: () => says })
      await sending.submit(['bob@b.example'])
      await sending.settle()
      const left = await sending.lone()
      assert.match(left.last, last)
      assert.equal(left.attempts, 1)
      assert.deepEqual(await sending.reports(), [])
    })
  }

  test('of which one host cannot be looked up, only if no other host takes it', async () => {
    await using host = await AwayHost.start()
    const records = [
      mx('b.example', 10, 'lost.b.example'),
      mx('b.example', 20, 'mail.b.example'),
      a('mail.b.example', '127.0.0.1'),
    ]
    const rest = zone(records)
    await using sending = await Sending.make({
      port: host.port,
      names: asked => (asked.name === 'lost.b.example' ? [{ code: code.serverFailure }] : rest(asked)),
    })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.equal(host.mails.length, 1)
  })
})

describe('while no name server answers', () => {
  test('nothing counts as an attempt, and it is looked again after a while', async () => {
    await using host = await AwayHost.start()
    let away = true
    const rest = zone([...domain('b.example'), ...domain('c.example')])
    await using sending = await Sending.make({ port: host.port, names: asked => (away ? [] : rest(asked)) })
    await sending.submit(['bob@b.example', 'carol@c.example'])
    sending.queue.start()
    await sending.despair()
    assert.equal(sending.queue.offline, true)
    assert.deepEqual(
      (await sending.waiting()).map(({ attempts, last }) => [attempts, last]),
      [
        [0, ''],
        [0, ''],
      ],
    )
    assert.equal(sending.logged('nothing is sent for a moment').length, 1)
    away = false
    await sending.pass(budget.offlineMs - minute / 2)
    assert.equal(host.came, 0)
    await sending.pass(minute)
    assert.equal(host.mails.length, 2)
    assert.equal(sending.queue.offline, false)
  })

  test('who has waited long hears of it, and in the end gets the message back', async () => {
    await using sending = await Sending.make({ names: () => [] })
    await sending.submit(['bob@b.example'])
    sending.queue.start()
    await sending.despair()
    sending.clock.pass(4 * hour)
    await sending.despair()
    assert.match((await sending.reports()).at(-1) ?? '', /^Action: delayed\r\n/m)
    assert.equal((await sending.lone()).noticed, true)
    sending.clock.pass(5 * day)
    await sending.despair()
    const reports = await sending.reports()
    assert.equal(reports.length, 2)
    assert.match(reports[1] ?? '', /^Action: failed\r\n/m)
    assert.match(reports[1] ?? '', /^Status: 4\.4\.7\r\n|^Status: 5\.4\.7\r\n/m)
    assert.equal(sending.store.outbound.length, 0)
  })

  test('and none has for a moment, forgetting that is enough to try again', async () => {
    await using host = await AwayHost.start()
    let away = true
    const rest = zone(domain('b.example'))
    await using sending = await Sending.make({ port: host.port, names: asked => (away ? [] : rest(asked)) })
    await sending.submit(['bob@b.example'])
    sending.queue.start()
    await sending.despair()
    away = false
    sending.queue.forgetRests()
    await sending.retry()
    assert.equal(host.mails.length, 1)
  })
})
