/** Quoted-printable, and the way back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeQuotedPrintable } from '../../src/message/quoted-printable.ts'

const cases: readonly (readonly [name: string, text: string, encoded: string])[] = [
  ['nothing', '', ''],
  ['plain words', 'to whom it may concern', 'to whom it may concern'],
  ['the equals sign', 'a=b', 'a=3Db'],
  ['letters beyond ASCII', 'Grüße 🔑', 'Gr=C3=BC=C3=9Fe =F0=9F=94=91'],
  ['blanks at the end of a line', 'a \r\nb\t\r\n \r\nc d', 'a=20\r\nb=09\r\n=20\r\nc d'],
  ['a CR and an LF that stand alone', 'a\rb\nc', 'a=0Db=0Ac'],
  ['a line of 76 characters', 'x'.repeat(76), 'x'.repeat(76)],
  ['a line of 77 characters', 'x'.repeat(77), `${'x'.repeat(75)}=\r\nxx`],
  ['an escape that does not fit', `${'x'.repeat(74)}=x`, `${'x'.repeat(74)}=\r\n=3Dx`],
]

/** Soft line breaks go, escapes are undone: RFC 2045 §6.7. */
function decode(encoded: string): string {
  const octets = encoded.replaceAll('=\r\n', '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return Buffer.from(octets, 'latin1').toString()
}

describe('quoted-printable (RFC 2045 §6.7)', () => {
  for (const [name, text, encoded] of cases) {
    test(name, () => assert.equal(encodeQuotedPrintable(text), encoded))
  }

  test('decodes to what it was, in lines of at most 76 printable characters without blanks at the end', () => {
    const piece = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 100 }), fc.constantFrom('\r\n', ' ', '\t', '='))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), pieces => {
        const text = pieces.join('')
        const encoded = encodeQuotedPrintable(text)
        assert.equal(decode(encoded), text)
        for (const line of encoded.split('\r\n')) assert.match(line, /^(?:[ -~\t]{0,75}[!-~])?$/)
      }),
    )
  })
})
