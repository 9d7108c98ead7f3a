// Any octets are read to the same end of the header section and the same number of Received fields, at any split; and where
// every line ends in CRLF, as in all that is kept, they are those of the plain words.
import assert from 'node:assert/strict'
import { HeaderScanner } from '../../../src/message/header.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

type Header = { received: number; octets: number }

function scan(chunks: readonly Buffer[]): Header {
  const header = new HeaderScanner()
  for (const chunk of chunks) {
    header.feed(chunk)
    chunk.fill('!')
  }
  return { received: header.received, octets: header.octets }
}

function scanPlainly(message: string): Header {
  const blank = `\r\n${message}`.indexOf('\r\n\r\n')
  const header = blank < 0 ? message : message.slice(0, blank + 2)
  // A field counts once its line has ended.
  const lines = header.split('\r\n').slice(0, -1)
  return { received: lines.filter(line => /^received:/i.test(line)).length, octets: header.length }
}

export const header: Target = {
  seeds: [
    'Received: a\r\n\tb\r\nSubject: c\r\nRECEIVED:\r\n\r\nReceived: d\r\n',
    '\r\nReceived: a\r\n',
    'Receive: a\r\nreceived : b\r\n',
  ],
  words: [
    'Received: x\r\n',
    'received:',
    'Received',
    ':',
    'receive',
    '\r\n',
    '\r\n\r\n',
    '\r',
    '\n',
    '\n\n',
    '\t',
    ' ',
    'x',
    '\0',
    '\x1a',
    '\xff',
  ],
  most: 1500,
  check(input) {
    const text = input.toString('latin1')
    const [whole = { received: 0, octets: 0 }, ...others] = cuttings(input).map(scan)
    for (const other of others) assert.deepEqual(other, whole)
    const clean = !/\r(?!\n)|(?<!\r)\n/.test(text)
    if (clean) assert.deepEqual(whole, scanPlainly(text))
    return [`${clean} ${whole.received}`, ...stretches(text.slice(0, whole.octets).replaceAll(/[^\r\n:]+/g, 'a'), 6)]
  },
}
