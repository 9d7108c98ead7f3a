/** What is asked, whom, how often; what is believed of the answers, and for how long. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { DNSSEC_OK, encode } from 'dns-packet'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import { exchange } from '../../src/dns/exchange.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { nameServers } from '../../src/dns/server.ts'
import { readStep } from '../../src/dns/step.ts'
import { type Asked, a, aaaa, cname, code, mx, NameServer, type Say, soa, tlsa, txt, zone } from './name-server.ts'
import { StillClock } from './still-clock.ts'

/** Name servers with a resolver that asks them. */
class House implements AsyncDisposable {
  readonly servers: readonly NameServer[]
  readonly clock: StillClock
  readonly resolver: Resolver

  private constructor(servers: readonly NameServer[], clock: StillClock) {
    this.servers = servers
    this.clock = clock
    this.resolver = new Resolver({ servers: servers.map(server => server.address), clock })
  }

  static async make(...says: readonly Say[]): Promise<House> {
    return House.makeWith(new StillClock(), ...says)
  }

  static async makeWith(clock: StillClock, ...says: readonly Say[]): Promise<House> {
    return new House(await Promise.all(says.map(say => NameServer.start(say))), clock)
  }

  /** @returns what the first server was asked */
  get log(): readonly string[] {
    return this.servers[0]?.log ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resolver.close()
    await Promise.all(this.servers.map(server => server[Symbol.asyncDispose]()))
  }
}

/** Says nothing until whoever asks has given up. */
function silence(clock: StillClock): Say {
  return () => {
    clock.pass(budget.dnsAnswerMs)
    return []
  }
}

const fails =
  (failure: Failure['code'], words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Failure && error.code === failure && words.test(error.message)

const home = '192.0.2.1'

describe('an answer', () => {
  const digest = Buffer.alloc(32, 7)
  const cases = [
    { type: 'A', given: a('x.example', home), read: { type: 'A', address: home } },
    { type: 'AAAA', given: aaaa('x.example', '2001:db8::1'), read: { type: 'AAAA', address: '2001:db8::1' } },
    { type: 'MX', given: mx('x.example', 7, 'M.Example'), read: { type: 'MX', preference: 7, exchange: 'm.example' } },
    { type: 'MX', given: mx('x.example', 0, '.'), read: { type: 'MX', preference: 0, exchange: '' } },
    { type: 'TXT', given: txt('x.example', ['v=1; ', 'more']), read: { type: 'TXT', text: 'v=1; more' } },
    {
      type: 'PTR',
      given: { type: 'PTR', name: 'x.example', data: 'M.Example', ttl: 300 },
      read: { type: 'PTR', name: 'm.example' },
    },
    {
      type: 'TLSA',
      given: tlsa('x.example', 3, 1, 1, digest),
      read: { type: 'TLSA', usage: 3, selector: 1, matchingType: 1, association: digest },
    },
  ] as const
  for (const { type, given, read } of cases) {
    test(`with a record of type ${type} is read: ${JSON.stringify(read)}`, async () => {
      await using house = await House.make(zone([given]))
      assert.deepEqual(await house.resolver.query('X.example', type), {
        status: 'found',
        records: [read],
        secure: false,
        name: 'x.example',
      })
    })
  }

  test('may be that there is no such record, or no such name', async () => {
    await using house = await House.make(zone([a('x.example', home)]))
    assert.equal((await house.resolver.query('x.example', 'MX')).status, 'no-data')
    assert.equal((await house.resolver.query('y.example', 'MX')).status, 'no-name')
  })

  test('about a name that no message can hold needs no question', async () => {
    await using house = await House.make(zone([]))
    for (const name of ['', '.', 'a..example', 'x'.repeat(64), `${'a.'.repeat(126)}aa`, 'a b.example', 'a\r\n.example'])
      assert.equal((await house.resolver.query(name, 'A')).status, 'no-name')
    assert.deepEqual(house.log, [])
  })

  test('keeps the best of a thousand MX records, which come by TCP', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => mx('x.example', 1000 - i, `m${i}.example`))
    await using house = await House.make(({ by }) => [by === 'udp' ? { truncated: true } : { answers: many }])
    const { records } = await house.resolver.query('x.example', 'MX')
    assert.deepEqual(
      records.map(record => record.preference),
      Array.from({ length: budget.dnsUsed }, (_, i) => i + 1),
    )
  })

  test('with more records than any needs is not read', async () => {
    const many = Array.from({ length: budget.dnsRecords + 1 }, () => a('x', home))
    await using house = await House.make(({ by }) => [by === 'udp' ? { truncated: true } : { answers: many }])
    await assert.rejects(house.resolver.query('x', 'A'), fails('DNS', /cannot be read/))
  })

  test('about other names and classes is not looked at', async () => {
    const answers = [a('y.example', '192.0.2.9'), { ...a('x.example', '192.0.2.8'), class: 'CH' } as const]
    await using house = await House.make(() => [{ answers: [...answers, a('x.example', home)] }])
    const { records } = await house.resolver.query('x.example', 'A')
    assert.deepEqual(records, [{ type: 'A', address: home }])
  })

  test('is secure where the server on this host says so, to each part of it', async () => {
    await using house = await House.make(({ name }) =>
      name === 'x.example'
        ? [{ secure: true, answers: [cname('x.example', 'y.example')] }]
        : [
            {
              secure: name === 'z.example',
              answers: [name === 'w.example' ? cname(name, 'z.example') : a(name, home)],
            },
          ],
    )
    assert.equal((await house.resolver.query('z.example', 'A')).secure, true)
    for (const name of ['x.example', 'w.example']) assert.equal((await house.resolver.query(name, 'A')).secure, false)
  })

  test('is not secure where the word for it comes from another host', () => {
    const message = { noName: false, authentic: true, records: [], denialTtl: 60, octets: 60 }
    for (const believed of [true, false]) {
      const step = readStep(message, 'x.example', 'A', believed)
      assert.ok(typeof step !== 'string' && step.secure === believed)
    }
  })
})

