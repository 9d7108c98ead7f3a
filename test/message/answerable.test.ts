/** Which messages a machine may answer, and what the answer takes from them: RFC 3834. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { formatAddress } from '../../src/message/address.ts'
import { isMachine, readQuestion } from '../../src/message/answerable.ts'

const question = (...fields: readonly string[]) =>
  readQuestion(Buffer.from(`${fields.join('\r\n')}\r\n\r\nSubject: no\r\n`, 'latin1'))

const fields: readonly (readonly [field: string, objection: string | undefined])[] = [
  ['Subject: hello', undefined],
  ['Auto-Submitted: no', undefined],
  ['Auto-Submitted: No (I wrote it)', undefined],
  ['auto-submitted: auto-replied', 'automatic'],
  ['Auto-Submitted: auto-generated; owner-email="x@y.example"', 'automatic'],
  ['Auto-Submitted: (no) auto-notified', 'automatic'],
  ['X-Auto-Response-Suppress: DR, OOF, AutoReply', 'automatic'],
  ['X-Auto-Response-Suppress: None', undefined],
  ['List-Id: <kites.example>', 'list'],
  ['LIST-UNSUBSCRIBE: <mailto:x@y.example>', 'list'],
  ['List-Post : <mailto:x@y.example>', 'list'],
  ['Listing: no list', undefined],
  ['Mailing-List: contact x@y.example', 'list'],
  ['Precedence: bulk', 'bulk'],
  ['Precedence:\r\n list', 'bulk'],
  ['PRECEDENCE: Junk', 'bulk'],
  ['Precedence: first-class', undefined],
  ['X-Spam-Flag: YES', 'bulk'],
  ['X-Spam-Flag: NO', undefined],
  ['__proto__: bulk', undefined],
  ['constructor: bulk', undefined],
]

describe('a message may be answered', () => {
  for (const [field, objection] of fields) {
    test(`${JSON.stringify(field)}: ${objection ?? 'yes'}`, () => {
      assert.equal(question('From: a@b.example', field, 'To: c@d.example').objection, objection)
    })
  }
  test('and names as many as are read for people', () => {
    const to = Array.from({ length: 60 }, (_, i) => `${i}@h.example`).join(', ')
    assert.equal(question(`To: ${to}`, `Cc: ${to}`, `To: ${to}`).named.length, budget.correspondents)
  })
  test('unless it came over too many hosts', () => {
    const hops = (count: number) => question(...Array.from({ length: count }, () => 'Received: by x')).objection
    assert.deepEqual([hops(budget.vacationHops), hops(budget.vacationHops + 1)], [undefined, 'far'])
  })
})

const paths: readonly (readonly [path: string, machine: boolean])[] = [
  ['bob@away.example', false],
  ['owner-kites@lists.example', true],
  ['kites-owner@lists.example', true],
  ['kites-request@lists.example', true],
  ['Kites-Bounces+alice=home.example@lists.example', true],
  ['bounce-17-alice@shop.example', true],
  ['bounces@shop.example', true],
  ['MAILER-DAEMON@away.example', true],
  ['postmaster@away.example', true],
  ['postmaster', true],
  ['noreply@shop.example', true],
  ['No-Reply@shop.example', true],
  ['orders.do_not_reply@shop.example', true],
  ['do-not-reply@shop.example', true],
  ['shop-noreply@shop.example', true],
  ['noreply+17@shop.example', true],
  ['LISTSERV@lists.example', true],
  // People who only look like it.
  ['renoreplyer@away.example', false],
  ['bouncer@club.example', false],
  ['owner@shop.example', false],
  ['nobody.knows@away.example', false],
  ['no address', true],
]

describe('a reverse-path is', () => {
  for (const [path, machine] of paths) {
    test(`${machine ? 'a machine' : 'a person'}: ${path}`, () => assert.equal(isMachine(path), machine))
  }
})

describe('an answer takes', () => {
  test('those whom the header names, and no others', () => {
    const { named } = question(
      'From: x@y.example',
      'To: "Alice, of Home" <alice@home.example>,\r\n\tfriends: bob@home.example, carol@home.example;',
      'Cc: undisclosed:;',
      'cc: dave@away.example',
      'Resent-To: erin@home.example',
      'Reply-To: zoe@home.example',
      'X-To: zed@home.example',
      'Bcc: (broken',
    )
    const names = ['alice', 'bob', 'carol', 'dave', 'erin']
    assert.deepEqual(
      named.map(formatAddress).map(text => text.split('@')[0]),
      names,
    )
  })

  test('the subject in one line, decoded and harmless', () => {
    const subject = (text: string) => question(`Subject: ${text}`, 'Subject: another').subject
    assert.equal(subject('=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?B?IGF1cw==?= Rom'), 'Grüße aus Rom')
    assert.equal(subject('=?utf-8?Q?one=0D=0ABcc:_x@y.example=1B[2J?='), 'one Bcc: x@y.example [2J')
    assert.equal(question('From: a@b.example').subject, '')
  })

  test('the thread', () => {
    const { messageId, references } = question(
      'Message-ID: <3@x>',
      'References: <1@x>\r\n <2@x> junk',
      'In-Reply-To: <9@x>',
    )
    assert.deepEqual([messageId, references], ['<3@x>', ['<1@x>', '<2@x>']])
    assert.deepEqual(question('In-Reply-To: <2@x>').references, ['<2@x>'])
    assert.deepEqual(question('Message-ID: none').messageId, '')
    const long = question(`References: ${Array.from({ length: 500 }, (_, i) => `<${i}@x>`).join('\r\n ')}`).references
    assert.deepEqual([long.length, long.at(-1)], [20, '<499@x>'])
  })
})

test('any octets are read, wherever they end', () => {
  const piece = fc.constantFrom(
    'To: ',
    'a@b.example',
    '\r\n',
    ' ',
    'Subject: ',
    '=?utf-8?Q?',
    '?=',
    'List-Id',
    ':',
    '<',
    '>',
    ',',
    '"',
    'é',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(400), (pieces, end) => {
      const { subject, references } = readQuestion(Buffer.from(pieces.join('')).subarray(0, end))
      assert.doesNotMatch(subject, /[\r\n\0]/)
      assert.ok(references.length <= 20)
    }),
    { numRuns: 2000 },
  )
})
