// Any octets decode as the plain words say, at any split: the body ends at the first CRLF.CRLF and nowhere else, what follows
// is left for the commands, and what is known of its lines is true.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { decodeDots } from '../../support/dots.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const end = '\r\n.\r\n'

/** Gives chunks that are not what they were once the next one is asked for, as those of a socket are. */
function* borrowed(chunks: readonly Buffer[]): Generator<Buffer> {
  for (const chunk of chunks) {
    yield chunk
    chunk.fill('!')
  }
}

function decode(chunks: readonly Buffer[]) {
  const { body, rest, ended, lines } = decodeDots(borrowed(chunks))
  const { octets, malformed, longLine, dotted, atLineStart } = lines
  return { body, rest, ended, octets, malformed, longLine, dotted, atLineStart }
}

function decodePlainly(wire: string) {
  const framed = `\r\n${wire}`
  const at = framed.indexOf(end)
  const stuffed = framed.slice(0, at + 2)
  const body = stuffed.replaceAll('\r\n.', '\r\n').slice(2)
  const lines = body.split('\r\n')
  return {
    body,
    rest: framed.slice(at + end.length),
    ended: true,
    octets: body.length,
    malformed: /\r(?!\n)|(?<!\r)\n/.test(body),
    longLine: lines.some(line => line.length + 2 > budget.textLine),
    dotted: lines.some(line => line.startsWith('.')),
    atLineStart: true,
  }
}

export const dotDecoder: Target = {
  seeds: [
    'a\r\n.\r\nQUIT\r\n',
    '..\r\n...b\r\n.x\r\n.\r\n',
    'a\n.\nb\r\n.\rc\r\n.\r\r\n',
    `${'x'.repeat(998)}\r\n${'y'.repeat(999)}\r\n.`,
    '\r\n\r\n.\r\n.\r\n',
  ],
  words: [
    '\r\n.\r\n',
    '\r\n.',
    '\r\n..',
    '\r\n',
    '\r',
    '\n',
    '.',
    'a',
    '\0',
    '\xff',
    '\t',
    '\r\n.\r',
    '.\r\n',
    'text of a line',
  ],
  most: 2500,
  check(input) {
    const [whole, ...others] = cuttings(input).map(decode)
    for (const other of others) assert.deepEqual(other, whole)
    // With an end of its own, whatever came before has one.
    const ended = Buffer.concat([input, Buffer.from(end)])
    const plain = decodePlainly(ended.toString('latin1'))
    for (const chunks of cuttings(ended)) assert.deepEqual(decode(chunks), plain)
    return [`${plain.longLine}`, ...stretches(ended.toString('latin1').replaceAll(/[^\r\n.]+/g, 'a'), 6)]
  },
}
