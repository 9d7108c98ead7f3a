/** Letters made here: message/letter.ts, read again with what reads strangers' mail. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decodeCharset } from '../../src/message/charset.ts'
import { readCorrespondents } from '../../src/message/correspondents.ts'
import { bodyOf, readFields, textOf } from '../../src/message/header-fields.ts'
import { composeLetter, type Letter } from '../../src/message/letter.ts'
import { MimeWalker } from '../../src/message/mime.ts'

const alice = { address: 'alice@home.example' }
const plain: Letter = {
  from: alice,
  to: [{ address: 'bob@away.example' }],
  subject: 'Sunday',
  text: 'Come at six.\n',
  date: 0,
}

function textOfLetter(letter: Buffer): string {
  const chunks: Buffer[] = []
  let charset = ''
  const walker = new MimeWalker({
    begin: part => {
      charset = part.charset
    },
    octets: (_, octets) => void chunks.push(Buffer.from(octets)),
    end: () => {},
  })
  walker.feed(letter)
  walker.end()
  return decodeCharset(Buffer.concat(chunks), charset)
}

describe('a letter', () => {
  test('is what RFC 5322 wants, octet by octet', () => {
    const letter: Letter = {
      ...plain,
      to: [
        { name: 'Bob', address: 'bob@away.example' },
        { name: 'Doe, J.', address: 'j@x.example' },
      ],
      cc: [{ name: 'J\u00f6rg', address: 'joerg@x.example' }],
      messageId: '<3@home.example>',
      inReplyTo: '<2@away.example>',
      references: ['<1@away.example>', '<2@away.example>'],
      extra: [['X-Mood', 'fair']],
    }
    assert.deepEqual(composeLetter(letter).toString().split('\r\n'), [
      'Date: Thu, 1 Jan 1970 00:00:00 +0000',
      'From: alice@home.example',
      'To: Bob <bob@away.example>, "Doe, J." <j@x.example>',
      'Cc: =?utf-8?B?SsO2cmc=?= <joerg@x.example>',
      'Message-ID: <3@home.example>',
      'In-Reply-To: <2@away.example>',
      'References: <1@away.example> <2@away.example>',
      'Subject: Sunday',
      'X-Mood: fair',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=us-ascii',
      'Content-Transfer-Encoding: 7bit',
      '',
      'Come at six.',
      '',
    ])
  })

  test('beyond ASCII is quoted-printable, and reads as it was', () => {
    for (const text of ['Gr\u00fc\u00dfe\n', `${'x'.repeat(2000)}\n`, 'a\0b\n', 'blanks \n', '\u{1f337}']) {
      const letter = composeLetter({ ...plain, text })
      for (const line of letter.toString('latin1').split('\r\n')) assert.match(line, /^[ -~\t]{0,998}$/)
      assert.equal(textOfLetter(letter), text.endsWith('\n') ? text.replace('\n', '\r\n') : `${text}\r\n`)
    }
  })

  test('has each header line within its width, whatever the subject and the names are', () => {
    const words = fc.string({
      unit: fc.constantFrom(
        'a',
        ' ',
        '\u00fc',
        '"',
        '\\',
        '=?',
        '?=',
        ',',
        '\u{1f337}',
        '\r',
        '\n',
        '\0',
        '\u2028',
        ':',
        '<',
        '@',
      ),
      maxLength: 120,
    })
    fc.assert(
      fc.property(words, words, fc.array(words, { maxLength: 5 }), (subject, name, names) => {
        const to = names.map((name, i) => ({ name, address: `p${i}@x.example` }))
        const letter = composeLetter({ ...plain, from: { name, ...alice }, to, subject, extra: [['X-Word', subject]] })
        const head = letter.toString('latin1').split('\r\n\r\n')[0] ?? ''
        for (const line of head.split('\r\n')) assert.match(line, /^[ -~]{1,78}$/)
        const fields = readFields(letter)
        const shown = (text: string) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
        assert.equal(textOf(fields, 'subject'), shown(subject))
        assert.equal(textOf(fields, 'x-word'), shown(subject))
        const read = (people: readonly { name?: string; address: string }[]) =>
          people.map(({ name = '', address }) => [name, address])
        assert.deepEqual(read(readCorrespondents(bodyOf(fields, 'from'))), [[shown(name), alice.address]])
        assert.deepEqual(
          read(readCorrespondents(bodyOf(fields, 'to'))),
          to.map(({ name, address }) => [shown(name), address]),
        )
        // Nothing that was put in has become a field of its own.
        assert.equal(fields.length, to.length > 0 ? 8 : 7)
      }),
    )
  })

  const injections: readonly (readonly [name: string, changes: Partial<Letter>])[] = [
    ['the subject', { subject: 'x\r\nBcc: eve@evil.example' }],
    ['a name', { from: { name: 'x\r\nBcc: eve@evil.example', address: alice.address } }],
    ['a further field', { extra: [['X', 'y\r\n\r\nbody']] }],
    [
      'message ids',
      { messageId: '<a@b>\r\nBcc: x', inReplyTo: '<a b@c>', references: ['<a@b>\r\nBcc: x', '<a@b', '<\u00fc@b>'] },
    ],
  ]
  for (const [name, changes] of injections) {
    test(`cannot be given fields by ${name}`, () => {
      const fields = readFields(composeLetter({ ...plain, ...changes }))
      assert.equal(bodyOf(fields, 'bcc'), '')
      assert.equal(bodyOf(fields, 'content-transfer-encoding'), '7bit')
    })
  }

  const refused: readonly (readonly [name: string, changes: Partial<Letter>, words: RegExp])[] = [
    ['an address that is none', { to: [{ address: 'bob' }] }, /"bob" is not an address/],
    ['an address with a line end', { to: [{ address: 'bob@x.example\r\nBcc: a@b.example' }] }, /is not an address/],
    ['a sender that is none', { from: { address: '' } }, /is not an address/],
    ['a field name with a colon', { extra: [['X: y\r\nBcc', 'z']] }, /cannot be the name of a field/],
  ]
  for (const [name, changes, words] of refused) {
    test(`is refused with ${name}`, () =>
      assert.throws(() => composeLetter({ ...plain, ...changes }), { code: 'REFUSED', message: words }))
  }

  test('keeps the first and the last references of a long thread', () => {
    const references = Array.from({ length: 100 }, (_, i) => `<${i}@x.example>`)
    const found = bodyOf(readFields(composeLetter({ ...plain, references })), 'references').split(/\s+/)
    assert.deepEqual([found.length, found[0], found.at(-1)], [20, '<0@x.example>', '<99@x.example>'])
  })
})
