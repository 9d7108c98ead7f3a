/** The header scanner: each case runs at every split. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { HeaderScanner } from '../../src/message/header.ts'
import { madeHereField, receivedField } from '../../src/message/trace.ts'
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

const about = 'mail.home.example'
const seen: readonly { name: string; message: string; passed: number; from: string | undefined }[] = [
  {
    name: 'a stranger',
    message: 'From: b@x\r\nReceived: from a by b (Porchlight)\r\n\r\n',
    passed: 0,
    from: 'From: b@x\r\n;',
  },
  {
    name: 'this host, in its own words',
    message: `${receivedField({ hello: { verb: 'EHLO', domain: 'a'.repeat(255) }, address: '192.0.2.1', hostname: about, tls: undefined, authenticated: false, smtputf8: false, id: '1', recipient: undefined, date: 0 })}${madeHereField({ hostname: about, id: '1', recipient: undefined, date: 0 })}`,
    passed: 2,
    from: '',
  },
  {
    name: 'this host, folded by others',
    message: `RECEIVED:\r\n by\r\n\t${about.toUpperCase()}\r\n (Porchlight)\r\n\r\n`,
    passed: 1,
    from: '',
  },
  { name: 'a host whose name ends so', message: `Received: by x.${about} (Porchlight)\r\n\r\n`, passed: 0, from: '' },
  {
    name: 'several authors',
    message: 'From: a@x\r\nfrom:\r\n b@y\r\n\r\nFrom: c@z\r\n',
    passed: 0,
    from: 'From: a@x\r\n;from:\r\n b@y\r\n;',
  },
  { name: 'an author at the end of all', message: 'From : a@x\r\n', passed: 0, from: 'From : a@x\r\n;' },
  {
    name: 'an author behind more than is read',
    message: `From: "${'x'.repeat(budget.fieldStart)}" <a@x>\r\n\r\n`,
    passed: 0,
    from: undefined,
  },
  {
    name: 'an author in a fold behind that',
    message: `From: ${'x'.repeat(900)}\r\n ${'y'.repeat(200)}\r\n <a@x>\r\n\r\n`,
    passed: 0,
    from: undefined,
  },
  { name: 'more authors than are read', message: `${'From: a@x\r\n'.repeat(200)}\r\n`, passed: 0, from: undefined },
  { name: 'fields that only begin so', message: 'From-Line: a@x\r\nFroma: x\r\nForm: x\r\n\r\n', passed: 0, from: '' },
]

const said: readonly { name: string; message: string; messageId?: string; tlsNotRequired?: boolean }[] = [
  { name: 'a message without either', message: 'Subject: x\r\n\r\nMessage-ID: <1@x>\r\nTLS-Required: No\r\n' },
  { name: 'a message id', message: 'a: b\r\nMESSAGE-ID: <1.a@x> (c)\r\nc: d\r\n\r\n', messageId: '<1.a@x>' },
  { name: 'a folded one', message: 'Message-Id :\r\n <1@x>\r\n\r\n', messageId: '<1@x>' },
  { name: 'one at the end of a message that is all header', message: 'Message-ID: <1@x>\r\n', messageId: '<1@x>' },
  { name: 'the first of several', message: 'Message-ID: <1@x>\r\nMessage-ID: <2@x>\r\n\r\n', messageId: '<1@x>' },
  {
    name: 'one in another field',
    message: 'References:\r\n <1@x>\r\nX-Message-ID: <2@x>\r\nMessage-IDs: <3@x>\r\n\r\n',
  },
  { name: 'one with a control character or a blank', message: 'Message-ID: <1\x07@x>\r\nMessage-ID: <1 @x>\r\n\r\n' },
  { name: 'one that is too long', message: `Message-ID:<${'1'.repeat(budget.messageId - 1)}>\r\n\r\n` },
  {
    name: 'one as long as may be',
    message: `Message-ID:<${'1'.repeat(budget.messageId - 2)}>\r\n\r\n`,
    messageId: `<${'1'.repeat(budget.messageId - 2)}>`,
  },
  { name: 'TLS not required', message: 'tls-required: no\r\na: b\r\n\r\n', tlsNotRequired: true },
  { name: 'the same folded', message: 'TLS-Required:\r\n\tNo\r\n\r\n', tlsNotRequired: true },
  { name: 'the same twice', message: 'TLS-Required: Now\r\nTLS-Required: No\r\n\r\n', tlsNotRequired: true },
  { name: 'something else there', message: 'TLS-Required: No\r\n way\r\nTLS-Required-X: No\r\n\r\n' },
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

  for (const { name, message, messageId = '', tlsNotRequired = false } of said) {
    test(`${name}: what its fields say, at every split`, () => {
      for (const spans of everySplit(Buffer.from(message, 'latin1'))) {
        const scanner = new HeaderScanner()
        for (const span of spans) scanner.feed(span)
        const { messageId: id, tlsNotRequired: said } = scanner
        assert.deepEqual({ id, said }, { id: messageId, said: tlsNotRequired })
      }
    })
  }

  for (const { name, message, passed, from } of seen) {
    test(`${name}: who has written it and who had it before, at every split`, () => {
      for (const spans of everySplit(Buffer.from(message, 'latin1'))) {
        const scanner = new HeaderScanner(about)
        for (const span of spans) scanner.feed(span)
        assert.deepEqual([scanner.passed, scanner.from], [passed, from])
      }
    })
  }

  test('holds little of a field that never ends', () => {
    const scanner = new HeaderScanner()
    scanner.feed(Buffer.from(`Message-ID: ${' '.repeat(budget.fieldStart)}<1@x>\r\n`))
    for (let i = 0; i < 1000; i++) scanner.feed(Buffer.from(' <2@x>\r\n'))
    assert.equal(scanner.messageId, '')
  })
})
