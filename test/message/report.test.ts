/** Reports: what people and programs read in them, and that nothing strangers said gets out of its place. */
import assert from 'node:assert/strict'
import { isAscii, isUtf8 } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { beginReport, endReport, type Report, reportNeeds } from '../../src/message/report.ts'
import { reasonFor, reportWords } from '../../src/message/report-words.ts'

type Recipient = Report['recipients'][number]

const carol: Recipient = {
  path: 'carol@away.example',
  orcpt: 'rfc822;Carol@list.example',
  answer: { code: 550, enhanced: '5.1.1', text: 'No such user here; you may read more about it at our help desk' },
  remote: 'mx.away.example',
  lastAttempt: Date.UTC(2026, 10, 21, 22, 16, 3),
}

const sample: Report = {
  kind: 'failed',
  hostname: 'mail.home.example',
  id: '0123456789abcdef',
  date: Date.UTC(2026, 10, 21, 22, 16, 4),
  language: 'en',
  to: 'alice@home.example',
  envid: 'QQ314159',
  arrival: Date.UTC(2026, 10, 21, 22, 15, 52),
  recipients: [carol],
  smtputf8: false,
  eightBit: false,
  subject: 'Tea',
  messageId: '<1@laptop.home.example>',
  returned: 'headers',
}

const expected = `From: Mail Delivery <mailer-daemon@mail.home.example>
Reply-To: <postmaster@mail.home.example>
To: <alice@home.example>
Date: Sat, 21 Nov 2026 22:16:04 +0000
Message-ID: <0123456789abcdef@mail.home.example>
In-Reply-To: <1@laptop.home.example>
References: <1@laptop.home.example>
Subject: Your message could not be delivered
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Transfer-Encoding: 7bit
Content-Type: multipart/report; report-type=delivery-status;
 boundary="=_0123456789abcdef"

--=_0123456789abcdef
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

This is the mail system at mail.home.example.

Your message "Tea" of Sat, 21 Nov 2026 22:15:52 +0000 could not be delivered
to:

  carol@away.example
    There is no mailbox with this address. Please check the address for a
    typing mistake, or ask the person for the right one.
    mx.away.example said: 550 5.1.1 No such user here; you may read more
    about it at our help desk

We have stopped trying. If you sent it to others as well, this report is not
about them. The header of your message comes back with this report.

--=_0123456789abcdef
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Original-Envelope-Id: QQ314159
Reporting-MTA: dns; mail.home.example
Arrival-Date: Sat, 21 Nov 2026 22:15:52 +0000

Original-Recipient: rfc822; Carol@list.example
Final-Recipient: rfc822; carol@away.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.away.example
Diagnostic-Code: smtp; 550 5.1.1 No such user here; you may read more about
 it at our help desk
Last-Attempt-Date: Sat, 21 Nov 2026 22:16:03 +0000

--=_0123456789abcdef
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

From: alice@home.example

--=_0123456789abcdef--
`

const original = 'From: alice@home.example\r\n'

function whole(report: Report): Buffer {
  return Buffer.concat([beginReport(report), Buffer.from(original), endReport(report)])
}

/** The header, the three parts with theirs, and what comes after the last boundary. */
function parts(report: Report): readonly string[] {
  return whole(report).toString().split(`--=_${report.id}`)
}

