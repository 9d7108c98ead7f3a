import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decodeUtf8Address, decodeXtext, encodeUtf8Address, encodeXtext } from '../../src/smtp/xtext.ts'

const isText = (text: string) => !/[\p{Cc}\p{Cs}]/u.test(text)

describe('text inside a parameter value', () => {
  const encoded: [string, string][] = [
    ['QQ314159', 'QQ314159'],
    ['a+b=c', 'a+2Bb+3Dc'],
    ['"a b"@x <y>', '"a+20b"@x+20+3Cy+3E'],
    ['', ''],
  ]
  for (const [text, xtext] of encoded)
    test(`${text} is ${xtext} in xtext`, () => assert.equal(encodeXtext(text), xtext))

  const addresses: [string, string][] = [
    ['bob@away.example', 'bob@away.example'],
    ['bób+x@away.example', 'b\\x{F3}b\\x{2B}x@away.example'],
    ['世界\u{1f600}', '\\x{4E16}\\x{754C}\\x{1F600}'],
    ['"a b\\c"=<d>', '"a\\x{20}b\\x{5C}c"\\x{3D}\\x{3C}d\\x{3E}'],
  ]
  for (const [address, form] of addresses) {
    test(`${address} is ${form} as an address of type utf-8`, () => assert.equal(encodeUtf8Address(address), form))
  }

  test('what is written as xtext reads the same, and has nothing in it that could end a parameter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), text => {
        assert.match(encodeXtext(text), /^[!-~]*$/)
        assert.doesNotMatch(encodeXtext(text), /[=<>]/)
        assert.equal(decodeXtext(encodeXtext(text)), text)
      }),
    )
  })

  test('what is written as an address reads the same, in seven bits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }).filter(isText), text => {
        assert.match(encodeUtf8Address(text), /^[!-~]+$/)
        assert.doesNotMatch(encodeUtf8Address(text), /[=+<>]/)
        assert.equal(decodeUtf8Address(encodeUtf8Address(text)), text)
      }),
    )
  })

  for (const bad of ['a\rb', 'a\nb', 'a\0', '\x7f', '\t']) {
    test(`${JSON.stringify(bad)} is not written at all`, () => {
      assert.throws(() => encodeXtext(bad), Error)
      assert.throws(() => encodeUtf8Address(bad), Error)
    })
  }

  test('what is not ASCII is no xtext, and a lone surrogate or a C1 control no address', () => {
    assert.throws(() => encodeXtext('ü'), Error)
    for (const bad of ['\ud800', 'a\udc00', '\u0085']) assert.throws(() => encodeUtf8Address(bad), Error)
  })
})