describe('a question', () => {
  test('asks for recursion and for what is known of signatures, in 1232 octets', async () => {
    await using house = await House.make(zone([a('x.example', home)]))
    await house.resolver.query('x.example', 'A')
    const packet = house.servers[0]?.asked[0]?.packet
    assert.equal(packet?.flag_rd, true)
    assert.equal(packet?.flag_ad, true)
    const [opt] = packet?.additionals ?? []
    assert.ok(opt?.type === 'OPT' && opt.udpPayloadSize === budget.dnsUdp && (opt.flags & DNSSEC_OK) > 0)
  })

  test('has an id and a port of its own', async () => {
    const names = Array.from({ length: 32 }, (_, i) => `x${i}.example`)
    await using house = await House.make(zone([]))
    for (const name of names) await house.resolver.query(name, 'A')
    const asked = house.servers[0]?.asked ?? []
    assert.ok(new Set(asked.map(({ packet }) => packet.id)).size > 16)
    assert.ok(new Set(asked.map(({ port }) => port)).size > 16)
  })

  test('is put again without EDNS where the server does not know it', async () => {
    await using house = await House.make(({ packet }) =>
      packet.additionals?.length ? [{ code: code.formatError, questions: [] }] : [{ answers: [a('x.example', home)] }],
    )
    assert.equal((await house.resolver.query('x.example', 'A')).status, 'found')
    assert.equal(house.log.length, 2)
  })

  test('that many ask at the same time is put once', async () => {
    await using house = await House.make(zone([a('x.example', home, 0)]))
    await Promise.all(['x.example', 'X.EXAMPLE', 'x.example'].map(name => house.resolver.query(name, 'A')))
    assert.deepEqual(house.log, ['udp A x.example'])
  })

  test('waits where too many are under way', async () => {
    const full = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    await using house = await House.make(async ({ name }) => {
      if (name === 'probe.example') release.resolve()
      else if (house.log.length === budget.dnsQueries) full.resolve()
      await release.promise
      return [{ answers: [a(name, home)] }]
    })
    const asking = Array.from({ length: budget.dnsQueries + 8 }, (_, i) => house.resolver.query(`x${i}.example`, 'A'))
    await full.promise
    // What was sent before the probe comes before it.
    const probing = new Resolver({ servers: house.servers.map(server => server.address), clock: house.clock })
    await probing.query('probe.example', 'A')
    assert.equal(house.log.indexOf('udp A probe.example'), budget.dnsQueries)
    await Promise.all(asking)
  })

  test('is not put at all where it was over before', async () => {
    await using house = await House.make(found)
    const options = { clock: house.clock, signal: AbortSignal.abort() }
    for (const server of nameServers(house.servers.map(({ address }) => address)))
      assert.deepEqual(await exchange(server, 'x.example', 'A', options), { kind: 'silent' })
    assert.deepEqual(house.log, [])
  })

  test('ends when the resolver is closed, and none follows', async () => {
    const asked = Promise.withResolvers<void>()
    await using house = await House.make(() => {
      asked.resolve()
      return []
    })
    const query = house.resolver.query('x.example', 'A')
    await asked.promise
    house.resolver.close()
    await assert.rejects(query, fails('NETWORK', /stops/))
    await assert.rejects(house.resolver.query('y.example', 'A'), fails('NETWORK', /stops/))
    assert.deepEqual(house.log, ['udp A x.example'])
  })
})

