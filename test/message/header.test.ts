/** The header scanner: each case runs at every split. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { HeaderScanner } from '../../src/message/header.ts'
import { cut, everySplit } from '../wire/splits.ts'

/** `header` is the part of the message that the header section is; everything when it is not given. */
type Case = { readonly name: string; readonly header: string; readonly body?: string; readonly received: number }

const cases: readonly Case[] = [
  { name: 'an empty message', header: '', received: 0 },
  { name: 'a message that begins with the empty line', header: '\r\n', body: 'Received: x\r\n', received: 0 },
  { name: 'a header without an empty line', header: 'Subject: x\r\nReceived: y\r\n', received: 1 },
  { name: 'a header that breaks off inside a field', header: 'Received: x\r\nReceived:', received: 1 },
  { name: 'fields in any case', header: 'RECEIVED: a\r\nreceived: b\r\nReCeIvEd:c\r\n\r\n', received: 3 },
  { name: 'a field with nothing in it', header: 'Received:\r\n\r\n', received: 1 },
  {
    name: 'fields in the body',
    header: 'Received: a\r\n\r\n',
    body: 'Received: b\r\n\r\nReceived: c\r\n',
    received: 1,
  },
  { name: 'a folded field', header: 'Received: a\r\n\tReceived: b\r\n Received: c\r\n\r\n', received: 1 },
  { name: 'names that only begin so', header: 'Received-SPF: pass\r\nReceive: x\r\nReceivedX: y\r\n\r\n', received: 0 },
  { name: 'a name that ends so', header: 'X-Received: a\r\n Received: b\r\n\r\n', received: 0 },
  {
    name: 'octets that look like the word with a bit more',
    header: 'Received\u001a x\r\nReceived\u007a x\r\n\r\n',
    received: 0,
  },
  { name: 'the word cut by a line end', header: 'Rece\r\nived: x\r\nReceived\r\n: x\r\n\r\n', received: 0 },
  {
    name: '8-bit octets and NULs',
    header: 'Subject: \u00fc\u0000\u00ff\r\nReceived: \u00e9\r\n\r\n',
    body: '\u00ff',
    received: 1,
  },
  {
    name: 'a line of white space, which is not the empty one',
    header: 'Received: a\r\n \r\nReceived: b\r\n\r\n',
    received: 2,
  },
  { name: 'a body of empty lines', header: 'Subject: x\r\n\r\n', body: '\r\n\r\n\r\n', received: 0 },
]

function scan(chunks: readonly Buffer[]): { received: number; octets: number } {
  const scanner = new HeaderScanner()
  for (const chunk of chunks) scanner.feed(chunk)
  return { received: scanner.received, octets: scanner.octets }
}

describe('the header section', () => {
  for (const { name, header, body = '', received } of cases) {
    test(`${name}: its length and its Received fields, at every split`, () => {
      const message = Buffer.from(header + body, 'latin1')
      for (const chunks of everySplit(message)) assert.deepEqual(scan(chunks), { received, octets: header.length })
    })
  }

  test('of any lines is read as a plain reading does, at any split', () => {
    const words = ['Received: x', 'received:', 'Received', 'Subject: x', '\tReceived: y', '', ' ', 'R', ':']
    const lines = fc.array(fc.constantFrom(...words), { maxLength: 12 })
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 6 }), (lines, places) => {
        const end = lines.indexOf('')
        const header = end < 0 ? lines : lines.slice(0, end + 1)
        const received = header.filter(line => /^received:/i.test(line)).length
        const octets = header.reduce((sum, line) => sum + line.length + 2, 0)
        const message = Buffer.from(lines.map(line => `${line}\r\n`).join(''))
        assert.deepEqual(scan(cut(message, places)), { received, octets })
      }),
    )
  })
})
