import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { LineCheck } from '../../src/wire/lines.ts'
import { cut, everySplit, lineNoise, places } from './splits.ts'

function check(chunks: readonly Buffer[]) {
  const lines = new LineCheck()
  for (const chunk of chunks) lines.check(chunk)
  const { octets, malformed, longLine, dotted, atLineStart } = lines
  return { octets, malformed, longLine, dotted, atLineStart }
}

/** What `check` says, in the words of regular expressions. A CR at the very end may yet get its LF. */
function checkPlainly(wire: string) {
  const lines = wire.split('\r\n')
  return {
    octets: wire.length,
    malformed: /\r(?!\n|$)|(?<!\r)\n/.test(wire),
    longLine: lines.slice(0, -1).some(line => line.length + 2 > budget.textLine),
    dotted: lines.some(line => line.startsWith('.')),
    atLineStart: lines.at(-1) === '',
  }
}

const clean = { malformed: false, longLine: false, dotted: false, atLineStart: true }
const longest = 'x'.repeat(budget.textLine - 2)

const cases = [
  { name: 'lines that end in CRLF are well formed', wire: 'a\r\nbc\r\n', found: clean },
  { name: 'nothing is well formed', wire: '', found: clean },
  { name: 'a LF at the start is alone', wire: '\na\r\n', found: { ...clean, malformed: true } },
  { name: 'a CR before text is alone', wire: 'a\rb\r\n', found: { ...clean, malformed: true } },
  { name: 'a CR before CRLF is alone', wire: 'a\r\r\n', found: { ...clean, malformed: true } },
  { name: 'a LF after CRLF is alone', wire: 'a\r\n\n', found: { ...clean, malformed: true, atLineStart: false } },
  { name: 'a line may be open', wire: 'a\r\nb', found: { ...clean, atLineStart: false } },
  { name: 'a line of 1,000 octets is not long', wire: `a\r\n${longest}\r\n`, found: clean },
  { name: 'a line of 1,001 octets is long', wire: `a\r\n${longest}x\r\nb\r\n`, found: { ...clean, longLine: true } },
  { name: 'a dot at the start of a line is seen', wire: 'a\r\n.\r\n', found: { ...clean, dotted: true } },
  { name: 'a dot at the start of all is seen', wire: '.a\r\n', found: { ...clean, dotted: true } },
  { name: 'a dot inside a line is nothing', wire: 'a.\r\nb.\r\n', found: clean },
  { name: 'tabs, NULs and 8-bit octets are text', wire: '\t\t\0\0\x8a\x8d\xff\x7f\x1f\t\r\n', found: clean },
]

describe('the lines of a body', () => {
  for (const { name, wire, found } of cases) {
    test(`${name}, at every split`, () => {
      const octets = Buffer.from(wire, 'latin1')
      for (const chunks of everySplit(octets)) assert.deepEqual(check(chunks), { octets: octets.length, ...found })
    })
  }

  test('each octet value is told from CR and LF at each place of a word', () => {
    for (let value = 0; value < 256; value++) {
      for (let at = 0; at < 9; at++) {
        const wire = Buffer.alloc(24, 'x').fill(value, at, at + 1)
        assert.deepEqual(check([wire]), checkPlainly(wire.toString('latin1')))
      }
    }
  })

  test('anything is judged as the plain words say, at any split', () => {
    fc.assert(
      fc.property(lineNoise, places, (wire, at) => {
        assert.deepEqual(check(cut(wire, at)), checkPlainly(wire.toString('latin1')))
      }),
      { numRuns: 500 },
    )
  })
})
