// Any message encodes as the plain words say, at any split, and the decoder gives it back: no line of it ends the message.
import assert from 'node:assert/strict'
import { DotDecoder } from '../../../src/wire/dot.ts'
import { Input } from '../../../src/wire/input.ts'
import { DotEncoder } from '../../../src/wire/stuffing.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

function encode(chunks: readonly Buffer[]): Buffer {
  const encoder = new DotEncoder()
  const pieces = chunks.map(chunk => encoder.encode(chunk))
  const encoded = Buffer.concat(pieces)
  assert.equal(encoder.atLineStart, encoded.length === 0 || encoded.toString('latin1').endsWith('\r\n'))
  return encoded
}

function decode(stuffed: Buffer): string {
  const decoder = new DotDecoder()
  const input = new Input()
  input.feed(stuffed)
  let body = ''
  for (let span = decoder.next(input); span; span = decoder.next(input)) body += span.toString('latin1')
  assert.ok(decoder.ended && !input.pending)
  return body
}

export const dotEncoder: Target = {
  seeds: ['a\r\nb\r\n', '.\r\n.\r\n..\r\n', 'a\r.b\n.c\r\n', '\n\r.\r\n', ''],
  words: ['\r\n.\r\n', '\r\n.', '\r\n', '\r', '\n', '.', 'a', '\0', '\xff', 'text of a line'],
  most: 800,
  check(input) {
    const text = input.toString('latin1')
    const plain = `\r\n${text}`.replaceAll('\r\n.', '\r\n..').slice(2)
    for (const chunks of cuttings(input)) assert.equal(encode(chunks).toString('latin1'), plain)
    const message = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`
    const sent = Buffer.concat([encode([Buffer.from(message, 'latin1')]), Buffer.from('.\r\n')])
    assert.equal(decode(sent), message)
    return stretches(text.replaceAll(/[^\r\n.]+/g, 'a'), 6)
  },
}
