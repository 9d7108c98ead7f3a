/** The trace fields, octet for octet. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Arrival, receivedField, returnPathField } from '../../src/message/trace.ts'

const tls = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' }
const arrival: Arrival = {
  hello: { verb: 'EHLO', domain: 'laptop.away.example' },
  address: '192.0.2.7',
  hostname: 'mail.home.example',
  tls: undefined,
  smtputf8: false,
  authenticated: false,
  id: '0123456789abcdef',
  recipient: 'alice@home.example',
  date: Date.UTC(2026, 10, 21, 22, 15, 52),
}

const protocols: readonly (readonly [word: string, said: Partial<Arrival>])[] = [
  ['SMTP', { hello: { verb: 'HELO', domain: 'old.away.example' } }],
  ['ESMTP', {}],
  ['ESMTPS', { tls }],
  ['UTF8SMTP', { smtputf8: true }],
  ['UTF8SMTPS', { smtputf8: true, tls }],
]

describe('the Received field (RFC 5321 §4.4)', () => {
  test('says from whom, by whom, with what, for whom and when', () => {
    assert.equal(
      receivedField({ ...arrival, tls }),
      'Received: from laptop.away.example ([192.0.2.7])\r\n' +
        '\tby mail.home.example (Porchlight) with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n' +
        '\tid 0123456789abcdef for <alice@home.example>;\r\n' +
        '\tSat, 21 Nov 2026 22:15:52 +0000\r\n',
    )
  })

  for (const [word, said] of protocols) {
    test(`calls the protocol ${word} (RFC 3848, RFC 6531 §4.3)`, () => {
      assert.match(receivedField({ ...arrival, ...said }), new RegExp(` with ${word}(?: \\(TLSv1.3 \\w+\\))?\\r\\n`))
    })
  }

  test('has no for-clause when there are several recipients, which must not learn of each other (§7.2)', () => {
    assert.match(receivedField({ ...arrival, recipient: undefined }), /\r\n\tid 0123456789abcdef;\r\n/)
  })

  test('writes an IPv6 address as an address literal (§4.1.3)', () => {
    assert.match(receivedField({ ...arrival, address: '2001:db8::7' }), /\(\[IPv6:2001:db8::7\]\)\r\n/)
  })

  test('keeps every line far below 998 octets, with the longest names there can be', () => {
    const longest = {
      hello: { verb: 'EHLO', domain: 'd'.repeat(255) },
      hostname: 'h'.repeat(255),
      recipient: `${'ü'.repeat(120)}@x`,
    } as const
    const lines = receivedField({ ...arrival, ...longest, tls }).split('\r\n')
    assert.ok(lines.every(line => Buffer.byteLength(line) < 500))
  })
})

test('Return-Path holds the reverse-path, or nothing (§4.4)', () => {
  assert.equal(returnPathField('bob@away.example'), 'Return-Path: <bob@away.example>\r\n')
  assert.equal(returnPathField(''), 'Return-Path: <>\r\n')
})
