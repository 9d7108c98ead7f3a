import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Input } from '../../src/wire/input.ts'
import { cut, everySplit, lineNoise, places } from './splits.ts'

const limit = 12

/** All lines in the chunks, and what is left of an unfinished one is not among them. */
function lines(chunks: readonly Buffer[]): string[] {
  const input = new Input()
  const found: string[] = []
  for (const chunk of chunks) {
    input.feed(chunk)
    for (let line = input.line(limit); line; line = input.line(limit)) {
      found.push(line.tooLong ? 'too long' : line.octets.toString('latin1'))
    }
  }
  return found
}

const cases = [
  { name: 'a line is what stands before CRLF', wire: 'NOOP\r\n', lines: ['NOOP'] },
  { name: 'several lines may come at once', wire: 'a\r\nb\r\nc\r\n', lines: ['a', 'b', 'c'] },
  { name: 'an empty line is a line', wire: '\r\n\r\n', lines: ['', ''] },
  { name: 'a line without its CRLF is no line yet', wire: 'NOOP', lines: [] },
  { name: 'a CR alone does not end a line', wire: 'a\rb\r\n', lines: ['a\rb'] },
  { name: 'a LF alone does not end a line', wire: 'a\nb\r\n', lines: ['a\nb'] },
  { name: 'a CR before CRLF belongs to the line', wire: 'a\r\r\n', lines: ['a\r'] },
  { name: 'a LF before CRLF belongs to the line', wire: 'a\n\r\n', lines: ['a\n'] },
  { name: 'a line of exactly the limit is whole', wire: '0123456789\r\n', lines: ['0123456789'] },
  { name: 'a line one octet longer is too long', wire: '01234567890\r\nb\r\n', lines: ['too long', 'b'] },
  { name: 'a line much longer is too long once', wire: `${'x'.repeat(99)}\r\nb\r\n`, lines: ['too long', 'b'] },
  { name: 'a CR in a line too long does not end it', wire: `${'x\r'.repeat(30)}\r\nb\r\n`, lines: ['too long', 'b'] },
  { name: 'octets of any value pass', wire: 'a\0\xff\x80b\r\n', lines: ['a\0\xff\x80b'] },
]

describe('lines of the input', () => {
  for (const { name, wire, lines: expected } of cases) {
    test(`${name}, at every split`, () => {
      for (const chunks of everySplit(Buffer.from(wire, 'latin1'))) assert.deepEqual(lines(chunks), expected)
    })
  }

  test('any split of anything gives the same lines', () => {
    fc.assert(fc.property(lineNoise, places, (wire, at) => assert.deepEqual(lines(cut(wire, at)), lines([wire]))))
  })
})

describe('octets of the input', () => {
  test('octets after a line are those that follow its CRLF', () => {
    const input = new Input()
    input.feed(Buffer.from('BDAT 3\r\nabcNOOP\r\n'))
    assert.equal(input.line(limit)?.octets.toString(), 'BDAT 3')
    assert.equal(input.octets(3).toString(), 'abc')
    assert.equal(input.line(limit)?.octets.toString(), 'NOOP')
    assert.equal(input.octets(3).length, 0)
  })

  test('what was dropped is never read, not even as the start of a line', () => {
    const input = new Input()
    input.feed(Buffer.from('STARTTLS\r\nEHLO evil\r\nMAIL'))
    input.line(limit)
    input.line(limit)
    input.line(limit)
    assert.equal(input.pending, true)
    input.drop()
    assert.equal(input.pending, false)
    input.feed(Buffer.from('NOOP\r\n'))
    assert.equal(input.line(limit)?.octets.toString(), 'NOOP')
  })
})