/** The lines for people, as they read them. */
function humanText(report: Report): string {
  const [head = '', body = ''] = splitPart(parts(report)[1])
  if (!head.includes('quoted-printable')) return body
  const octets = body.replaceAll('=\r\n', '').replace(/=(..)/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return Buffer.from(octets, 'latin1').toString()
}

function splitPart(part = ''): readonly string[] {
  const at = part.indexOf('\r\n\r\n')
  return [part.slice(2, at), part.slice(at + 4)]
}

/** Fields of the part for programs, block by block, unfolded. */
function statusBlocks(report: Report): readonly (readonly string[])[] {
  const [, body = ''] = splitPart(parts(report)[2])
  const blocks = body.slice(0, -4).split('\r\n\r\n')
  return blocks.map(block => block.replace(/\r\n /g, ' ').split('\r\n'))
}

/** The field of the only recipient, undefined when it is not there. */
function field(name: string, said: Partial<Recipient>, report: Partial<Report> = {}): string | undefined {
  const [, fields = []] = statusBlocks({ ...sample, ...report, recipients: [{ ...carol, ...said }] })
  const found = fields.find(line => line.startsWith(`${name}: `))
  return found?.slice(name.length + 2)
}

const answer = (code: number, enhanced: string, text = '') => ({ answer: { code, enhanced, text } })

test('a report of a failure, octet for octet', () => {
  assert.equal(whole(sample).toString(), expected.replaceAll('\n', '\r\n'))
})

type FieldCase = readonly [
  why: string,
  name: string,
  value: string | undefined,
  said: Partial<Recipient>,
  report?: Partial<Report>,
]

const utf8 = { smtputf8: true }
const delayed = { kind: 'delayed', until: Date.UTC(2026, 10, 26, 22, 15, 52) } as const

const fields: readonly FieldCase[] = [
  ['no ORCPT was given', 'Original-Recipient', undefined, { orcpt: '' }],
  ['the type of ORCPT is any', 'Original-Recipient', 'x400; /c=us/', { orcpt: 'x400;/c=us/' }],
  ['ORCPT has no type', 'Original-Recipient', 'unknown; carol', { orcpt: 'carol' }],
  ['ORCPT holds semicolons', 'Original-Recipient', 'rfc822; a;b@c', { orcpt: 'rfc822;a;b@c' }],
  [
    'UTF-8 may not stand',
    'Original-Recipient',
    'utf-8; zo\\x{EB}+@x'.replace('+', '\\x{2B}'),
    { orcpt: 'utf-8;zoë+@x' },
  ],
  ['UTF-8 may stand', 'Original-Recipient', 'utf-8; zoë+@x', { orcpt: 'utf-8;zoë+@x' }, utf8],
  ['UTF-8 stands where it is not meant to', 'Original-Recipient', 'rfc822; zo?@x', { orcpt: 'rfc822;zoë@x' }],
  ['the recipient is ASCII', 'Final-Recipient', 'rfc822; a+b=c@x', { path: 'a+b=c@x' }, utf8],
  ['the recipient is not ASCII', 'Final-Recipient', 'utf-8; 🔑@bücher.example', { path: '🔑@bücher.example' }, utf8],
  ['UTF-8 may not stand', 'Final-Recipient', 'utf-8; \\x{1F511}@b\\x{FC}', { path: '🔑@bü' }],
  ['the recipient is no text', 'Final-Recipient', 'utf-8; a\\x{FFFD}@x', { path: 'a\ud800@x' }],
  ['the code is precise', 'Status', '5.7.30', answer(550, '5.7.30')],
  ['there is no code', 'Status', '5.0.0', answer(550, '')],
  ['there is no code, and it was for a time', 'Status', '4.0.0', answer(451, '')],
  ['time ran out', 'Status', '4.4.1', answer(0, '4.4.1')],
  ['nobody answered', 'Status', '5.0.0', answer(0, '')],
  ['the code says that it went well', 'Status', '5.0.0', answer(550, '2.0.0')],
  ['the code is no code', 'Status', '5.0.0', answer(550, '5.01.1')],
  ['the code is too long', 'Status', '5.0.0', answer(550, '5.1.1000')],
  ['it goes on', 'Status', '4.2.2', answer(452, '4.2.2'), delayed],
  ['it goes on after a 5', 'Status', '4.0.0', answer(550, '5.1.1'), delayed],
  ['it was delivered', 'Status', '2.1.5', answer(250, '2.1.5'), { kind: 'delivered' }],
  ['it was relayed without a code', 'Status', '2.0.0', answer(250, ''), { kind: 'relayed' }],
  ['it was relayed', 'Action', 'relayed', answer(250, ''), { kind: 'relayed' }],
  ['it goes on', 'Action', 'delayed', {}, delayed],
  ['it was us who said it', 'Remote-MTA', undefined, { remote: '' }],
  ['the reply has no enhanced code', 'Diagnostic-Code', 'smtp; 550 Go away', answer(550, '', 'Go away')],
  ['the reply has no text', 'Diagnostic-Code', 'smtp; 421 4.3.2', answer(421, '4.3.2')],
  ['there was no reply', 'Diagnostic-Code', 'x-porchlight; 4.4.1 No answer', answer(0, '4.4.1', 'No answer')],
  ['there was nothing', 'Diagnostic-Code', undefined, answer(0, '')],
  ['UTF-8 may not stand', 'Diagnostic-Code', 'smtp; 550 Gr??e, ?', answer(550, '', 'Grüße, 🔑')],
  ['UTF-8 may stand', 'Diagnostic-Code', 'smtp; 550 Grüße', answer(550, '', 'Grüße'), utf8],
  [
    'the reply tries to make a field',
    'Diagnostic-Code',
    'smtp; 550 a Status: 2.0.0',
    answer(550, '', 'a\r\nStatus: 2.0.0'),
  ],
  [
    'the reply would end the block',
    'Diagnostic-Code',
    'smtp; 550 a b',
    answer(550, '', '\na\r\n \r\n\u2028\u0085b\r\n\r\n'),
  ],
  ['the reply holds controls', 'Diagnostic-Code', 'smtp; 550 a??b', answer(550, '', 'a\0\x1bb')],
  ['nothing was tried', 'Last-Attempt-Date', undefined, { lastAttempt: 0 }],
  ['it goes on', 'Will-Retry-Until', 'Thu, 26 Nov 2026 22:15:52 +0000', {}, delayed],
  ['it does not go on', 'Will-Retry-Until', undefined, {}, { until: delayed.until }],
]

describe('of a recipient a program reads', () => {
  for (const [why, name, value, said, report] of fields) {
    test(`${name} where ${why}: ${value ?? 'nothing'}`, () => assert.equal(field(name, said, report), value))
  }

  test('all of them, in the order of RFC 3464 §2.3, and no more', () => {
    const [, names] = statusBlocks({ ...sample, ...delayed }).map(block => block.map(line => line.split(':')[0]))
    assert.deepEqual(names, [
      'Original-Recipient',
      'Final-Recipient',
      'Action',
      'Status',
      'Remote-MTA',
      'Diagnostic-Code',
      'Last-Attempt-Date',
      'Will-Retry-Until',
    ])
  })

  test('a text that was cut inside a letter, and says so', () => {
    const value = field('Diagnostic-Code', answer(550, '', 'ü'.repeat(2000)), utf8) ?? ''
    assert.match(value, /^smtp; 550 ü+\.\.\.$/)
    assert.ok(Buffer.byteLength(value) <= budget.reportText + 'smtp; '.length)
  })
})

test('an envelope id is as the sender gave it, and missing when there was none (RFC 3461 §6.3)', () => {
  const line = (envid: string) => statusBlocks({ ...sample, envid })[0]?.[0]
  assert.equal(line('a  (b)+=2B'), 'Original-Envelope-Id: a  (b)+=2B')
  assert.equal(
    line('a\r\nReporting-MTA: dns; evil.example'),
    'Original-Envelope-Id: a  Reporting-MTA: dns; evil.example',
  )
  assert.equal(line(''), 'Reporting-MTA: dns; mail.home.example')
})

const reasons: readonly (readonly [status: string, sentence: RegExp])[] = [
  ['5.1.1', /^There is no mailbox with this address\.$/],
  ['5.1.2', /^No mail server was found/],
  ['5.4.4', /^No mail server was found/],
  ['5.1.10', /takes no mail at all\.$/],
  ['5.2.2', /^The mailbox is full\.$/],
  ['4.2.2', /^The mailbox is full\.$/],
  ['5.3.4', /is larger than/],
  ['5.7.1', /^A rule of the mail system/],
  ['5.7.26', /really comes from you/],
  ['5.7.30', /encrypted all the way/],
  ['4.4.1', /does not answer/],
  ['4.4.7', /The time .* is over/],
  ['5.4.6', /in a loop/],
  ['5.6.7', /addresses in plain ASCII/],
  ['5.1.99', /^Something about this address/],
  ['5.0.0', /^The message was not accepted\.$/],
  ['5.9.1', /^The message was not accepted\.$/],
  ['4.0.0', /may pass/],
  ['4.9.1', /may pass/],
]

describe('a person reads', () => {
  for (const [status, sentence] of reasons) {
    test(`why, in words, for ${status}`, () => assert.match(reasonFor(status, reportWords.en).what, sentence))
  }

  test('no technical prototype of a reason', () => {
    assert.match(reasonFor('5.constructor.0', reportWords.en).what, /^The message was not accepted/)
  })

  test('of a delay: why, until when we try, and that nothing need be done', () => {
    const text = humanText({ ...sample, ...delayed, recipients: [{ ...carol, ...answer(452, '4.2.2', 'Full') }] })
    const line = text.replaceAll('\r\n', ' ')
    assert.match(line, /has not been delivered yet to:/)
    assert.match(text, /\r\n {4}The mailbox is full\.\r\n {4}mx\.away\.example said: 452 4\.2\.2 Full\r\n/)
    assert.match(line, /You need not do anything.* until Thu, 26 Nov 2026 22:15:52 \+0000, and we tell you/)
  })

  test('of a delivery: that it was one, without reasons and without what to do', () => {
    const recipients = [{ ...carol, ...answer(250, '2.0.0', 'Kept as 7'), remote: '' }]
    const text = humanText({ ...sample, kind: 'delivered', recipients })
    assert.match(
      text,
      /was delivered to:\r\n\r\n {2}carol@away\.example\r\n {4}In technical words: 250 2\.0\.0 Kept as 7\r\n\r\n/,
    )
    assert.match(text, /does not mean that anybody has read it/)
  })

  test('the subject and the addresses in their own letters, in quoted-printable', () => {
    const subject = 'Grüße\r\n\r\naus \u202eKöln'
    const text = humanText({ ...sample, subject, recipients: [{ ...carol, path: 'zoë@bücher.example' }] })
    assert.match(text, /^Your message "Grüße aus \?Köln" of Sat/m)
    assert.match(text, /^ {2}zoë@bücher\.example\r$/m)
  })

  test('nothing of a subject that is not known', () => {
    assert.match(humanText({ ...sample, subject: '' }), /^Your message of Sat, 21 Nov 2026/m)
  })

  test('that the message comes back, when it does', () => {
    assert.match(humanText({ ...sample, returned: 'full' }), /Your message comes back with this\s+report\./)
  })

  test('the first recipients and how many more there are, where a program reads all', () => {
    const recipients = Array.from({ length: 1000 }, (_, i) => ({ ...carol, path: `user-${i}@away.example` }))
    const text = humanText({ ...sample, recipients })
    const named = text.match(/^ {2}user-\d+@away\.example\r$/gm)
    assert.equal(named?.length, budget.reportRecipients)
    assert.match(text, new RegExp(`^And ${1000 - budget.reportRecipients} more: `, 'm'))
    assert.equal(statusBlocks({ ...sample, recipients }).length, 1 + 1000)
  })
})

function partHead(type: string, eightBit: boolean): string {
  return `\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}\r\n\r\n`
}

type Needed = { readonly eightBit: boolean; readonly smtputf8: boolean }
const nothing = { eightBit: false, smtputf8: false }
const eight = { eightBit: true, smtputf8: false }
const both = { eightBit: true, smtputf8: true }
const zoe = { recipients: [{ ...carol, path: 'zoë@away.example' }] }

type Form = readonly [why: string, report: Partial<Report>, needs: Needed, status: string, returned: string]

const forms: readonly Form[] = [
  ['all is ASCII', {}, nothing, 'delivery-status', 'text/rfc822-headers'],
  ['the whole message returns', { returned: 'full' }, nothing, 'delivery-status', 'message/rfc822'],
  ['an 8-bit one returns', { returned: 'full', eightBit: true }, eight, 'delivery-status', 'message/rfc822'],
  ['SMTPUTF8 was said for nothing', utf8, nothing, 'delivery-status', 'text/rfc822-headers'],
  ['the subject is not ASCII', { subject: 'Grüße' }, nothing, 'delivery-status', 'text/rfc822-headers'],
  ['an address is not ASCII', zoe, nothing, 'delivery-status', 'text/rfc822-headers'],
  ['it is, and may be', { ...zoe, ...utf8 }, both, 'global-delivery-status', 'text/rfc822-headers'],
  ['UTF-8 headers return', { ...utf8, eightBit: true }, both, 'delivery-status', 'message/global-headers'],
  ['such a message returns', { ...utf8, eightBit: true, returned: 'full' }, both, 'delivery-status', 'message/global'],
]

describe('the report has the form and asks for the transport that it needs (RFC 6533 §4) where', () => {
  for (const [why, said, needs, status, returned] of forms) {
    test(why, () => {
      const report = { ...sample, ...said }
      assert.deepEqual(reportNeeds(report), needs)
      const [head = '', , machine = '', third = ''] = parts(report)
      assert.match(
        head,
        needs.eightBit ? /^Content-Transfer-Encoding: 8bit\r$/m : /^Content-Transfer-Encoding: 7bit\r$/m,
      )
      assert.ok(machine.startsWith(partHead(`message/${status}`, status.startsWith('global'))), machine)
      assert.ok(third.startsWith(partHead(returned, report.eightBit)), third)
    })
  }

  test('only its header is not ASCII', () => {
    const report = { ...sample, ...utf8, to: 'zoë@home.example' }
    assert.deepEqual(reportNeeds(report), { eightBit: false, smtputf8: true })
    assert.match(parts(report)[0] ?? '', /^To: <zoë@home\.example>\r$/m)
  })
})

const addressees: readonly (readonly [to: string, line: string, said?: Partial<Report>])[] = [
  ['"a <b>, c"@home.example', 'To: <"a <b>, c"@home.example>'],
  ['zoë@home.example', 'To: undisclosed-recipients:;'],
  ['a\u202eb@home.example', 'To: undisclosed-recipients:;', utf8],
  ['a@b>, <c@d', 'To: undisclosed-recipients:;'],
  ['a@b\r\nBcc: c@d', 'To: undisclosed-recipients:;'],
]

describe('the header', () => {
  for (const [to, line, said] of addressees) {
    test(`has ${line} for ${JSON.stringify(to)}`, () => {
      assert.ok(parts({ ...sample, ...said, to })[0]?.includes(`\r\n${line}\r\n`))
    })
  }

  for (const messageId of ['', '1@x', '<>', '<a b@x>', '<a@x>\r\nBcc: <c@d>', '<ü@x>', `<${'x'.repeat(900)}@x>`]) {
    test(`names no message for the id ${JSON.stringify(messageId.slice(0, 20))}`, () => {
      assert.doesNotMatch(parts({ ...sample, messageId })[0] ?? '', /In-Reply-To|References|Bcc/)
    })
  }
})

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 1200 }),
  fc
    .array(
      fc.constantFrom(
        '\r\n',
        '\r',
        '\n',
        '\r\n\r\n',
        ' ',
        '\t',
        '\0',
        '\x7f',
        '\u0085',
        '\u2028',
        '\ud800',
        '\u202e',
        ';',
        '--',
        '=',
        '<',
        '>',
        '"',
        '(',
        '\\',
        'ü',
        '🔑',
        'Status: 2.0.0',
        'x'.repeat(990),
        ' '.repeat(990),
        '🔑'.repeat(250),
      ),
      { maxLength: 12 },
    )
    .map(pieces => pieces.join('')),
)

