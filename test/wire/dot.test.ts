import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DotDecoder } from '../../src/wire/dot.ts'
import { Input } from '../../src/wire/input.ts'
import { decodeDots } from '../support/dots.ts'
import { cut, everySplit, lineNoise, places } from './splits.ts'

type Decoded = { body: string; rest: string; ended: boolean; malformed: boolean; dotted: boolean }

function decode(chunks: readonly Buffer[]): Decoded {
  const { body, rest, ended, lines } = decodeDots(chunks)
  return { body, rest, ended, malformed: lines.malformed, dotted: lines.dotted }
}

/** The same in the plainest words: find the end, then cut the first dot of each line. */
function decodePlainly(wire: string): Pick<Decoded, 'body' | 'rest' | 'ended'> {
  const framed = `\r\n${wire}`
  const end = framed.indexOf('\r\n.\r\n')
  if (end < 0) return { body: '', rest: '', ended: false }
  const body = framed
    .slice(0, end + 2)
    .replaceAll('\r\n.', '\r\n')
    .slice(2)
  return { body, rest: framed.slice(end + 5), ended: true }
}

const good = { rest: '', ended: true, malformed: false, dotted: false }
const smuggled = { ...good, malformed: true }

const cases: { name: string; wire: string; decoded: Decoded }[] = [
  { name: 'a body ends at CRLF.CRLF', wire: 'a\r\n.\r\n', decoded: { ...good, body: 'a\r\n' } },
  {
    name: 'what follows the end is left',
    wire: 'a\r\n.\r\nQUIT\r\n',
    decoded: { ...good, body: 'a\r\n', rest: 'QUIT\r\n' },
  },
  { name: 'a body may be empty', wire: '.\r\nQUIT', decoded: { ...good, body: '', rest: 'QUIT' } },
  { name: 'a body may be an empty line', wire: '\r\n.\r\n', decoded: { ...good, body: '\r\n' } },
  { name: 'a stuffed dot is cut', wire: '..\r\n.\r\n', decoded: { ...good, body: '.\r\n', dotted: true } },
  {
    name: 'only the first dot is cut',
    wire: 'a\r\n...b\r\n.\r\n',
    decoded: { ...good, body: 'a\r\n..b\r\n', dotted: true },
  },
  { name: 'a dot before text is cut', wire: '.x\r\n.\r\n', decoded: { ...good, body: 'x\r\n' } },
  { name: 'a dot inside a line stays', wire: 'a.\r\nb.c\r\n.\r\n', decoded: { ...good, body: 'a.\r\nb.c\r\n' } },
  {
    name: 'every line may be a dot',
    wire: '..\r\n..\r\n.\r\n',
    decoded: { ...good, body: '.\r\n.\r\n', dotted: true },
  },
  { name: 'NUL and 8-bit octets pass', wire: '\0\xff\x8d\r\n.\r\n', decoded: { ...good, body: '\0\xff\x8d\r\n' } },
  { name: 'a body goes on until its end', wire: 'a\r\n.', decoded: { ...good, body: 'a\r\n', ended: false } },

  { name: 'LF.LF is no end', wire: 'a\n.\nb\r\n.\r\n', decoded: { ...smuggled, body: 'a\n.\nb\r\n' } },
  { name: 'LF.CRLF is no end', wire: 'a\n.\r\nb\r\n.\r\n', decoded: { ...smuggled, body: 'a\n.\r\nb\r\n' } },
  { name: 'CR.CRLF is no end', wire: 'a\r.\r\nb\r\n.\r\n', decoded: { ...smuggled, body: 'a\r.\r\nb\r\n' } },
  { name: 'CR.CR is no end', wire: 'a\r.\rb\r\n.\r\n', decoded: { ...smuggled, body: 'a\r.\rb\r\n' } },
  { name: 'CRLF.LF is no end', wire: 'a\r\n.\nb\r\n.\r\n', decoded: { ...smuggled, body: 'a\r\n\nb\r\n' } },
  { name: 'CRLF.CR and text is no end', wire: 'a\r\n.\rb\r\n.\r\n', decoded: { ...smuggled, body: 'a\r\n\rb\r\n' } },
  { name: 'CRLF.CRCRLF is no end', wire: 'a\r\n.\r\r\n.\r\n', decoded: { ...smuggled, body: 'a\r\n\r\r\n' } },
  { name: 'CRLF.CR.CRLF is no end', wire: 'a\r\n.\r.\r\n.\r\n', decoded: { ...smuggled, body: 'a\r\n\r.\r\n' } },
  {
    name: 'a dot and LF at the start is no end',
    wire: '.\n.\r\n\r\n.\r\n',
    decoded: { ...smuggled, body: '\n.\r\n\r\n' },
  },
  { name: 'CRCRLF.CRLF is an end', wire: 'a\r\r\n.\r\nb', decoded: { ...smuggled, body: 'a\r\r\n', rest: 'b' } },
  { name: 'LFCRLF.CRLF is an end', wire: 'a\n\r\n.\r\nb', decoded: { ...smuggled, body: 'a\n\r\n', rest: 'b' } },
  { name: 'LFCR.CRLF is no end', wire: 'a\n\r.\r\n.\r\n', decoded: { ...smuggled, body: 'a\n\r.\r\n' } },
]

describe('dot-stuffing undone', () => {
  for (const { name, wire, decoded } of cases) {
    test(`${name}, at every split`, () => {
      for (const chunks of everySplit(Buffer.from(wire, 'latin1'))) assert.deepEqual(decode(chunks), decoded)
    })
  }

  test('what was stuffed comes back, at any split', () => {
    fc.assert(
      fc.property(lineNoise, places, (octets, at) => {
        const body = `${octets.toString('latin1')}\r\n`
        const stuffed = `\r\n${body}`.replaceAll('\r\n.', '\r\n..').slice(2)
        const decoded = decode(cut(Buffer.from(`${stuffed}.\r\nrest`, 'latin1'), at))
        assert.deepEqual([decoded.body, decoded.rest, decoded.ended], [body, 'rest', true])
      }),
    )
  })

  test('anything decodes as the plain words say, at any split', () => {
    fc.assert(
      fc.property(lineNoise, places, (wire, at) => {
        const { body, rest, ended } = decode(cut(wire, at))
        const plain = decodePlainly(wire.toString('latin1'))
        assert.equal(ended, plain.ended)
        if (ended) assert.deepEqual({ body, rest, ended }, plain)
      }),
      { numRuns: 500 },
    )
  })

  test('a chunk without dot lines comes out as one span, and is not copied', () => {
    const chunk = Buffer.from('a line\r\n'.repeat(1000))
    const input = new Input()
    input.feed(chunk)
    const decoder = new DotDecoder()
    const span = decoder.next(input)
    assert.equal(span?.length, chunk.length)
    assert.equal(span?.buffer, chunk.buffer)
    assert.equal(decoder.next(input), undefined)
  })
})
