/** Which hosts take a domain's mail, and at which addresses: RFC 5321 §5.1, RFC 7505. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Answer } from 'dns-packet'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import { addressesOf } from '../../src/dns/addresses.ts'
import { type MailHost, mailHosts, withoutOurselves } from '../../src/dns/mx.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { a, aaaa, cname, code, mx, NameServer, type Say, zone } from './name-server.ts'
import { StillClock } from './still-clock.ts'

const random = () => 0

async function ask<Result>(say: Say, question: (resolver: Resolver) => Promise<Result>): Promise<Result> {
  await using server = await NameServer.start(say)
  return await question(new Resolver({ servers: [server.address], clock: new StillClock() }))
}

const hostsOf = (records: readonly Answer[], chance = random) =>
  ask(zone(records), resolver => mailHosts(resolver, 'x.example', { random: chance }))

const host = (name: string, preference: number): MailHost => ({ name, preference })

describe('the mail hosts of a domain', () => {
  const home = a('x.example', '192.0.2.1')
  const secure = false
  const cases = [
    {
      name: 'are its MX records, the lowest preference first',
      records: [mx('x.example', 20, 'b.example'), mx('x.example', 5, 'C.Example'), mx('x.example', 10, 'a.example')],
      hosts: {
        kind: 'hosts',
        hosts: [host('c.example', 5), host('a.example', 10), host('b.example', 20)],
        secure,
        implicit: false,
      },
    },
    {
      name: 'are itself where it has none',
      records: [home],
      hosts: { kind: 'hosts', hosts: [host('x.example', 0)], secure, implicit: true },
    },
    { name: 'are none where the domain does not exist', records: [], hosts: { kind: 'no-domain' } },
    { name: 'are none where it says so', records: [mx('x.example', 0, '.'), home], hosts: { kind: 'null-mx' } },
    {
      name: 'are those beside a null MX',
      records: [mx('x.example', 0, '.'), mx('x.example', 5, 'm.example')],
      hosts: { kind: 'hosts', hosts: [host('m.example', 5)], secure, implicit: false },
    },
    {
      name: 'are named once, at the lowest preference',
      records: [mx('x.example', 9, 'm.example'), mx('x.example', 5, 'M.example'), mx('x.example', 7, 'n.example')],
      hosts: { kind: 'hosts', hosts: [host('m.example', 5), host('n.example', 7)], secure, implicit: false },
    },
    {
      name: 'are only what is a host name',
      records: [
        ...['192.0.2.1', '1', 'a b.example', 'a\r\n.example', 'ü.example', 'a\0.example', '-', '<a>.example'].map(
          text => mx('x.example', 1, text),
        ),
        mx('x.example', 5, 'under_score.example'),
      ],
      hosts: { kind: 'hosts', hosts: [host('under_score.example', 5)], secure, implicit: false },
    },
    { name: 'are bad where none is', records: [mx('x.example', 5, '192.0.2.1'), home], hosts: { kind: 'bad-mx' } },
    {
      name: 'may be those of the name that it is an alias of',
      records: [cname('x.example', 'y.example'), mx('y.example', 5, 'm.example')],
      say: ({ name }) => [
        { answers: name === 'x.example' ? [cname('x.example', 'y.example'), mx('y.example', 5, 'm.example')] : [] },
      ],
      hosts: { kind: 'hosts', hosts: [host('m.example', 5)], secure, implicit: false },
    },
  ] as const satisfies readonly { name: string; records: readonly Answer[]; say?: Say; hosts: unknown }[]
  for (const { name, hosts, ...given } of cases) {
    test(name, async () => {
      const say = 'say' in given ? given.say : zone(given.records)
      assert.deepEqual(await ask(say, resolver => mailHosts(resolver, 'x.example', { random })), hosts)
    })
  }

  test('of equal preference come in any order, each as often as the other', async () => {
    const records = ['a', 'b', 'c'].map(name => mx('x.example', 5, name)).concat(mx('x.example', 1, 'first'))
    const orders = new Set<string>()
    for (const one of [0, 0.4, 0.8]) {
      for (const two of [0, 0.6]) {
        // One chance for each host that is drawn, of four, then three, then two.
        const chances = [0, one, two, 0]
        const found = await hostsOf(records, () => chances.shift() ?? 0)
        assert.ok(found.kind === 'hosts')
        assert.equal(found.hosts[0]?.name, 'first')
        orders.add(found.hosts.map(({ name }) => name).join(' '))
      }
    }
    assert.equal(orders.size, 6)
  })

  test('are secure where the answer is, and so is their absence', async () => {
    const records = [mx('x.example', 5, 'm.example'), a('y.example', '192.0.2.1')]
    for (const domain of ['x.example', 'y.example']) {
      const found = await ask(zone(records, { secure: true }), resolver => mailHosts(resolver, domain))
      assert.ok(found.kind === 'hosts' && found.secure)
    }
  })
})

describe('without ourselves', () => {
  const all = [host('a', 5), host('b', 10), host('us', 10), host('c', 20)]
  const ours = (...names: string[]) => withoutOurselves(all, ({ name }) => names.includes(name))
  test('only the better hosts are left', () => assert.deepEqual(ours('us'), [host('a', 5)]))
  test('all are left where we are none of them', () => assert.deepEqual(ours(), all))
  test('our best place counts', () => assert.deepEqual(ours('c', 'b'), [host('a', 5)]))
  test('where we are the best mail would go round', () => assert.equal(ours('a', 'us'), 'loop'))
})

const fails = (failure: Failure['code']) => (error: unknown) => error instanceof Failure && error.code === failure

describe('the addresses of a host', () => {
  const four = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(address => a('m.example', address))
  const six = ['2001:db8::1'].map(address => aaaa('m.example', address))
  const of = (say: Say) => ask(say, resolver => addressesOf(resolver, 'm.example'))

  test('take turns, IPv6 first', async () => {
    const { addresses } = await of(zone([...four, ...six]))
    assert.deepEqual(
      addresses.map(({ address, family }) => `${family} ${address}`),
      ['6 2001:db8::1', '4 192.0.2.1', '4 192.0.2.2', '4 192.0.2.3'],
    )
  })

  for (const [kept, failing] of [
    [four, 'AAAA'],
    [six, 'A'],
  ] as const) {
    test(`are those of the other family where ${failing} cannot be looked up`, async () => {
      const say: Say = asked => (asked.type === failing ? [{ code: code.serverFailure }] : zone(kept)(asked))
      assert.equal((await of(say)).addresses.length, kept.length)
    })
    test(`are not known where ${failing} cannot be looked up and the other family has none`, async () => {
      const say: Say = ({ type }) => [{ code: type === failing ? code.serverFailure : code.noName }]
      await assert.rejects(of(say), fails('DNS'))
    })
  }

  test('are none where it has none', async () => {
    assert.deepEqual(await of(zone([])), { addresses: [], secure: false, name: 'm.example' })
  })

  test('are as many as are tried', async () => {
    const many = Array.from({ length: 40 }, (_, i) => a('m.example', `192.0.2.${i}`))
    const { addresses } = await of(({ by, type }) => [
      by === 'udp' ? { truncated: true } : { answers: type === 'A' ? many : [] },
    ])
    assert.equal(addresses.length, budget.dnsAddresses)
  })

  test('are secure where both answers are, and come with the name they were found at', async () => {
    const say =
      (secure: boolean): Say =>
      ({ type }) => [
        {
          secure: secure || type === 'A',
          answers: type === 'A' ? [cname('m.example', 'n.example'), a('n.example', '192.0.2.1')] : [],
        },
      ]
    const [both, one] = [await of(say(true)), await of(say(false))]
    assert.deepEqual([both.secure, one.secure, both.name], [true, false, 'n.example'])
  })
})