const found = zone([a('x.example', home)])

describe('a server that cannot answer', () => {
  const cases: readonly (readonly [name: string, say: Say, words: RegExp])[] = [
    ['says SERVFAIL', () => [{ code: code.serverFailure }], /SERVFAIL/],
    ['says REFUSED', () => [{ code: code.refused }], /REFUSED/],
    ['says REFUSED without the question', () => [{ code: code.refused, questions: [] }], /REFUSED/],
    ['says what nobody knows', () => [{ code: 11 }], /RCODE 11/],
    ['does not understand at all', () => [{ code: code.formatError }], /FORMERR/],
    ['sends garbage', asked => [garbage(asked)], /cannot be read/],
    ['sends half an answer', asked => [half(asked)], /cannot be read/],
    ['truncates by TCP too', () => [{ truncated: true }], /makes no sense/],
    ['has an alias to what is no name', () => [{ answers: [cname('x.example', 'a/b')] }], /is no name/],
    ['has an alias to itself', () => [{ answers: [cname('x.example', 'x.example')] }], /too many aliases/],
  ]
  for (const [name, say, words] of cases) {
    test(`${name}: then another one is asked`, async () => {
      await using house = await House.make(say, found)
      assert.equal((await house.resolver.query('x.example', 'A')).status, 'found')
    })
    test(`${name}: where there is no other, the failure says so, and is not kept`, async () => {
      await using house = await House.make(say)
      await assert.rejects(house.resolver.query('x.example', 'A'), fails('DNS', words))
      const asked = house.log.length
      await assert.rejects(house.resolver.query('x.example', 'A'), fails('DNS', words))
      assert.equal(house.log.length, asked * 2)
    })
  }

  test('is told from a network that is not there, even if all others are silent', async () => {
    const clock = new StillClock()
    await using house = await House.makeWith(clock, silence(clock), () => [{ code: code.serverFailure }])
    await assert.rejects(house.resolver.query('x.example', 'A'), fails('DNS', /SERVFAIL/))
    assert.deepEqual(
      house.servers.map(server => server.log.length),
      [2, 1],
    )
  })

  test('may be one that only knows its own names', async () => {
    // Neither recursion nor authority is claimed: flags 0x8000.
    const referral = ({ packet }: Asked) => {
      const octets = Buffer.alloc(12 + 11 + 4)
      octets.writeUInt16BE(packet.id ?? 0)
      octets.writeUInt16BE(0x8000, 2)
      octets.writeUInt16BE(1, 4)
      octets.write('\x01x\x07example\0\0\x01\0\x01', 12, 'latin1')
      return [octets]
    }
    await using house = await House.make(referral)
    await assert.rejects(house.resolver.query('x.example', 'A'), fails('DNS', /for others/))
  })
})

function garbage({ packet }: Asked): Buffer {
  const octets = Buffer.alloc(60, 0xff)
  octets.writeUInt16BE(packet.id ?? 0)
  return octets
}

function half({ packet }: Asked): Buffer {
  const octets = Buffer.alloc(27)
  octets.writeUInt16BE(packet.id ?? 0)
  octets.writeUInt16BE(0x8180, 2)
  octets.writeUInt16BE(1, 4)
  octets.writeUInt16BE(1, 6)
  octets.write('\x01x\x07example\0\0\x01\0\x01', 12, 'latin1')
  return octets
}

