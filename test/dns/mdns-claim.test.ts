/** A claim to a name under .local, driven by hand: dns/mdns-claim.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encode } from 'dns-packet'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { Claim, type Origin, type Sending } from '../../src/dns/mdns-claim.ts'
import { type Address, addressOf, type Heard, readMdns, statement } from '../../src/dns/mdns-packet.ts'

const [ours, theirs, later] = [addressOf('192.168.1.5'), addressOf('192.168.1.9'), addressOf('192.168.1.200')]
const peer: Origin = { address: '192.168.1.9', port: 5353, peer: true }
const plain: Origin = { address: '192.168.1.9', port: 40_000, peer: false }
const name = 'porchlight.local'

/** What was sent, as others hear it. */
function heardOf(sendings: readonly Sending[]): readonly Heard[] {
  return sendings.map(({ octets }) => {
    const heard = readMdns(octets)
    assert(heard)
    return heard
  })
}

/** Lets time pass as its timer would. @returns what was sent on the way */
function pass(claim: Claim, from: number, to: number): readonly Sending[] {
  const sent: Sending[] = []
  for (let now = from; claim.due !== undefined && claim.due <= to; ) {
    now = Math.max(now, claim.due)
    sent.push(...claim.tick(now))
  }
  return sent
}

/** A claim that has become ours at 2000. */
function settled(addresses: readonly Address[] = [ours]): Claim {
  const claim = new Claim('porchlight', () => 0.5)
  claim.use(addresses, 0)
  pass(claim, 0, 2000)
  assert.equal(claim.name, name)
  return claim
}

function said(address: Address, as = name, ttl = 120): Heard {
  return { id: 0, response: true, questions: [], answers: [{ name: as, ttl, ...address }], proposed: [] }
}

function question(type: 'A' | 'AAAA' | 'ANY', more: Partial<Heard['questions'][0]> = {}): Heard {
  return { id: 7, response: false, questions: [{ name, type, unicast: false, ...more }], answers: [], proposed: [] }
}

