import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { formatAddress, parseAddress } from '../../src/message/address.ts'

const longDomain = `${'d'.repeat(63)}.${'d'.repeat(63)}.${'d'.repeat(63)}.example`

const good: { text: string; localPart: string; domain: string; written?: string }[] = [
  { text: 'bob@away.example', localPart: 'bob', domain: 'away.example' },
  {
    text: 'Bob.Builder@AWAY.Example',
    localPart: 'Bob.Builder',
    domain: 'away.example',
    written: 'Bob.Builder@away.example',
  },
  { text: "!#$%&'*+-/=?^_`{|}~@x.example", localPart: "!#$%&'*+-/=?^_`{|}~", domain: 'x.example' },
  { text: 'user%other.example@home.example', localPart: 'user%other.example', domain: 'home.example' },
  { text: 'bob@localhost', localPart: 'bob', domain: 'localhost' },
  { text: 'root@my_nas.example', localPart: 'root', domain: 'my_nas.example' },
  { text: 'bob@1and1.example', localPart: 'bob', domain: '1and1.example' },
  // No IPv4 address, though a URL would have it so.
  { text: 'bob@0x7f.1', localPart: 'bob', domain: '0x7f.1' },
  { text: 'bob@xn--bcher-kva.example', localPart: 'bob', domain: 'xn--bcher-kva.example' },
  { text: `${'l'.repeat(65)}@x.example`, localPart: 'l'.repeat(65), domain: 'x.example' },
  { text: `b@${longDomain}`, localPart: 'b', domain: longDomain },

  { text: '"bob"@x.example', localPart: 'bob', domain: 'x.example', written: 'bob@x.example' },
  { text: '"b\\o\\b"@x.example', localPart: 'bob', domain: 'x.example', written: 'bob@x.example' },
  { text: '"bob smith"@x.example', localPart: 'bob smith', domain: 'x.example' },
  { text: '"a@b"@x.example', localPart: 'a@b', domain: 'x.example' },
  { text: '"a\\"b\\\\c"@x.example', localPart: 'a"b\\c', domain: 'x.example' },
  { text: '".a..b."@x.example', localPart: '.a..b.', domain: 'x.example' },
  { text: '"<>"@x.example', localPart: '<>', domain: 'x.example' },
  { text: '""@x.example', localPart: '', domain: 'x.example' },

  { text: 'bob@[192.0.2.1]', localPart: 'bob', domain: '[192.0.2.1]' },
  { text: 'bob@[IPv6:2001:DB8::1]', localPart: 'bob', domain: '[ipv6:2001:db8::1]', written: 'bob@[ipv6:2001:db8::1]' },
  { text: 'bob@[IPv6:::]', localPart: 'bob', domain: '[ipv6:::]', written: 'bob@[ipv6:::]' },
  { text: 'bob@[ipv6:::ffff:192.0.2.1]', localPart: 'bob', domain: '[ipv6:::ffff:192.0.2.1]' },
  { text: 'bob@[ipv6:1:2:3:4:5:6:7:8]', localPart: 'bob', domain: '[ipv6:1:2:3:4:5:6:7:8]' },
  { text: 'bob@[x-tag:anything!]', localPart: 'bob', domain: '[x-tag:anything!]' },

  { text: 'postmaster', localPart: 'postmaster', domain: '' },
  { text: 'PostMaster', localPart: 'PostMaster', domain: '' },
]

