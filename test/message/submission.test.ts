/** Submitted headers: each case runs at every split, whole and octet by octet; the body comes out as it went in. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { formatAddress, parseAddress } from '../../src/message/address.ts'
import type { HeaderFacts, Mending } from '../../src/message/mending.ts'
import { SubmittedHeader } from '../../src/message/submission.ts'
import { cut, everySplit, lineNoise, places } from '../wire/splits.ts'

const mending: Mending = {
  date: Date.UTC(2026, 10, 21, 22, 15, 52),
  hostname: 'mail.home.example',
  id: '0123456789abcdef',
  domain: 'home.example',
  reversePath: parseAddress('alice@home.example'),
}
const date = 'Date: Sat, 21 Nov 2026 22:15:52 +0000\r\n'
const from = 'From: alice@home.example\r\n'
const messageId = 'Message-ID: <0123456789abcdef@mail.home.example>\r\n'
/** What every message needs, so that nothing is added. */
const whole = `${date}From: Alice <alice@home.example>\r\nMessage-ID: <1@home.example>\r\n`

type Outcome = { header: string; body: string; facts: HeaderFacts | undefined; tooBig: boolean }

/** Octets as characters. Each span is overwritten once it was only borrowed. */
function submit(spans: readonly Buffer[], given: Mending = mending): Outcome {
  const submitted = new SubmittedHeader(given)
  let [header, body] = ['', '']
  const take = (part: { header: Buffer | undefined; rest: Buffer }) => {
    assert.ok(part.header === undefined || header === '', 'the header comes out once')
    header += part.header?.toString('latin1') ?? ''
    body += part.rest.toString('latin1')
  }
  for (const span of spans) {
    const borrowed = Buffer.from(span)
    take(submitted.feed(borrowed))
    borrowed.fill('!')
  }
  take(submitted.finish())
  return { header, body, facts: submitted.facts, tooBig: submitted.tooBig }
}

type Case = {
  readonly name: string
  readonly message: string
  readonly header: string
  readonly body?: string
  readonly facts?: Partial<Omit<HeaderFacts, 'from' | 'sender'>> & { from?: string[]; sender?: string[] }
  readonly given?: Partial<Mending>
}

