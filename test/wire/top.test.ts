/** TOP is exact at its edges, and the same however the message is cut. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TopCutter } from '../../src/wire/top.ts'

const mail = 'A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n'

const cases = [
  { name: 'no lines: header and blank line', message: mail, lines: 0, top: 'A: 1\r\nB: 2\r\n\r\n', done: true },
  { name: 'one line', message: mail, lines: 1, top: 'A: 1\r\nB: 2\r\n\r\none\r\n', done: true },
  { name: 'a blank line of the body counts', message: mail, lines: 2, top: mail.slice(0, -7), done: true },
  { name: 'as many lines as there are', message: mail, lines: 3, top: mail, done: true },
  { name: 'more lines than there are', message: mail, lines: 4, top: mail, done: false },
  { name: 'far more lines than there are', message: mail, lines: Number.POSITIVE_INFINITY, top: mail, done: false },
  {
    name: 'a header without a blank line',
    message: 'A: 1\r\nB: 2\r\n',
    lines: 0,
    top: 'A: 1\r\nB: 2\r\n',
    done: false,
  },
  { name: 'a header and nothing else', message: 'A: 1\r\n\r\n', lines: 5, top: 'A: 1\r\n\r\n', done: false },
  { name: 'no header', message: '\r\none\r\ntwo\r\n', lines: 1, top: '\r\none\r\n', done: true },
  { name: 'an empty message', message: '', lines: 1, top: '', done: false },
  { name: 'a last line without its end', message: 'A: 1\r\n\r\none', lines: 1, top: 'A: 1\r\n\r\none', done: false },
  {
    name: 'a bare LF or CR ends no line',
    message: 'A\n\n\r\r\n\r\n1\n2\r3\r\n4\r\n',
    lines: 1,
    top: 'A\n\n\r\r\n\r\n1\n2\r3\r\n',
    done: true,
  },
  {
    name: 'a line of CR alone is not blank',
    message: 'A\r\n\r\r\nB\r\n\r\n1',
    lines: 0,
    top: 'A\r\n\r\r\nB\r\n\r\n',
    done: true,
  },
]

function cut(message: Buffer, lines: number, step: number): { top: string; done: boolean } {
  const cutter = new TopCutter(lines)
  const pieces: Buffer[] = []
  for (let from = 0; from < message.length; from += step) {
    pieces.push(cutter.cut(message.subarray(from, from + step)), cutter.cut(Buffer.alloc(0)))
  }
  return { top: Buffer.concat(pieces).toString('latin1'), done: cutter.done }
}

describe('the top of a message', () => {
  for (const { name, message, lines, top, done } of cases) {
    test(`${name}, at every split`, () => {
      for (let step = 1; step <= Math.max(1, message.length); step++) {
        assert.deepEqual(cut(Buffer.from(message), lines, step), { top, done }, `step ${step}`)
      }
    })
  }

  test('any message is cut where its lines say', () => {
    const message = fc.array(fc.constantFrom('\r', '\n', '\r\n', '\r\n\r\n', 'a', '.')).map(parts => parts.join(''))
    fc.assert(
      fc.property(message, fc.nat(4), fc.integer({ min: 1, max: 5 }), (text, lines, step) => {
        const all = text.split(/(?<=\r\n)/)
        const blank = all.indexOf('\r\n')
        const top = blank < 0 ? text : all.slice(0, blank + 1 + lines).join('')
        assert.equal(cut(Buffer.from(text), lines, step).top, top)
      }),
      { numRuns: 500 },
    )
  })
})
