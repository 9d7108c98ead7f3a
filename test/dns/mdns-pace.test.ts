/** What is heard of a flood: dns/mdns-pace.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encode } from 'dns-packet'
import { budget } from '../../src/base/budget.ts'
import { mentions, Pace } from '../../src/dns/mdns-pace.ts'
import { addressOf, probe, readMdns, statement } from '../../src/dns/mdns-packet.ts'

describe('of a flood', () => {
  for (const [name, octets, heard] of [
    ['small datagrams', 100, budget.mdnsPace],
    ['large datagrams', budget.mdnsDatagram, Math.floor(budget.mdnsPaceOctets / budget.mdnsDatagram)],
  ] as const) {
    test(`of ${name} no more is heard than there is time for, and the next second is a new one`, () => {
      const pace = new Pace()
      for (const now of [5000, 6000]) {
        const taken = Array.from({ length: 1000 }, () => pace.take(octets, now + 999))
        assert.equal(taken.filter(Boolean).length, heard)
      }
    })
  }

  test('what has more records than there are addresses in a house is not read', () => {
    const name = 'porchlight.local'
    const answers = (length: number) =>
      encode({ type: 'response', answers: Array.from({ length }, () => ({ name, type: 'A', data: '192.0.2.1' })) })
    assert.equal(readMdns(answers(budget.mdnsRecords))?.answers.length, budget.mdnsRecords)
    assert.equal(readMdns(answers(budget.mdnsRecords + 1)), undefined)
  })
})

test('a datagram that may be about us has our name, in capitals or not, and with a number behind it', () => {
  const addresses = [addressOf('192.0.2.1')]
  for (const name of ['porchlight.local', 'PorchLight.local', 'porchlight-2.local']) {
    assert.ok(mentions(probe(name, addresses), 'porchlight'), name)
    assert.ok(mentions(statement(name, { addresses }, { kind: 'all' }), 'porchlight'), name)
  }
  assert.ok(!mentions(probe('printer.local', addresses), 'porchlight'))
})