const cases: readonly Case[] = [
  {
    name: 'a header that lacks nothing stays as it is',
    message: `${whole}X:  odd \t\r\n\t \r\n folded\r\nsubject : y\r\n\r\nbody\r\n`,
    header: `${whole}X:  odd \t\r\n\t \r\n folded\r\nsubject : y\r\n\r\n`,
    body: 'body\r\n',
    facts: { from: ['alice@home.example'], sender: [], messageId: '<1@home.example>', problem: undefined },
  },
  {
    name: 'Date, From and Message-ID are added behind the others',
    message: 'Subject: x\r\n\r\nbody',
    header: `Subject: x\r\n${date}${from}${messageId}\r\n`,
    body: 'body',
    facts: { from: ['alice@home.example'], messageId: '<0123456789abcdef@mail.home.example>' },
  },
  {
    name: 'empty ones are replaced',
    message: 'Date:\r\nFrom: \r\n \r\nMessage-ID:\r\nSubject:\r\n\r\n',
    header: `Subject:\r\n${date}${from}${messageId}\r\n`,
  },
  {
    name: 'a message that begins with the empty line gets all three',
    message: '\r\nbody\r\n\r\nmore\r\n',
    header: `${date}${from}${messageId}\r\n`,
    body: 'body\r\n\r\nmore\r\n',
  },
  { name: 'an empty message gets all three', message: '', header: `${date}${from}${messageId}\r\n` },
  {
    name: 'blind recipients and Return-Path go, with their folded lines',
    message: `Return-Path: <a@x.example>\r\nBcc: a@x.example,\r\n b@x.example\r\n${whole}RESENT-BCC : c\r\n\tc\r\nbcc:\r\nX-Bcc: x\r\n\r\nBcc: y\r\n`,
    header: `${whole}X-Bcc: x\r\n\r\n`,
    body: 'Bcc: y\r\n',
  },
  {
    name: 'missing domains are put in',
    message: `${date}Message-ID: <1@x>\r\nFrom: "Alice" <alice>\r\nSender: alice (A)\r\nReply-To: a, b@x.example\r\nTo: G: bob,\r\n eve;\r\nCc:carol\r\nX-To: dave\r\n\r\n`,
    header: `${date}Message-ID: <1@x>\r\nFrom: "Alice" <alice@home.example>\r\nSender: alice@home.example (A)\r\nReply-To: a@home.example, b@x.example\r\nTo: G: bob@home.example,\r\n eve@home.example;\r\nCc:carol@home.example\r\nX-To: dave\r\n\r\n`,
    facts: { from: ['alice@home.example'], sender: ['alice@home.example'] },
  },
  {
    name: 'destinations that cannot be read stay as they are',
    message: `${whole}To: Bob Builder\r\nCc: a b c <<\r\n\r\n`,
    header: `${whole}To: Bob Builder\r\nCc: a b c <<\r\n\r\n`,
    facts: { problem: undefined },
  },
  {
    name: 'a line that is no field begins the body',
    message: `${whole}no field\r\nBcc: x\r\n\r\nbody`,
    header: `${whole}\r\n`,
    body: 'no field\r\nBcc: x\r\n\r\nbody',
  },
  {
    name: 'a first line with white space begins the body',
    message: ' From: eve@x.example\r\nX: y\r\n\r\n',
    header: `${date}${from}${messageId}\r\n`,
    body: ' From: eve@x.example\r\nX: y\r\n\r\n',
  },
  {
    name: 'a name with a control character or a letter beyond ASCII is none',
    message: `${whole}Fr\0om: eve@x.example\r\n\r\n`,
    header: `${whole}\r\n`,
    body: 'Fr\0om: eve@x.example\r\n\r\n',
  },
  {
    name: 'a line that begins with a colon is no field',
    message: `${whole}: x\r\n\r\n`,
    header: `${whole}\r\n`,
    body: ': x\r\n\r\n',
  },
  { name: 'a header without an empty line gets one', message: whole, header: `${whole}\r\n` },
  {
    name: 'a header that breaks off inside a field gets the end of its line',
    message: `${whole}Subject: x`,
    header: `${whole}Subject: x\r\n\r\n`,
  },
  { name: 'a body without any line end', message: 'hello', header: `${date}${from}${messageId}\r\n`, body: 'hello' },
  { name: 'an empty line that breaks off', message: `${whole}\r`, header: `${whole}\r\n`, body: '\r' },
  {
    name: 'several From fields are reported, also where one has a blank before its colon',
    message: `${whole}FROM : eve@x.example\r\n\r\n`,
    header: `${whole}FROM : eve@x.example\r\n\r\n`,
    facts: { problem: 'several-from', from: ['alice@home.example', 'eve@x.example'] },
  },
  {
    name: 'several other fields that should be one are left',
    message: `${whole}Date: x\r\nMessage-ID: <2@x>\r\nSubject: a\r\nSubject: b\r\n\r\n`,
    header: `${whole}Date: x\r\nMessage-ID: <2@x>\r\nSubject: a\r\nSubject: b\r\n\r\n`,
    facts: { problem: undefined, messageId: '<1@home.example>' },
  },
  {
    name: 'a From that cannot be read is reported',
    message: `${date}Message-ID: <1@x>\r\nFrom: <alice@home.example> <eve@x.example>\r\n\r\n`,
    header: `${date}Message-ID: <1@x>\r\nFrom: <alice@home.example> <eve@x.example>\r\n\r\n`,
    facts: { problem: 'unreadable-from', from: [] },
  },
  {
    name: 'a From without a mailbox is reported',
    message: `${date}Message-ID: <1@x>\r\nFrom: nobody:;\r\n\r\n`,
    header: `${date}Message-ID: <1@x>\r\nFrom: nobody:;\r\n\r\n`,
    facts: { problem: 'unreadable-from', from: [] },
  },
  {
    name: 'every mailbox in From and Sender is reported',
    message: `${date}Message-ID: <1@x>\r\nFrom: a@x.example, b\r\nSender: c@x.example\r\nSender: d@x.example\r\n\r\n`,
    header: `${date}Message-ID: <1@x>\r\nFrom: a@x.example, b@home.example\r\nSender: c@x.example\r\nSender: d@x.example\r\n\r\n`,
    facts: { from: ['a@x.example', 'b@home.example'], sender: ['c@x.example', 'd@x.example'], problem: undefined },
  },
  {
    name: 'a Sender that cannot be read is reported',
    message: `${whole}Sender: a b\r\n\r\n`,
    header: `${whole}Sender: a b\r\n\r\n`,
    facts: { problem: 'unreadable-sender' },
  },
  {
    name: 'without From and with the null reverse-path nobody wrote it',
    message: 'Subject: x\r\n\r\n',
    header: `Subject: x\r\n${date}${messageId}\r\n`,
    given: { reversePath: undefined },
    facts: { problem: 'no-from', from: [] },
  },
  {
    name: 'a reverse-path that needs quotes gets them in From',
    message: `${date}Message-ID: <1@x>\r\n\r\n`,
    header: `${date}Message-ID: <1@x>\r\nFrom: "a b, <c@d>"@x.example\r\n\r\n`,
    given: { reversePath: { localPart: 'a b, <c@d>', domain: 'x.example' } },
    facts: { problem: undefined },
  },
  {
    name: 'a reverse-path of the bare postmaster gets the domain',
    message: `${date}Message-ID: <1@x>\r\n\r\n`,
    header: `${date}Message-ID: <1@x>\r\nFrom: postmaster@home.example\r\n\r\n`,
    given: { reversePath: { localPart: 'postmaster', domain: '' } },
    facts: { from: ['postmaster@home.example'] },
  },
  {
    name: 'octets beyond ASCII are noticed in the header',
    message: `${whole}Subject: \xc3\xa9\r\n\r\n`,
    header: `${whole}Subject: \xc3\xa9\r\n\r\n`,
    facts: { eightBit: true },
  },
  {
    name: 'and not in the body',
    message: `${whole}\r\n\xc3\xa9`,
    header: `${whole}\r\n`,
    body: '\xc3\xa9',
    facts: { eightBit: false },
  },
  {
    name: 'TLS-Required and Auto-Submitted are read',
    message: `${whole}tls-required:\r\n No \r\nAuto-Submitted: (x) auto-generated; a=b\r\n\r\n`,
    header: `${whole}tls-required:\r\n No \r\nAuto-Submitted: (x) auto-generated; a=b\r\n\r\n`,
    facts: { tlsNotRequired: true, automatic: true },
  },
  {
    name: 'and so are their other values',
    message: `${whole}TLS-Required: yes\r\nAuto-Submitted: (auto) No\r\n\r\n`,
    header: `${whole}TLS-Required: yes\r\nAuto-Submitted: (auto) No\r\n\r\n`,
    facts: { tlsNotRequired: false, automatic: false },
  },
  {
    name: 'a folded message id is read',
    message: `${date}${from}Message-ID:\r\n <a.b@x>\r\n\r\n`,
    header: `${date}${from}Message-ID:\r\n <a.b@x>\r\n\r\n`,
    facts: { messageId: '<a.b@x>', tlsNotRequired: false, automatic: false },
  },
  {
    name: 'a message id with a control character, or one that is too long, is none',
    message: `${date}${from}Message-ID: <a\x07b@x>\r\nMessage-ID: <${'a'.repeat(budget.messageId)}>\r\n\r\n`,
    header: `${date}${from}Message-ID: <a\x07b@x>\r\nMessage-ID: <${'a'.repeat(budget.messageId)}>\r\n\r\n`,
    facts: { messageId: '' },
  },
]