describe('a name', () => {
  test('is asked for three times, then announced twice, and is ours', () => {
    const claim = new Claim('porchlight', () => 0.5)
    assert.deepEqual(claim.use([ours], 0), [])
    assert.equal(claim.due, 125)
    const sent = heardOf(pass(claim, 0, 10_000))
    assert.deepEqual(
      sent.map(({ response, questions, answers }) => (response ? answers[0]?.address : questions[0]?.type)),
      ['ANY', 'ANY', 'ANY', '192.168.1.5', '192.168.1.5'],
    )
    assert.equal(claim.name, name)
    assert.equal(claim.due, undefined)
  })
  test('of somebody else gets a number', () => {
    const claim = new Claim('porchlight', () => 0)
    claim.use([ours], 0)
    pass(claim, 0, 300)
    claim.hear(said(theirs), peer, 300)
    assert.equal(claim.name, undefined)
    pass(claim, 300, 700)
    claim.hear(said(theirs, 'porchlight-2.local'), peer, 700)
    pass(claim, 700, 5000)
    assert.equal(claim.name, 'porchlight-3.local')
  })
  test('is not given up for the same address, for another name, for a goodbye, or for a program of plain DNS', () => {
    const claim = new Claim('porchlight', () => 0)
    claim.use([ours], 0)
    pass(claim, 0, 300)
    claim.hear(said(ours), peer, 300)
    claim.hear(said(theirs, 'other.local'), peer, 310)
    claim.hear(said(theirs, name, 0), peer, 320)
    claim.hear(said(theirs), plain, 330)
    pass(claim, 330, 5000)
    assert.equal(claim.name, name)
  })
  test('that somebody has for something else than addresses is theirs', () => {
    const claim = new Claim('porchlight', () => 0)
    claim.use([ours], 0)
    pass(claim, 0, 300)
    const txt = readMdns(encode({ type: 'response', answers: [{ name, type: 'TXT', data: 'x', ttl: 120 }] }))
    assert(txt)
    claim.hear(txt, peer, 300)
    pass(claim, 300, 5000)
    assert.equal(claim.name, 'porchlight-2.local')
  })
  test('asked for by two at once goes to the later address', () => {
    for (const [other, waits] of [
      [theirs, true],
      [addressOf('192.168.1.4'), false],
      [ours, false],
    ] as const) {
      const claim = new Claim('porchlight', () => 0)
      claim.use([ours], 0)
      pass(claim, 0, 10)
      const proposed = [{ name, ttl: 120, ...other }]
      claim.hear({ ...question('ANY'), proposed }, peer, 20)
      assert.equal((claim.due ?? 0) >= 1020, waits, other.address)
    }
  })
  test('that somebody contests is asked for again, and kept when nobody defends it', () => {
    const claim = settled()
    claim.hear(said(theirs), peer, 3000)
    assert.equal(claim.name, undefined)
    pass(claim, 3000, 6000)
    assert.equal(claim.name, name)
  })
  test('is contested by nobody when a reflector brings back what was ours', () => {
    const claim = settled()
    claim.use([later], 3000)
    claim.hear(said(ours), peer, 3100)
    assert.equal(claim.name, name)
  })
  test('disputed without end is asked for ever less often, and work stays bounded', () => {
    const claim = new Claim('porchlight', () => 0)
    claim.use([ours], 0)
    let probes = 0
    for (let now = 0; now < 600_000; now += 10) {
      for (const { questions } of heardOf(claim.tick(now))) {
        const [asked] = questions
        probes += 1
        if (asked) claim.hear(said(theirs, asked.name), peer, now)
      }
    }
    assert.equal(claim.name, undefined)
    assert.ok(probes <= 60 * budget.mdnsDisputes, `${probes} probes in ten minutes`)
    pass(claim, 600_000, 700_000)
    assert.match(claim.name ?? '', /^porchlight(?:-\d{1,2})?\.local$/)
  })
  test('is lost with the network, and asked for anew when it is back', () => {
    const claim = settled()
    assert.deepEqual(claim.use([], 3000), [])
    assert.deepEqual([claim.name, claim.due], [undefined, undefined])
    claim.use([ours], 4000)
    assert.equal(heardOf(pass(claim, 4000, 9000)).filter(({ response }) => !response).length, 3)
  })
  test('follows a change of address: the old one is taken back', () => {
    const claim = settled()
    const sent = heardOf([...claim.use([later], 3000), ...pass(claim, 3000, 9000)])
    assert.deepEqual(
      sent.map(({ answers }) => answers.flatMap(({ address, ttl }) => (address === undefined ? [] : [[address, ttl]]))),
      [[['192.168.1.5', 0]], [['192.168.1.200', 120]], [['192.168.1.200', 120]]],
    )
    assert.equal(claim.name, name)
  })
  test('is exchanged for another one', () => {
    const claim = settled()
    const [goodbye] = heardOf(claim.rename('attic', 3000))
    assert.deepEqual(goodbye?.answers, [{ name, ttl: 0, ...ours }])
    pass(claim, 3000, 9000)
    assert.equal(claim.name, 'attic.local')
    assert.deepEqual(claim.rename('attic', 9000), [])
  })
  test('is taken back at the end', () => {
    assert.deepEqual(heardOf(settled().goodbye())[0]?.answers, [{ name, ttl: 0, ...ours }])
    assert.deepEqual(new Claim('porchlight').goodbye(), [])
  })
})

const six = addressOf('fd00::5')
/** Questions at 40,000, when nobody remembers the announcement, and what is answered. */
const answered: readonly (readonly [
  what: string,
  heard: Heard,
  from: Origin,
  to: 'all' | 'one' | undefined,
  addresses: readonly string[],
])[] = [
  ['for IPv4', question('A'), peer, 'all', ['192.168.1.5', 'fd00::5']],
  ['for IPv6', question('AAAA'), peer, 'all', ['fd00::5', '192.168.1.5']],
  ['for everything', question('ANY'), peer, 'all', ['192.168.1.5', 'fd00::5']],
  [
    'for an answer to one, when the others have forgotten',
    question('A', { unicast: true }),
    peer,
    'all',
    ['192.168.1.5', 'fd00::5'],
  ],
  ['by plain DNS', question('A'), plain, 'one', ['192.168.1.5']],
  ['for another name', question('A', { name: 'other.local' }), peer, undefined, []],
  ['by somebody who knows', { ...question('A'), answers: [{ name, ttl: 119, ...ours }] }, peer, undefined, []],
  [
    'by somebody who has half forgotten',
    { ...question('A'), answers: [{ name, ttl: 59, ...ours }] },
    peer,
    'all',
    ['192.168.1.5', 'fd00::5'],
  ],
]

