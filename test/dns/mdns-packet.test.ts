/** Multicast DNS as octets: what is said can be read again, and whatever is heard does no harm: dns/mdns-packet.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode } from 'dns-packet'
import fc from 'fast-check'
import { addressOf, probe, readMdns, statement, wireKey } from '../../src/dns/mdns-packet.ts'

const [four, six] = [addressOf('192.168.1.5'), addressOf('FD00:0:0::5')]
const name = 'porchlight.local'

describe('what is said', () => {
  test('as a probe asks for everything under the name, for us alone, and says what will be claimed', () => {
    assert.deepEqual(readMdns(probe(name, [four, six])), {
      id: 0,
      response: false,
      questions: [{ name, type: 'ANY', unicast: true }],
      answers: [],
      proposed: [
        { name, ttl: 120, ...four },
        { name, ttl: 120, ...six },
      ],
    })
  })
  test('to all has the flush bit, and no question', () => {
    const octets = statement(name, { addresses: [four], more: [six], kinds: ['A', 'AAAA'] }, { kind: 'all' })
    const { questions, answers, additionals, flag_aa, flag_qr } = decode(octets)
    assert.deepEqual([questions, flag_aa, flag_qr], [[], true, true])
    const records = [...(answers ?? []), ...(additionals ?? [])]
    assert.deepEqual(
      records.map(record => [record.type, 'flush' in record && record.flush, 'ttl' in record && record.ttl]),
      [
        ['A', true, 120],
        ['AAAA', true, 120],
        ['NSEC', true, 120],
      ],
    )
  })
  test('to a program of plain DNS repeats its question and is soon forgotten', () => {
    const octets = statement(name, { addresses: [four] }, { kind: 'plain', id: 4711, type: 'A' })
    const { id, questions, answers } = decode(octets)
    assert.deepEqual([id, questions], [4711, [{ name, type: 'A', class: 'IN' }]])
    assert.deepEqual(answers, [{ name, type: 'A', class: 'IN', ttl: 10, flush: false, data: '192.168.1.5' }])
  })
  test('of addresses has one form each, and one order', () => {
    assert.deepEqual(six, { type: 'AAAA', address: 'fd00::5' })
    assert.equal(wireKey(four), '0001c0a80105')
    assert.equal(wireKey(six), '001cfd000000000000000000000000000005')
  })
})

/** Writes two octets somewhere. */
const written = (at: number, value: number) => (octets: Buffer) => {
  octets.writeUInt16BE(value, at)
  return octets
}

describe('what is heard', () => {
  const good = [
    probe(name, [four, six]),
    statement(name, { addresses: [four, six], kinds: ['A', 'AAAA'] }, { kind: 'all' }),
  ]

  // Any octets give a meaning or none, never a throw.
  test('may be any octets', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), octets => void readMdns(Buffer.from(octets))))
  })
  test('may be ours with any change', () => {
    const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 })
    fc.assert(
      fc.property(fc.constantFrom(...good), changes, fc.nat(200), (octets, changes, length) => {
        const damaged = Buffer.from(octets.subarray(0, length === 0 ? undefined : length))
        for (const [at, octet] of changes) if (at < damaged.length) damaged[at] = octet
        readMdns(damaged)
      }),
      { numRuns: 2000 },
    )
  })

  const passedOver: readonly (readonly [name: string, change: (octets: Buffer) => Buffer])[] = [
    ['another operation', written(2, 0x2000)],
    ['a refusal', written(2, 0x8003)],
    ['more questions than there are', written(4, 0xffff)],
    ['more records than there are', written(8, 0xffff)],
    ['more than a datagram holds', octets => Buffer.concat([octets, Buffer.alloc(9001)])],
    ['nothing', () => Buffer.alloc(0)],
  ]
  for (const [what, change] of passedOver) {
    test(`is passed over with ${what}`, () => {
      assert.equal(readMdns(change(Buffer.from(probe(name, [four])))), undefined)
    })
  }
})
