/** Fixed addresses and names of the box: what is taken, and what is said of what is not: base/fixed.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../src/base/failure.ts'
import { type FixedNetwork, hostLabel, readFixed } from '../../src/base/fixed.ts'

type Written = readonly [address: string, gateway: string, ...dns: readonly string[]]

const taken: readonly (readonly [written: Written, fixed: FixedNetwork])[] = [
  [['192.168.1.5/24', '192.168.1.1'], { address: '192.168.1.5/24', gateway: '192.168.1.1', dns: ['192.168.1.1'] }],
  [
    ['10.0.0.2/8', '10.255.255.254', '9.9.9.9', '2620:FE::FE'],
    { address: '10.0.0.2/8', gateway: '10.255.255.254', dns: ['9.9.9.9', '2620:fe::fe'] },
  ],
  [['172.16.0.5/30', '172.16.0.6'], { address: '172.16.0.5/30', gateway: '172.16.0.6', dns: ['172.16.0.6'] }],
  [['192.168.0.255/23', '192.168.0.1'], { address: '192.168.0.255/23', gateway: '192.168.0.1', dns: ['192.168.0.1'] }],
]

const refused: readonly (readonly [written: Written, why: RegExp])[] = [
  [['192.168.1.5', '192.168.1.1'], /In most homes it is \/24 .*: 192\.168\.1\.5\/24$/],
  [['192.168.1/24', '192.168.1.1'], /^"192\.168\.1" is not an address/],
  [['192.168.1.256/24', '192.168.1.1'], /^"192\.168\.1\.256" is not an address/],
  [['192.168.1.05/24', '192.168.1.1'], /^"192\.168\.1\.05" is not an address/],
  [['192.168.1.5/24', 'router'], /^"router" is not the address of a gateway/],
  [['192.168.1.5/24', ''], /^"" is not the address of a gateway/],
  [['192.168.1.5/31', '192.168.1.4'], /^"\/31" is not the size/],
  [['192.168.1.5/255.255.255.0', '192.168.1.1'], /^"\/255\.255\.255\.0" is not the size/],
  [['192.168.1.5/', '192.168.1.1'], /^"\/" is not the size/],
  [['192.168.1.5/-1', '192.168.1.1'], /is not the size/],
  [['192.168.1.5/24', '192.168.2.1'], /gateway 192\.168\.2\.1 is not in the network/],
  [['192.168.1.0/24', '192.168.1.1'], /^192\.168\.1\.0 is the name of the network/],
  [['192.168.1.255/24', '192.168.1.1'], /^192\.168\.1\.255 speaks to all/],
  [['192.168.1.5/24', '192.168.1.0'], /^192\.168\.1\.0 is the name of the network/],
  [['192.168.1.5/24', '192.168.1.255'], /^192\.168\.1\.255 speaks to all/],
  [['192.168.1.5/24', '192.168.1.5'], /cannot be both/],
  [['127.0.0.5/24', '127.0.0.1'], /within one machine/],
  [['169.254.7.5/16', '169.254.7.1'], /without a router/],
  [['224.0.0.5/24', '224.0.0.1'], /not for single machines/],
  [['255.255.255.255/8', '255.0.0.1'], /not for single machines/],
  [['0.1.2.3/24', '0.1.2.1'], /no address at all/],
  [['fd00::5/64', 'fd00::1'], /Only an IPv4 address/],
  [['192.168.1.5/24', '192.168.1.1', 'dns.example'], /^"dns\.example" is not the address of a name server/],
  [['192.168.1.5/24', '192.168.1.1', '0.0.0.0'], /is not the address of a name server/],
  [['192.168.1.5/24', '192.168.1.1', '1.1.1.1', '1.0.0.1', '9.9.9.9', '8.8.8.8'], /3 name servers are enough/],
]

describe('a fixed address', () => {
  for (const [[address, gateway, ...dns], fixed] of taken) {
    test(`${address} by ${gateway} is taken`, () => assert.deepEqual(readFixed(address, gateway, dns), fixed))
  }
  for (const [[address, gateway, ...dns], why] of refused) {
    test(`${address} by ${gateway} ${dns.join(' ')} is refused`, () =>
      assert.throws(() => readFixed(address, gateway, dns), { code: 'REFUSED', message: why }))
  }
  test('of any text is taken in one form, or refused in words', () => {
    const text = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.tuple(fc.ipV4(), fc.nat(40)).map(([a, l]) => `${a}/${l}`),
    )
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 4 }), (address, gateway, dns) => {
        try {
          const fixed = readFixed(address, gateway, dns)
          // What goes to the part of the box that may do everything: digits, dots, colons and one slash.
          for (const word of [fixed.gateway, ...fixed.dns]) assert.match(word, /^[0-9a-f.:]+$/)
          assert.deepEqual(readFixed(fixed.address, fixed.gateway, fixed.dns), fixed)
        } catch (error) {
          assert(error instanceof Failure && error.code === 'REFUSED')
        }
      }),
    )
  })
})

const names: readonly (readonly [written: string, name: string | undefined])[] = [
  ['porchlight', 'porchlight'],
  ['Attic-2.local', 'attic-2'],
  ['x.local.', 'x'],
  ['a'.repeat(63), 'a'.repeat(63)],
  ['a'.repeat(64), undefined],
  ['', undefined],
  ['.local', undefined],
  ['-a', undefined],
  ['a-', undefined],
  ['a.b', undefined],
  ['a b', undefined],
  ['ä', undefined],
  ['12', undefined],
  ['localhost', undefined],
  ['a\nreboot', undefined],
]

describe('the name of the box', () => {
  for (const [written, name] of names) {
    test(`${JSON.stringify(written)} is ${name === undefined ? 'refused' : name}`, () => {
      if (name === undefined) assert.throws(() => hostLabel(written), { code: 'REFUSED' })
      else assert.equal(hostLabel(written), name)
    })
  }
})