const hostileRecipient = fc.record({
  path: hostile,
  orcpt: fc.oneof(
    hostile,
    hostile.map(text => `utf-8;${text}`),
    hostile.map(text => `rfc822;${text}`),
  ),
  answer: fc.record({ code: fc.constantFrom(0, 250, 451, 550), enhanced: hostile, text: hostile }),
  remote: hostile,
  lastAttempt: fc.constantFrom(0, carol.lastAttempt),
})

const hostileReport: fc.Arbitrary<Report> = fc.record({
  kind: fc.constantFrom('failed', 'delayed', 'delivered', 'relayed'),
  hostname: fc.constant(sample.hostname),
  id: fc.constant(sample.id),
  date: fc.constant(sample.date),
  language: fc.constant(sample.language),
  to: hostile,
  envid: hostile,
  arrival: fc.constant(sample.arrival),
  recipients: fc.array(hostileRecipient, { minLength: 1, maxLength: 3 }),
  smtputf8: fc.boolean(),
  eightBit: fc.boolean(),
  subject: hostile,
  messageId: hostile,
  returned: fc.constantFrom('headers', 'full'),
})

describe('whatever strangers said', () => {
  const check = (claim: (report: Report, octets: Buffer) => void) => {
    fc.assert(
      fc.property(hostileReport, report => claim(report, whole(report))),
      { numRuns: 300 },
    )
  }

  test('lines end in CRLF alone, none is longer than 998 octets, and no control is among them', () => {
    check((_, octets) => {
      assert.ok(isUtf8(octets))
      const text = octets.toString()
      assert.ok(text.endsWith('\r\n'))
      for (const line of text.split('\r\n')) {
        assert.ok(Buffer.byteLength(line) <= 998)
        assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202e]/u)
      }
    })
  })

  test('there are three parts and no more', () => {
    check((_, octets) => {
      const text = octets.toString()
      assert.equal(text.split(`=_${sample.id}`).length - 1, 5)
      assert.equal(text.match(/^--=_0123456789abcdef(?:--)?\r$/gm)?.length, 4)
      assert.ok(text.endsWith(`\r\n--=_${sample.id}--\r\n`))
    })
  })

  test('the header has its fields, once each', () => {
    const known = expected.split('\n\n')[0]?.match(/^[A-Za-z-]+(?=:)/gm) ?? []
    check(report => {
      const header = splitPart(`\r\n${parts(report)[0]}`)[0] ?? ''
      const names = header.split('\r\n').map(line => line.replace(/:.*|^ .*/s, ''))
      const thread = names.includes('References')
      const wanted = thread ? known : known.filter(name => name !== 'In-Reply-To' && name !== 'References')
      assert.deepEqual(names, [...wanted, ''])
    })
  })

  test('each recipient has one block, whose fields come once and in order, on lines that are not blank', () => {
    const order =
      /^(?:O\S+: \S+; .*\n)?F\S+: (?:rfc822|utf-8); .*\nAction: \w+\nStatus: [245](?:\.\d{1,3}){2}\n(?:R\S+: dns; .*\n)?(?:D\S+: (?:smtp|x-porchlight); \S.*\n)?(?:L\S+: .*\n)?$/
    check(report => {
      const blocks = statusBlocks(report)
      assert.equal(blocks.length, 1 + report.recipients.length)
      for (const block of blocks.slice(1)) assert.match(`${block.join('\n')}\n`, order)
      const [, body = ''] = splitPart(parts(report)[2])
      assert.doesNotMatch(body, /^[ \t]+\r$/m)
    })
  })

  test('it is ASCII but for what its transport is asked to carry', () => {
    check((report, octets) => {
      const { eightBit, smtputf8 } = reportNeeds(report)
      const header = Buffer.from(parts(report)[0] ?? '')
      assert.ok(smtputf8 || isAscii(header))
      assert.ok(eightBit || isAscii(octets.subarray(header.length)))
      assert.ok(report.smtputf8 || isAscii(octets))
    })
  })
})
