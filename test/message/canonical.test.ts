/** The relaxed canonical form: the RFC's own examples, and a plain reading of the whole against what goes span by span. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BodyHash, relaxedField } from '../../src/message/canonical.ts'
import { cut, everySplit, places } from '../wire/splits.ts'

function bodyHash(spans: readonly Buffer[]): string {
  const body = new BodyHash()
  for (const span of spans) {
    const borrowed = Buffer.from(span)
    body.update(borrowed)
    borrowed.fill('!')
  }
  return body.digest()
}

/** RFC 6376 §3.4.4, word by word, of a whole body; octets as characters. */
function relaxPlainly(body: string): string {
  const lines = body.split('\r\n').map(line => line.replace(/[ \t]+$/, '').replace(/[ \t]+/g, ' '))
  while (lines.at(-1) === '') lines.pop()
  return lines.map(line => `${line}\r\n`).join('')
}

const sha256 = (text: string) => hash('sha256', Buffer.from(text, 'latin1'), 'base64')

const fields: readonly (readonly [name: string, body: string, relaxed: string])[] = [
  // RFC 6376 §3.4.5
  ['a', ' X\r\n', 'a:X\r\n'],
  ['b', ' Y\t\r\n\tZ  \r\n', 'b:Y Z\r\n'],
  ['empty', '\r\n', 'empty:\r\n'],
  ['blank', ' \t\r\n \r\n', 'blank:\r\n'],
  ['tight', 'x\r\n', 'tight:x\r\n'],
  ['octets', '\u00a0x \u00a0 y\u00a0 \r\n', 'octets:\u00a0x \u00a0 y\u00a0\r\n'],
]

const bodies: readonly (readonly [name: string, body: string, relaxed: string])[] = [
  // RFC 6376 §3.4.5
  ['the example of the RFC', ' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'],
  ['nothing', '', ''],
  ['an empty line', '\r\n', ''],
  ['empty lines', '\r\n\r\n\r\n', ''],
  ['white space alone', ' \t ', ''],
  ['lines of white space', ' \r\n\t\r\n  ', ''],
  ['empty lines before and between', '\r\n\r\na\r\n\r\nb\r\n', '\r\n\r\na\r\n\r\nb\r\n'],
  ['a last line without its end', 'a', 'a\r\n'],
  ['a last line of white space', 'a\r\n  ', 'a\r\n'],
  ['white space behind the last word', 'a \t', 'a\r\n'],
  ['a CR behind the last word', 'a\r', 'a\r\r\n'],
  ['white space before and behind a bare CR', 'a  \r  b\r\n', 'a \r b\r\n'],
  ['a bare LF', 'a \n\n b\n', 'a \n\n b\n\r\n'],
  ['two CRs', 'a \r\r\nb', 'a \r\r\nb\r\n'],
  ['a long line', `${'x'.repeat(300)} ${'y'.repeat(300)}\t\tz\r\n`, `${'x'.repeat(300)} ${'y'.repeat(300)} z\r\n`],
]

describe('a field in relaxed form', () => {
  for (const [name, body, relaxed] of fields) {
    test(`${name}:${JSON.stringify(body)}`, () => assert.equal(relaxedField(name, body), relaxed))
  }
})

describe('a body in relaxed form', () => {
  for (const [name, body, relaxed] of bodies) {
    test(`${name}, at every split`, () => {
      assert.equal(relaxPlainly(body), relaxed)
      for (const spans of everySplit(Buffer.from(body, 'latin1'))) assert.equal(bodyHash(spans), sha256(relaxed))
    })
  }

  test('of nothing has the hash that RFC 6376 §3.4.4 gives', () => {
    assert.equal(bodyHash([]), '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  })

  const piece = fc.constantFrom(
    ' ',
    '  ',
    '\t',
    '\r\n',
    '\r\n\r\n',
    '\r',
    '\n',
    'a',
    'words of a line',
    ' \r\n',
    '\xff',
    '\0',
  )
  test('of any octets is that of a plain reading, at any cut', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), places, (parts, places) => {
        const body = Buffer.from(parts.join(''), 'latin1')
        const expected = sha256(relaxPlainly(parts.join('')))
        assert.equal(bodyHash([body]), expected)
        assert.equal(bodyHash(cut(body, places)), expected)
      }),
      { numRuns: 3000 },
    )
  })

  test('of many blocks is that of a plain reading', () => {
    const text = 'A line of some words, as people write them.  And a second sentence. \r\n'.repeat(3000)
    const base64 = `${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo'.repeat(2)}abcdef\r\n`.repeat(3000)
    const body = `${text}${'\r\n'.repeat(50_000)}${base64}${' \r\n'.repeat(50_000)}`
    const spans = cut(Buffer.from(body), [1, 65_536, 65_537, 200_000, 300_001])
    assert.equal(bodyHash(spans), sha256(relaxPlainly(body)))
  })
})
