/** Dot-stuffing: exact, and the same however the message is cut. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DotEncoder } from '../../src/wire/stuffing.ts'

const cases = [
  { name: 'a message without dots', message: 'a\r\nb\r\n', encoded: 'a\r\nb\r\n' },
  { name: 'an empty message', message: '', encoded: '' },
  { name: 'a dot at the very beginning', message: '.a\r\n', encoded: '..a\r\n' },
  { name: 'a line that is a dot', message: 'a\r\n.\r\nb\r\n', encoded: 'a\r\n..\r\nb\r\n' },
  { name: 'lines of dots one after the other', message: '.\r\n.\r\n..\r\n', encoded: '..\r\n..\r\n...\r\n' },
  { name: 'dots inside lines and at their ends', message: 'a.b.\r\nc.\r\n', encoded: 'a.b.\r\nc.\r\n' },
  { name: 'a dot behind a bare CR or LF begins no line', message: 'a\r.b\n.c\r\n', encoded: 'a\r.b\n.c\r\n' },
  { name: 'a dot behind CR CR LF', message: 'a\r\r\n.b\r\n', encoded: 'a\r\r\n..b\r\n' },
  { name: 'a dot behind LF CR begins no line', message: '\n\r.\r\n', encoded: '\n\r.\r\n' },
  { name: 'a dot as the last octet', message: 'a\r\n.', encoded: 'a\r\n..' },
]

function encode(message: Buffer, step: number): Buffer {
  const encoder = new DotEncoder()
  const pieces: Buffer[] = []
  for (let from = 0; from < message.length; from += step) {
    pieces.push(encoder.encode(message.subarray(from, from + step)), encoder.encode(Buffer.alloc(0)))
  }
  return Buffer.concat(pieces)
}

/** RFC 5321 §4.5.2, the receiver's side, as plainly as it can be written. */
function decode(encoded: string): string {
  const lines = encoded.split('\r\n')
  return lines.map(line => (line.startsWith('.') ? line.slice(1) : line)).join('\r\n')
}

describe('dot-stuffing', () => {
  for (const { name, message, encoded } of cases) {
    test(`${name} is encoded at every split`, () => {
      for (let step = 1; step <= message.length; step++) {
        assert.equal(encode(Buffer.from(message), step).toString(), encoded, `step ${step}`)
      }
    })
  }

  test('a chunk with nothing to encode is returned as it is', () => {
    const chunk = Buffer.from('a.\r\nb')
    assert.equal(new DotEncoder().encode(chunk), chunk)
  })

  test('the encoder knows whether the message ended in CRLF', () => {
    const at = (...chunks: readonly string[]) => {
      const encoder = new DotEncoder()
      for (const chunk of chunks) encoder.encode(Buffer.from(chunk))
      return encoder.atLineStart
    }
    const chunks = [[], ['a\r\n'], ['a\r', '\n'], ['a\r', '', '\n'], ['a'], ['a\r'], ['a\n'], ['a', '\n'], ['a\r', 'b']]
    assert.deepEqual(
      chunks.map(pieces => at(...pieces)),
      [true, true, true, true, false, false, false, false, false],
    )
  })

  test('what is encoded decodes to the same, and no line of it is a dot alone', () => {
    const message = fc
      .array(fc.constantFrom('.', '..', '\r', '\n', '\r\n', 'a', '\0', '\xff'))
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 5 }), (text, step) => {
        const encoded = encode(Buffer.from(text, 'latin1'), step).toString('latin1')
        assert.equal(decode(encoded), text)
        assert.ok(!`\r\n${encoded}\r\n`.includes('\r\n.\r\n'))
      }),
      { numRuns: 500 },
    )
  })
})