describe('a submitted header', () => {
  for (const { name, message, header, body = '', facts = {}, given = {} } of cases) {
    test(name, () => {
      for (const spans of everySplit(Buffer.from(message, 'latin1'))) {
        const outcome = submit(spans, { ...mending, ...given })
        assert.equal(outcome.header, header)
        assert.equal(outcome.body, body)
        assert.equal(outcome.tooBig, false)
        const { from = [], sender = [], ...others } = outcome.facts ?? {}
        const said = { ...others, from: from.map(formatAddress), sender: sender.map(formatAddress) }
        assert.deepEqual({ ...said, ...facts }, said)
      }
    })
  }

  test('may have as many octets as the budget says, and no more', () => {
    const room = budget.submittedHeader - whole.length - 'X: \r\n\r\n'.length
    const message = (octets: number) => Buffer.from(`${whole}X: ${'x'.repeat(octets)}\r\n\r\nbody`)
    const fits = submit(cut(message(room), [1000, 70_000]))
    assert.deepEqual([fits.header.length, fits.body, fits.tooBig], [budget.submittedHeader, 'body', false])
    const more = submit(cut(message(room + 1), [1000, 70_000]))
    assert.deepEqual(more, { header: '', body: '', facts: undefined, tooBig: true })
  })

  test('that never ends is given up', () => {
    const outcome = submit(Array(20).fill(Buffer.alloc(65_536, 'x')))
    assert.deepEqual(outcome, { header: '', body: '', facts: undefined, tooBig: true })
  })

  test('does not grow by more domains than the budget says', () => {
    const to = (count: number) => Buffer.from(`${whole}To: ${Array(count).fill('a').join(',')}\r\n`)
    const end = Buffer.from('\r\n')
    assert.equal(submit([to(budget.headerMailboxes), end]).tooBig, false)
    const half = to(budget.headerMailboxes / 2)
    assert.equal(submit([half, to(budget.headerMailboxes / 2), end]).tooBig, false)
    assert.equal(submit([half, half, to(1), end]).tooBig, true)
  })

  test('of any octets, at any cut: nothing that passes is lost, and what comes out needs no mending', () => {
    const line = fc.constantFrom(
      'From: a',
      'To: b, <c>',
      ' folded',
      'Bcc: x',
      'no field',
      '',
      'Date:',
      'Sender: a@b',
      ':',
      '\t',
      'Message-ID: <1@x>',
    )
    const message = fc.oneof(
      lineNoise,
      fc.array(line, { maxLength: 10 }).map(lines => Buffer.from(lines.map(text => `${text}\r\n`).join(''))),
    )
    fc.assert(
      fc.property(message, places, (octets, places) => {
        const once = submit([octets])
        assert.deepEqual(submit(cut(octets, places)), once)
        assert.ok(octets.toString('latin1').endsWith(once.body))
        assert.ok(once.header.endsWith('\r\n'))
        const again = submit([Buffer.from(once.header + once.body, 'latin1')])
        assert.deepEqual(again, once)
      }),
      { numRuns: 1000 },
    )
  })

  const corpus = join(import.meta.dirname, '../corpus')
  for (const file of readdirSync(corpus)) {
    test(`of ${file} comes out with its body as it was`, () => {
      const message = readFileSync(join(corpus, file))
      const { header, body } = submit(cut(message, [7, 100, 1000]))
      const again = submit([Buffer.from(header + body, 'latin1')])
      assert.deepEqual([again.header, again.body], [header, body])
      assert.ok(message.toString('latin1').endsWith(body))
    })
  }
})