describe('a server that is silent', () => {
  test('is asked twice, each in its turn, and then the network is at fault', async () => {
    const clock = new StillClock()
    await using house = await House.makeWith(clock, silence(clock), silence(clock))
    const began = clock.elapsed()
    await assert.rejects(house.resolver.query('x.example', 'A'), fails('NETWORK', /No name server answers/))
    assert.deepEqual(
      house.servers.map(server => server.log.length),
      [2, 2],
    )
    assert.equal(clock.elapsed() - began, 4 * budget.dnsAnswerMs)
  })

  test('gives way to the next', async () => {
    const clock = new StillClock()
    await using house = await House.makeWith(clock, silence(clock), found)
    assert.equal((await house.resolver.query('x.example', 'A')).status, 'found')
    assert.equal(house.log.length, 1)
  })

  test('may answer the second time', async () => {
    const clock = new StillClock()
    let times = 0
    await using house = await House.makeWith(clock, asked => {
      times += 1
      return times === 1 ? silence(clock)(asked) : found(asked)
    })
    assert.equal((await house.resolver.query('x.example', 'A')).status, 'found')
  })

  test('need not be waited for where nobody listens', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    socket.close()
    const resolver = new Resolver({ servers: [`127.0.0.1:${port}`], clock: new StillClock() })
    await assert.rejects(resolver.query('x.example', 'A'), fails('NETWORK', new RegExp(`127.0.0.1:${port}`)))
  })

  test('by TCP only fails for what does not fit a datagram', async () => {
    const clock = new StillClock()
    await using house = await House.makeWith(clock, asked =>
      asked.by === 'udp' ? [{ truncated: true }] : silence(clock)(asked),
    )
    await assert.rejects(house.resolver.query('x.example', 'A'), fails('DNS', /whole answer by TCP/))
  })
})

describe('a stray', () => {
  const truth = { answers: [a('x.example', home)] }
  const lie = [a('x.example', '203.0.113.66')]
  const cases: readonly (readonly [name: string, stray: (asked: Asked) => ReturnType<Say>])[] = [
    ['with another id', ({ packet }) => [{ id: (packet.id ?? 0) ^ 1, answers: lie }, truth]],
    ['for another name', () => [{ questions: [{ name: 'y.example', type: 'A' }], answers: lie }, truth]],
    ['for another type', () => [{ questions: [{ name: 'x.example', type: 'MX' }], answers: lie }, truth]],
    ['for another class', () => [{ questions: [{ name: 'x.example', type: 'A', class: 'CH' }], answers: lie }, truth]],
    ['without a question', () => [{ questions: [], answers: lie }, truth]],
    ['of a few octets', () => [Buffer.from('zz'), Buffer.alloc(0), truth]],
    ['that is a question itself', ({ packet }) => [encode({ ...packet, answers: lie }), truth]],
  ]
  for (const [name, say] of cases) {
    test(`${name} is passed over`, async () => {
      await using house = await House.make(say)
      assert.deepEqual((await house.resolver.query('x.example', 'A')).records, [{ type: 'A', address: home }])
    })
  }

  test('among many makes it ask by TCP, where nobody can guess', async () => {
    await using house = await House.make(({ by, packet }) =>
      by === 'tcp'
        ? [truth]
        : Array.from({ length: budget.dnsStrays }, (_, i) => ({ id: (packet.id ?? 0) ^ (i + 1), answers: lie })),
    )
    assert.deepEqual((await house.resolver.query('x.example', 'A')).records, [{ type: 'A', address: home }])
    assert.deepEqual(house.log, ['udp A x.example', 'tcp A x.example'])
  })
})

/** A server where x1.example is an alias of x2.example, and so on, with an address at the end. */
function chain(length: number): Say {
  return ({ name }) => {
    const place = Number(/^x(\d+)/.exec(name)?.[1])
    return [{ answers: [place <= length ? cname(name, `x${place + 1}.example`) : a(name, home)] }]
  }
}

