// Any octets come out as a mended header and an untouched body, or as nothing at all where the header is too big: the same at
// any split. No blind recipient is left in it, whose it is can be told or the problem is named, and mending it again changes
// nothing.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { formatAddress, parseAddress } from '../../../src/message/address.ts'
import type { HeaderFacts, Mending } from '../../../src/message/mending.ts'
import { SubmittedHeader } from '../../../src/message/submission.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const mending: Mending = {
  date: Date.UTC(2026, 10, 21, 22, 15, 52),
  hostname: 'mail.home.example',
  id: '0123456789abcdef',
  domain: 'home.example',
  reversePath: parseAddress('alice@home.example'),
}

type Submitted = { header: string; body: string; facts: HeaderFacts | undefined; tooBig: boolean }

function submit(chunks: readonly Buffer[]): Submitted {
  const submitted = new SubmittedHeader(mending)
  let [header, body] = ['', '']
  const take = (part: { header: Buffer | undefined; rest: Buffer }) => {
    header += part.header?.toString('latin1') ?? ''
    body += part.rest.toString('latin1')
  }
  for (const chunk of chunks) {
    take(submitted.feed(chunk))
    chunk.fill('!')
  }
  take(submitted.finish())
  return { header, body, facts: submitted.facts, tooBig: submitted.tooBig }
}

export const submittedHeader: Target = {
  seeds: [
    'From: Alice <alice@home.example>\r\nTo: bob, "C, D" <c@d.example>;\r\nBcc: x\r\n\ty\r\nSubject: z\r\n\r\nbody\r\n',
    'Date: Sat, 21 Nov 2026 22:15:52 +0000\r\nMessage-ID: <1@home.example>\r\nSender: a@b, c\r\nTLS-Required: No\r\n\r\n',
    'From: friends: alice, bob@home.example;\r\nFrom: b\r\nAuto-Submitted: auto-replied (x)\r\nno field\r\nbody',
    '\r\nbody\r\n\r\n',
    ' folded first\r\nFrom:\r\n \r\nReply-To: <@a,@b:c@d>\r\n',
    'Cc: \xc3\xbc <\xc3\xbc@b\xc3\xbccher.example>\r\nSubject: \xfc\r\n\r\n\xfc',
  ].map(text => Buffer.from(text, 'latin1')),
  words: [
    ...[
      'From: ',
      'Sender: ',
      'To: ',
      'Cc: ',
      'Reply-To: ',
      'Bcc: ',
      'Resent-Bcc:',
      'Date:',
      'Message-ID: ',
      'Subject: x',
    ],
    ...[
      'Return-Path: <>',
      'bcc :',
      'alice',
      'alice@home.example',
      '<',
      '>',
      '@',
      ',',
      ';',
      ':',
      '"',
      '(',
      ')',
      '\\',
      '.',
    ],
    ...['\r\n', '\r\n\r\n', '\r\n ', '\r\n\t', '\n', '\r', ' ', '\0', '[', ']', 'x'],
    ...[Buffer.from('ff', 'hex'), Buffer.from('\u00fc')],
  ],
  most: 1500,
  check(input) {
    const [whole = submit([]), ...others] = cuttings(input).map(submit)
    for (const other of others) assert.deepEqual(other, whole)
    const { header, body, facts, tooBig } = whole
    if (!facts) {
      assert.ok(tooBig && header === '' && body === '')
      return ['too big']
    }
    assert.ok(input.toString('latin1').endsWith(body))
    assert.ok(header.endsWith('\r\n'))
    assert.doesNotMatch(header, /(?:^|\r\n)(?:resent-)?bcc[ \t]*:/i)
    assert.ok(facts.problem !== undefined || facts.from.length > 0)
    assert.ok(facts.messageId.length <= budget.messageId)
    for (const address of [...facts.from, ...facts.sender]) {
      assert.deepEqual(parseAddress(formatAddress(address), { utf8: true }), address)
    }
    assert.deepEqual(submit([Buffer.from(header + body, 'latin1')]), whole)
    return [
      String(facts.problem),
      `${facts.from.length} ${facts.sender.length} ${facts.automatic} ${facts.tlsNotRequired} ${facts.eightBit}`,
      ...stretches(header.replaceAll(/[^\r\n:<>@,;"()\\]+/g, 'a'), 5),
    ]
  },
}