describe('a question', () => {
  for (const [what, heard, from, to, addresses] of answered) {
    test(`${what} is ${to === undefined ? 'not answered' : `answered to ${to}`}`, () => {
      const sent = settled([ours, six]).hear(heard, from, 40_000)
      assert.deepEqual(
        sent.map(({ to }) => (to === 'all' ? 'all' : 'one')),
        to === undefined ? [] : [to],
      )
      const [heardAnswer] = heardOf(sent)
      const found = heardAnswer?.answers.flatMap(({ address }) => (address === undefined ? [] : [address])) ?? []
      assert.deepEqual(found, from.peer ? addresses : [...addresses, ...(to ? ['fd00::5'] : [])])
    })
  }
  test('for what there is not is told that there is none', () => {
    const [answer] = heardOf(settled([ours]).hear(question('AAAA'), peer, 40_000))
    assert.deepEqual(
      answer?.answers.map(({ type }) => type),
      ['A', 'other'],
    )
  })
  test('asked again within a second is not answered again to all, and for one it is', () => {
    const claim = settled()
    assert.equal(claim.hear(question('A'), peer, 40_000).length, 1)
    assert.equal(claim.hear(question('A'), peer, 40_900).length, 0)
    const [alone] = claim.hear(question('A', { unicast: true }), peer, 40_950)
    assert.deepEqual(alone?.to, peer)
    assert.equal(claim.hear(question('A'), peer, 41_000).length, 1)
  })
  test('of somebody who is about to claim the name is answered sooner', () => {
    const claim = settled()
    const probing = { ...question('ANY'), proposed: [{ name, ttl: 120, ...theirs }] }
    assert.equal(claim.hear(question('A'), peer, 40_000).length, 1)
    assert.equal(claim.hear(probing, peer, 40_260).length, 1)
  })
  test('in floods, as if from many, gets few answers', () => {
    const claim = settled()
    let answers = 0
    for (let i = 0; i < 10_000; i++) answers += claim.hear(question('A'), plain, 40_000 + i / 10).length
    assert.equal(answers, budget.mdnsAnswers)
  })
})

test('whatever is heard, the claim has a name of its own or none, and sends no more than it may', () => {
  const records = fc.record({
    name: fc.constantFrom(name, 'porchlight-2.local', 'other.local'),
    ttl: fc.constantFrom(0, 60, 120),
    address: fc.constantFrom(ours, theirs, later, six),
  })
  const claims = fc.array(
    records.map(({ name, ttl, address }) => ({ name, ttl, ...address })),
    { maxLength: 3 },
  )
  const heard: fc.Arbitrary<Heard> = fc.record({
    id: fc.nat(0xffff),
    response: fc.boolean(),
    questions: fc.array(
      fc.record({
        name: fc.constantFrom(name, 'porchlight-2.local'),
        type: fc.constantFrom('A', 'AAAA', 'ANY'),
        unicast: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    answers: claims,
    proposed: claims,
  })
  const events = fc.array(fc.tuple(fc.nat(2000), heard, fc.constantFrom(peer, plain)), { maxLength: 60 })
  fc.assert(
    fc.property(events, events => {
      const claim = new Claim('porchlight', () => 0.5)
      claim.use([ours, six], 0)
      let now = 0
      for (const [later, heard, from] of events) {
        const sent = [...pass(claim, now, now + later)]
        now += later
        sent.push(...claim.hear(heard, from, now))
        assert.ok(sent.length <= 4 + later / 250)
        assert.match(claim.name ?? name, /^porchlight(?:-\d{1,2})?\.local$/)
        for (const { octets } of sent) assert(readMdns(octets))
      }
    }),
  )
})

test('an answer of ours is no dispute among two of our own sockets', () => {
  const claim = settled([ours, six])
  const own = readMdns(statement(name, { addresses: [six], more: [ours], kinds: ['A', 'AAAA'] }, { kind: 'all' }))
  assert(own)
  claim.hear(own, peer, 3000)
  assert.equal(claim.name, name)
})
