// Lines and octets come out as they went in, at any split: a line ends at CRLF only, one above the limit comes out once and
// empty, and octets that are asked for by number are those behind the line.
import assert from 'node:assert/strict'
import { Input, type Line } from '../../../src/wire/input.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const limit = 40

/** A line of digits asks for so many octets, as BDAT does. */
function wanted(line: string): number {
  return /^\d{1,3}$/.test(line) ? Number(line) : 0
}

function read(chunks: readonly Buffer[]): string[] {
  const input = new Input()
  const found: string[] = []
  let octets = 0
  for (const chunk of chunks) {
    input.feed(chunk)
    for (;;) {
      if (octets > 0) {
        const taken = input.octets(octets)
        found.push(`${found.pop()}${taken.toString('latin1')}`)
        octets -= taken.length
        if (octets > 0) break
      }
      const line: Line | undefined = input.line(limit)
      if (!line) break
      const text = line.octets.toString('latin1')
      assert.ok(line.tooLong ? text === '' : text.length + 2 <= limit)
      found.push(line.tooLong ? 'too long' : `line ${text}`)
      octets = line.tooLong ? 0 : wanted(text)
      if (octets > 0) found.push('octets ')
    }
    chunk.fill('!')
  }
  return found
}

function readPlainly(wire: string): string[] {
  const found: string[] = []
  for (let at = 0; ; ) {
    const end = wire.indexOf('\r\n', at)
    if (end < 0) return found
    const line = wire.slice(at, end)
    at = end + 2
    const tooLong = line.length + 2 > limit
    found.push(tooLong ? 'too long' : `line ${line}`)
    const octets = tooLong ? 0 : wanted(line)
    if (octets > 0) found.push(`octets ${wire.slice(at, at + octets)}`)
    at += octets
  }
}

export const input: Target = {
  seeds: [
    'NOOP\r\nQUIT\r\n',
    '3\r\nabcd\r\n5\r\na\r\nb\r\n',
    `${'x'.repeat(38)}\r\n${'x'.repeat(39)}\r\n`,
    'a\rb\nc\r\r\n\n\r\n',
  ],
  words: ['\r\n', '\r', '\n', '1\r\n', '40\r\n', '999\r\n', '0\r\n', 'x', 'NOOP', '\0', '\xff', '\r\r\n', '\n\r\n'],
  most: 800,
  check(octets) {
    const plain = readPlainly(octets.toString('latin1'))
    for (const chunks of cuttings(octets)) assert.deepEqual(read(chunks), plain)
    return [
      ...stretches(
        plain.map(line => line.slice(0, 6)),
        3,
      ),
    ]
  },
}
