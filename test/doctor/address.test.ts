/** IP addresses as the doctor sees them: doctor/address.ts. */
import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isPublic, isSame, isShared, isWithin, octetsOf, reversed, reverseName } from '../../src/doctor/address.ts'

const publicness: readonly (readonly [address: string, expected: boolean])[] = [
  ['8.8.8.8', true],
  ['0.1.2.3', false],
  ['10.1.2.3', false],
  ['100.63.255.255', true],
  ['100.64.0.0', false],
  ['100.127.255.255', false],
  ['100.128.0.0', true],
  ['127.0.0.1', false],
  ['169.254.1.1', false],
  ['172.15.0.1', true],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['172.32.0.1', true],
  ['192.0.2.1', false],
  ['192.168.1.1', false],
  ['198.19.0.1', false],
  ['203.0.113.9', false],
  ['223.255.255.255', true],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['2a00:1450:4001::5', true],
  ['2001:db8::1', false],
  ['2001::1', false],
  ['2002:c000:204::1', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['::1', false],
  ['::', false],
  ['::ffff:8.8.8.8', false],
  ['example.org', false],
  ['', false],
]

describe('an address', () => {
  for (const [address, expected] of publicness) {
    test(`${address || 'of nothing'} is ${expected ? '' : 'not '}for everybody`, () =>
      assert.equal(isPublic(address), expected))
  }

  test('that a provider shares among customers is known', () => {
    assert.equal(isShared('100.64.3.4'), true)
    assert.equal(isShared('10.64.3.4'), false)
  })

  test('has a name of its own in the DNS', () => {
    assert.equal(reverseName('192.0.2.17'), '17.2.0.192.in-addr.arpa')
    // RFC 3596 §2.5
    assert.equal(
      reverseName('4321:0:1:2:3:4:567:89ab'),
      'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa',
    )
    assert.equal(reversed('127.0.0.2', 'list.example'), '2.0.0.127.list.example')
  })

  test('is the same however it is written', () => {
    assert.equal(isSame('2001:DB8::1', '2001:db8:0:0:0:0:0:1'), true)
    assert.equal(isSame('1.2.3.4', '1.2.3.5'), false)
    assert.equal(isSame('nonsense', 'nonsense'), false)
  })
})

const ipv4 = fc.ipV4()
const ipv6 = fc.ipV6()

describe('for any addresses', () => {
  test('a text is an address when Node takes it for one', () => {
    // What names an interface, or writes an octet in another way, is none here.
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6, fc.string(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/)), text => {
        const family = isIP(text)
        assert.equal(octetsOf(text)?.length, family === 0 || text.includes('%') ? undefined : family === 4 ? 4 : 16)
      }),
    )
  })

  test('a network holds what it holds for Node', () => {
    const cases = fc.oneof(
      fc.tuple(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const)),
      fc.tuple(ipv6, ipv6, fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const)),
    )
    fc.assert(
      fc.property(cases, fc.boolean(), ([address, network, bits, family], near) => {
        const list = new BlockList()
        const base = near ? address : network
        list.addSubnet(base, bits, family)
        assert.equal(isWithin(address, `${base}/${bits}`), list.check(address, family))
      }),
    )
  })

  test('nothing else is a network', () => {
    for (const network of ['', '1.2.3.4/33', '1.2.3/8', '::/129', '1.2.3.4/', '1.2.3.4/x', '1.2.3.4/8/8'])
      assert.equal(isWithin('1.2.3.4', network), undefined, network)
  })
})