const bad = [
  '',
  'bob',
  '@',
  'bob@',
  '@x.example',
  'bob@@x.example',
  'a@b@x.example',
  '.bob@x.example',
  'bob.@x.example',
  'b..b@x.example',
  'bob smith@x.example',
  'bob\\@x.example',
  'bob()@x.example',
  'bob,eve@x.example',
  '<bob@x.example>',
  '"bob@x.example',
  'bob"@x.example',
  '"bob"smith@x.example',
  '"bob".smith@x.example',
  '"b"b"@x.example',
  '"bob\\"@x.example',
  '"b\tb"@x.example',
  '"b\\\tb"@x.example',
  'bob@x example',
  'bob@.example',
  'bob@x.example.',
  'bob@x..example',
  'bob@-x.example',
  'bob@x-.example',
  'bob@x.example/y',
  'bob@%78.example',
  `bob@${'x'.repeat(64)}.example`,
  `b@${longDomain}.${'d'.repeat(63)}`,
  `${'l'.repeat(budget.path)}@x.example`,
  'bob@[192.0.2.256]',
  'bob@[192.0.2]',
  'bob@[192.0.2.1',
  'bob@192.0.2.1]',
  'bob@[192.0.2.1]x',
  'bob@[0x7f.0.0.1]',
  'bob@[IPv6:]',
  'bob@[IPv6:1:2:3:4:5:6:7]',
  'bob@[IPv6:1:2:3:4:5:6:7:8:9]',
  'bob@[IPv6:1::2::3]',
  'bob@[IPv6:12345::]',
  'bob@[IPv6:fe80::1%25eth0]',
  'bob@[IPv6:192.0.2.1]',
  'bob@[]',
  'bob@[x-:y]',
  'bob\0@x.example',
  'bob\r\n@x.example',
  'bób@x.example',
  'bob@bücher.example',
]

const unicode: { text: string; localPart: string; domain: string }[] = [
  { text: 'bób@x.example', localPart: 'bób', domain: 'x.example' },
  { text: '"bób der baumeister"@x.example', localPart: 'bób der baumeister', domain: 'x.example' },
  { text: 'bob@bücher.example', localPart: 'bob', domain: 'xn--bcher-kva.example' },
  { text: 'bob@BÜCHER.Example', localPart: 'bob', domain: 'xn--bcher-kva.example' },
  { text: '用户@例子.example', localPart: '用户', domain: 'xn--fsqu00a.example' },
  { text: '😀@x.example', localPart: '😀', domain: 'x.example' },
]

const badUnicode = [
  'b\u0085b@x.example',
  'b\ud800b@x.example',
  'bob@x\u0085.example',
  'bob@ü/x.example',
  'bób',
  'é'.repeat(127),
  'bob@１２７.0.0.1',
]

describe('addresses', () => {
  for (const { text, localPart, domain, written = text } of good) {
    test(`${text.slice(0, 60)} is one`, () => {
      assert.deepEqual(parseAddress(text), { localPart, domain })
      assert.deepEqual(parseAddress(text, { utf8: true }), { localPart, domain })
      assert.equal(formatAddress({ localPart, domain }), written)
      assert.deepEqual(parseAddress(formatAddress({ localPart, domain })), { localPart, domain })
    })
  }
  for (const text of bad) {
    test(`${JSON.stringify(text).slice(0, 60)} is none`, () => assert.equal(parseAddress(text), undefined))
  }
  for (const { text, localPart, domain } of unicode) {
    test(`${text} is one only where Unicode is allowed`, () => {
      assert.equal(parseAddress(text), undefined)
      assert.deepEqual(parseAddress(text, { utf8: true }), { localPart, domain })
    })
  }
  for (const text of badUnicode) {
    test(`${JSON.stringify(text).slice(0, 60)} is none even with Unicode`, () =>
      assert.equal(parseAddress(text, { utf8: true }), undefined))
  }

  test('any local part that may be quoted comes back from what was written', () => {
    const printable = fc.string({ unit: fc.constantFrom(...'ab.@"\\ <>,;:[]%!é字'), maxLength: 20 })
    fc.assert(
      fc.property(printable, localPart => {
        const address = { localPart, domain: 'x.example' }
        assert.deepEqual(parseAddress(formatAddress(address), { utf8: true }), address)
      }),
    )
  })

  test('what is read, written and read again is the same', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab1.@"\\ <>[]:-_%é\0\t'), maxLength: 30 })
    fc.assert(
      fc.property(text, text, (local, domain) => {
        const address = parseAddress(`${local}@${domain}`, { utf8: true })
        if (address) assert.deepEqual(parseAddress(formatAddress(address), { utf8: true }), address)
      }),
    )
  })
})
