/** Transfer encodings undone: message/transfer.ts, at every split. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeQuotedPrintable } from '../../src/message/quoted-printable.ts'
import { isIdentity, openTransfer } from '../../src/message/transfer.ts'
import { cut, everySplit, places } from '../wire/splits.ts'

function decode(encoding: string, chunks: readonly Buffer[]): Buffer {
  const decoder = openTransfer(encoding)
  const decoded = chunks.map(chunk => Buffer.from(decoder.decode(chunk)))
  return Buffer.concat([...decoded, decoder.end()])
}

const cases: readonly (readonly [encoding: string, name: string, wire: string, text: string])[] = [
  ['base64', 'nothing', '', ''],
  ['base64', 'a word', 'aGVsbG8=', 'hello'],
  ['base64', 'lines', 'aGVs\r\nbG8g\r\ndGhlcmU=\r\n', 'hello there'],
  ['base64', 'no padding', 'aGVsbG8', 'hello'],
  ['base64', 'rubbish between', 'aG!!Vs\0b\xffG8=', 'hello'],
  ['base64', 'two runs, one behind the other', 'aGVsbG8=dGhlcmU=', 'hellothere'],
  ['base64', 'padding all over', '====aGk====', 'hi'],
  ['quoted-printable', 'escapes', 'Gr=C3=BC=c3=9Fe', 'Gr\xc3\xbc\xc3\x9fe'],
  ['quoted-printable', 'a soft line break', 'a=\r\nb=\nc', 'abc'],
  ['quoted-printable', 'a soft line break with blanks', 'a= \t\r\nb', 'ab'],
  ['quoted-printable', 'blanks at the end of a line', 'a \t\r\nb \n', 'a\r\nb\n'],
  ['quoted-printable', 'blanks at the end of all', 'a \t', 'a'],
  ['quoted-printable', 'blanks that stay', 'a \tb', 'a \tb'],
  ['quoted-printable', 'a blank before a soft line break', 'a =\r\nb', 'a b'],
  ['quoted-printable', 'what is no escape', 'a=ZZ=3 =\r\n==41', 'a=ZZ=3 =A'],
  ['quoted-printable', 'an escape that is cut off', 'a=4', 'a=4'],
  ['quoted-printable', 'an equals sign at the end', 'a=', 'a'],
  ['quoted-printable', 'more blanks than a line may have', `a${' '.repeat(1500)}b`, `a${' '.repeat(1500)}b`],
  ['quoted-printable', 'an equals sign before so many', `a=${' '.repeat(1500)}b`, `a=${' '.repeat(1500)}b`],
  ['8bit', 'anything', 'a= \r\n\xff', 'a= \r\n\xff'],
  ['x-uuencode', 'what is unknown', 'a=41', 'a=41'],
  ['"BASE64 (really)', 'a quote before it', 'aGk=', 'aGk='],
  [' Base64 ; x', 'something behind it', 'aGk=', 'hi'],
]

describe('a transfer encoding (RFC 2045 \u00a76)', () => {
  for (const [encoding, name, wire, text] of cases) {
    test(`${encoding}: ${name}`, () => {
      const octets = Buffer.from(wire, 'latin1')
      const chunks =
        octets.length > 100 ? [[octets], [octets.subarray(0, 1100), octets.subarray(1100)]] : everySplit(octets)
      for (const split of chunks) assert.equal(decode(encoding, split).toString('latin1'), text)
    })
  }

  test('decodes what was encoded, at any split', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), places, (octets, at) => {
        const body = Buffer.from(octets)
        const wire = Buffer.from(body.toString('base64').replace(/(.{76})/g, '$1\r\n'))
        assert.deepEqual(decode('base64', cut(wire, at)), body)
      }),
    )
    const piece = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 100 }), fc.constantFrom('\r\n', ' ', '\t', '='))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), places, (pieces, at) => {
        const text = pieces.join('').toWellFormed()
        const wire = Buffer.from(encodeQuotedPrintable(text))
        assert.equal(decode('quoted-printable', cut(wire, at)).toString(), text)
      }),
    )
  })

  test('that changes nothing is told from the others', () => {
    for (const encoding of ['', '7bit', '8BIT', 'binary', 'x-what']) assert.ok(isIdentity(encoding), encoding)
    for (const encoding of ['base64', ' Quoted-Printable']) assert.ok(!isIdentity(encoding), encoding)
  })
})
