/** Encoded words and charsets: message/encoded-word.ts and message/charset.ts, with the examples of RFC 2047. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { decodeCharset, openCharset } from '../../src/message/charset.ts'
import { decodeWords, encodeWords, isPlain } from '../../src/message/encoded-word.ts'
import { cut, places } from '../wire/splits.ts'

const words: readonly (readonly [name: string, written: string, read: string])[] = [
  ['nothing', '', ''],
  ['plain words', 'to whom it may concern', 'to whom it may concern'],
  // RFC 2047 §8.
  ['one word', '(=?ISO-8859-1?Q?a?=)', '(a)'],
  ['a word and text', '(=?ISO-8859-1?Q?a?= b)', '(a b)'],
  ['two words', '(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
  ['two words far apart', '(=?ISO-8859-1?Q?a?=    =?ISO-8859-1?Q?b?=)', '(ab)'],
  ['a blank in a word', '(=?ISO-8859-1?Q?a_b?=)', '(a b)'],
  ['a blank in the second word', '(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)', '(a b)'],
  ['base64', '=?US-ASCII*EN?B?S2VpdGggTW9vcmU=?=', 'Keith Moore'],
  ['small letters', '=?utf-8?b?R3LDvMOfZQ==?= =?UTF-8?q?=3d=C3=bc?=', 'Gr\u00fc\u00dfe=\u00fc'],
  ['a character in two words', '=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=', 'Gr\u00fc\u00dfe'],
  ['words without white space between', 'a=?utf-8?Q?b?==?utf-8?Q?c?=d', 'abcd'],
  ['Japanese', '=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=', '\u3053\u3093\u306b\u3061\u306f'],
  ['Russian', '=?koi8-r?B?8NLJ18XU?=', '\u041f\u0440\u0438\u0432\u0435\u0442'],
  ['Windows under another name', '=?iso-8859-1?Q?=93a=94?=', '\u201ca\u201d'],
  ['an unknown charset', '=?x-no-such?Q?caf=E9_=40?=', 'caf? @'],
  ['an unknown charset that is UTF-8', '=?x-no-such?Q?caf=C3=A9?=', 'caf\u00e9'],
  ['an unknown encoding', '=?utf-8?X?abc?=', '=?utf-8?X?abc?='],
  ['a word that does not end', '=?utf-8?Q?abc', '=?utf-8?Q?abc'],
  ['a blank inside', '=?utf-8?Q?a b?=', '=?utf-8?Q?a b?='],
  ['a broken escape', '=?utf-8?Q?a=ZZ=?=', 'a=ZZ='],
  ['raw UTF-8', 'Gr\xc3\xbc\xc3\x9fe', 'Gr\u00fc\u00dfe'],
  ['raw windows-1252', 'Gr\xfc\xdfe', 'Gr\u00fc\u00dfe'],
]

describe('the words of a header (RFC 2047)', () => {
  for (const [name, written, read] of words) {
    test(name, () => assert.equal(decodeWords(written), read))
  }

  test('that were encoded are read as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), text => {
        const written = encodeWords(text)
        for (const word of written) assert.match(word, /^=\?utf-8\?[QB]\?[!-~]+\?=$/)
        for (const word of written) assert.ok(word.length <= 75, word)
        assert.equal(decodeWords(written.join(' ')), text.toWellFormed())
      }),
    )
  })

  test('take time in proportion, whatever they are', () => {
    for (const hostile of ['=?', '=?utf-8?q?', '=?a?b?', '?=', '=?utf-8?Q?=?=', ' ']) {
      const began = performance.now()
      decodeWords(hostile.repeat(20_000))
      assert.ok(performance.now() - began < 1000, hostile)
    }
  })

  test('are decoded up to a number, and stay as they are behind it', () => {
    const many = Array.from({ length: budget.encodedWords + 2 }, (_, i) => `=?utf-8?Q?${i % 10}?= x`).join(' ')
    const read = decodeWords(many)
    assert.equal(read.match(/=\?utf-8\?Q\?\d\?=/g)?.length, 2)
    assert.ok(read.startsWith('0 x 1 x') && read.endsWith('=?utf-8?Q?1?= x'), read.slice(-60))
  })

  test('are plain where nobody would decode them', () => {
    assert.ok(isPlain('plain'))
    for (const text of ['=?utf-8?Q?a?=', '\u00fc', 'a\r\nb', 'a\tb']) assert.ok(!isPlain(text), text)
  })
})

const charsets: readonly (readonly [label: string, octets: string, text: string])[] = [
  ['utf-8', 'c3bc', '\u00fc'],
  ['UTF8', 'c3bc', '\u00fc'],
  ['us-ascii', 'c3bcfc', '\u00fc\u00fc'],
  ['', '93e293', '\u201c\u00e2\u201c'],
  ['cp936', 'c4e3', '\u4f60'],
  ['cp950', 'a741', '\u4f60'],
  ['cp949', 'b3ca', '\ub108'],
  ['big5', 'a741', '\u4f60'],
  ['euc-jp', 'a4b3', '\u3053'],
  ['shift_jis', '82b1', '\u3053'],
  ['iso-8859-15', 'a4', '\u20ac'],
  ['latin-1', 'e4', '\u00e4'],
  ['x-no-such', 'e461', '?a'],
  ['iso-2022-jp', '611b240a62', 'a\ufffd$\nb'],
  ['iso-2022-jp', '1b2442', ''],
  ['utf-7', '2b', '+'],
]

describe('a charset', () => {
  for (const [label, octets, text] of charsets) {
    test(`${label || 'without a name'} is decoded`, () =>
      assert.equal(decodeCharset(Buffer.from(octets, 'hex'), label), text))
  }

  test('gives the same text at any split', () => {
    const labels = [...charsets.map(([label]) => label), 'iso-2022-jp', 'utf-16le', 'gb18030']
    const octet = fc.oneof(fc.nat(255), fc.constantFrom(0x1b, 0x24, 0x42, 0xc3, 0xbc, 0xe2, 0x82, 0xf0, 0x9f))
    fc.assert(
      fc.property(fc.constantFrom(...labels), fc.array(octet, { maxLength: 30 }), places, (label, octets, at) => {
        const wire = Buffer.from(octets)
        const decoder = openCharset(label)
        const pieces = cut(wire, at).map(piece => decoder.decode(piece))
        assert.equal(pieces.join('') + decoder.end(), decodeCharset(wire, label))
      }),
      { numRuns: 1000 },
    )
  })
})