describe('an alias', () => {
  test('is followed within the answer', async () => {
    const answers = [cname('x.example', 'Y.example'), a('z.example', home), cname('y.example', 'z.example')]
    await using house = await House.make(() => [{ answers }])
    const { records, name } = await house.resolver.query('x.example', 'A')
    assert.deepEqual([records, name, house.log.length], [[{ type: 'A', address: home }], 'z.example', 1])
  })

  test('is followed by another question where the answer stops', async () => {
    await using house = await House.make(chain(budget.dnsAliases))
    const { records, name } = await house.resolver.query('x1.example', 'A')
    assert.deepEqual([records, name], [[{ type: 'A', address: home }], `x${budget.dnsAliases + 1}.example`])
    assert.equal(house.log.length, budget.dnsAliases + 1)
  })

  test('may lead to a name without such a record, or to none', async () => {
    await using house = await House.make(({ name }) => [
      {
        code: name === 'gone.example' ? code.noName : 0,
        answers: [cname(name, 'y.example')],
        authorities: [soa('example', 60)],
      },
    ])
    const bare = await house.resolver.query('x.example', 'A')
    const gone = await house.resolver.query('gone.example', 'A')
    assert.deepEqual([bare.status, gone.status, house.log.length], ['no-data', 'no-name', 2])
  })

  const circles: readonly (readonly [name: string, say: Say])[] = [
    ['one more than is followed', chain(budget.dnsAliases + 1)],
    ['a circle', ({ name }) => [{ answers: [cname(name, name === 'x1.example' ? 'x2.example' : 'x1.example')] }]],
    [
      'a circle within the answer',
      () => [{ answers: [cname('x1.example', 'x2.example'), cname('x2.example', 'x1.example')] }],
    ],
  ]
  for (const [name, say] of circles) {
    test(`leads nowhere: ${name}`, async () => {
      await using house = await House.make(say)
      await assert.rejects(house.resolver.query('x1.example', 'A'), fails('DNS', /aliases/))
    })
  }
})

describe('an answer is kept', () => {
  const day = budget.dnsCacheMs
  const cases: readonly (readonly [name: string, ms: number, say: Say])[] = [
    ['as long as its shortest record', 60_000, () => [{ answers: [a('x', home, 90), a('x', '192.0.2.2', 60)] }]],
    ['as long as its aliases', 30_000, () => [{ answers: [cname('x', 'y', 30), a('y', home, 90)] }]],
    ['for a day at most', day, () => [{ answers: [a('x', home, 1_000_000)] }]],
    ['not at all where it says so', 0, () => [{ answers: [a('x', home, 0)] }]],
    ['not at all where it says what is no time', 0, () => [{ answers: [a('x', home, 0x8000_0000)] }]],
    ['that says no, for as long as the zone says', 20_000, () => [{ code: 3, authorities: [soa('x', 20, 90)] }]],
    ['that says no, for as long as the SOA itself', 20_000, () => [{ authorities: [soa('x', 90, 20)] }]],
    [
      'that says no, for a quarter of an hour',
      budget.dnsDenialMs,
      () => [{ code: 3, authorities: [soa('x', 1e6, 1e6)] }],
    ],
    ['that says no without a word about that, not at all', 0, () => [{ code: 3 }]],
  ]
  for (const [name, ms, say] of cases) {
    test(name, async () => {
      await using house = await House.make(say)
      const first = await house.resolver.query('x', 'A')
      house.clock.pass(Math.max(ms - 1, 0))
      assert.deepEqual(await house.resolver.query('x', 'A'), first)
      assert.equal(house.log.length, ms > 0 ? 1 : 2)
      house.clock.pass(1)
      assert.deepEqual(await house.resolver.query('x', 'A'), first)
      assert.equal(house.log.length, ms > 0 ? 2 : 3)
    })
  }

  test('but not one of many octets', async () => {
    const answers = Array.from({ length: 60 }, (_, i) => txt('x', [`${i}${'.'.repeat(200)}`]))
    await using house = await House.make(({ by }) => [by === 'udp' ? { truncated: true } : { answers }])
    for (let i = 0; i < 2; i += 1) await house.resolver.query('x', 'TXT')
    assert.equal(house.log.length, 4)
  })

  test('until too many came after it', async () => {
    await using house = await House.make(({ name }) => [{ answers: [a(name, home)] }])
    for (let i = 0; i < budget.dnsCache; i += 1) await house.resolver.query(`x${i}`, 'A')
    await house.resolver.query('x0', 'A')
    assert.equal(house.log.length, budget.dnsCache)
    await house.resolver.query('one-more', 'A')
    await house.resolver.query('x1', 'A')
    assert.equal(house.log.length, budget.dnsCache + 1)
    await house.resolver.query('x0', 'A')
    assert.equal(house.log.length, budget.dnsCache + 2)
  })
})
