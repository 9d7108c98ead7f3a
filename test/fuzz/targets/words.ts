// Any octets of a header become text, and any text that is put into a letter comes out of it as it was, on lines that fit.
import assert from 'node:assert/strict'
import { plainText } from '../../../src/message/charset.ts'
import { readParametered } from '../../../src/message/content.ts'
import { readCorrespondents } from '../../../src/message/correspondents.ts'
import { decodeWords } from '../../../src/message/encoded-word.ts'
import { readFields, textOf } from '../../../src/message/header-fields.ts'
import { composeLetter } from '../../../src/message/letter.ts'
import { stretches, type Target } from '../engine.ts'

export const words: Target = {
  seeds: [
    '=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?8J+MtyA=?= and more',
    '"Doe, J." <j@x.example>, friends: a@b (c), <@r:d@e>;',
    'attachment; filename*0*=utf-8\'\'%C3%BC; filename*1="x"; name=y (z)',
    'a very long subject '.repeat(8),
  ],
  words: [
    ...[
      '=?utf-8?Q?',
      '=?iso-2022-jp?B?',
      '=?x?q?',
      '?=',
      '=?',
      '=C3',
      '=',
      '_',
      ' ',
      '\t',
      '\r\n ',
      '"',
      '\\',
      '(',
      ')',
      '<',
      '>',
    ],
    ...[
      ',',
      ';',
      ':',
      '@',
      "'",
      '%C3',
      '*0*=',
      '*=',
      '\0',
      '\x1b',
      '\xfc',
      '\u00fc',
      '\u{1f337}',
      '\u2028',
      'x'.repeat(80),
    ],
  ],
  most: 1000,
  check(input) {
    const body = input.toString('latin1')
    const decoded = decodeWords(body)
    readParametered(body)
    for (const { name, address } of readCorrespondents(body)) assert.ok(name !== undefined || address !== '')
    const subject = plainText(input)
    const people = { from: { name: subject, address: 'a@x.example' }, to: [{ address: 'b@x.example' }] }
    const letter = composeLetter({ ...people, subject, text: subject, date: 0 })
    for (const line of letter.toString('latin1').split('\r\n')) assert.match(line, /^[ -~\t]{0,998}$/)
    const shown = subject.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
    const fields = readFields(letter)
    assert.equal(textOf(fields, 'subject'), shown)
    assert.equal(fields.length, 7)
    return stretches(decoded.replaceAll(/[a-z0-9]+/gi, 'a'), 4)
  },
}
