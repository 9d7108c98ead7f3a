/** Values with parameters, address fields for people, and summaries: message/content.ts, correspondents.ts, summary.ts. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { readParametered } from '../../src/message/content.ts'
import { type Correspondent, readCorrespondents } from '../../src/message/correspondents.ts'
import { bodyOf, readFields } from '../../src/message/header-fields.ts'
import { summarize } from '../../src/message/summary.ts'

const contents: readonly (readonly [body: string, value: string, parameters: Readonly<Record<string, string>>])[] = [
  ['', '', {}],
  ['text/plain', 'text/plain', {}],
  ['TEXT/Plain; Charset=UTF-8', 'text/plain', { charset: 'UTF-8' }],
  ['text/plain ; charset = "us-ascii" (Plain text)', 'text/plain', { charset: 'us-ascii' }],
  ['text/plain; charset=us-ascii (Plain text)', 'text/plain', { charset: 'us-ascii' }],
  ['multipart/mixed; boundary="a;b\\"c"; x=y', 'multipart/mixed', { boundary: 'a;b"c', x: 'y' }],
  ['multipart/mixed; boundary="never closed', 'multipart/mixed', { boundary: 'never closed' }],
  ['text/plain; ; charset=; =x', 'text/plain', { charset: '' }],
  ['text/plain; charset=a; charset=b', 'text/plain', { charset: 'a' }],
  ['attachment; filename="=?utf-8?Q?B=C3=BCcher.pdf?="', 'attachment', { filename: 'B\u00fccher.pdf' }],
  ['attachment; filename="B\xc3\xbccher.pdf"', 'attachment', { filename: 'B\u00fccher.pdf' }],
  // RFC 2231 §3 and §4.
  ['message/external-body; URL*0="ftp://"; URL*1="cs.utk.edu"', 'message/external-body', { url: 'ftp://cs.utk.edu' }],
  [
    "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
    'application/x-stuff',
    { title: 'This is ***fun***' },
  ],
  [
    "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
    'application/x-stuff',
    { title: "This is even more ***fun*** isn't it!" },
  ],
  ["attachment; filename=plain.txt; filename*=utf-8''%E2%82%AC.txt", 'attachment', { filename: '\u20ac.txt' }],
  ['attachment; filename*=no-charset', 'attachment', { filename: 'no-charset' }],
]

describe('a value with parameters (RFC 2045 \u00a75.1, RFC 2231)', () => {
  for (const [body, value, parameters] of contents) {
    test(body || 'nothing', () => {
      const read = readParametered(body)
      assert.equal(read.value, value)
      assert.deepEqual(Object.fromEntries(read.parameters), parameters)
    })
  }

  test('in pieces out of their order, with a character cut in two', () => {
    const { parameters } = readParametered("attachment; filename*1*=%9F; filename*0*=utf-8''%C3")
    assert.equal(parameters.get('filename'), '\u00df')
  })

  test('takes time in proportion, whatever it is', () => {
    for (const hostile of ['; ', ';a', '; a', ';a="', '"', '\\', ' ', ';a*1*=%', '=', ';a=(']) {
      const began = performance.now()
      readParametered(`text/plain${hostile.repeat(20_000)}`)
      assert.ok(performance.now() - began < 1000, hostile)
    }
  })
})

const lists: readonly (readonly [body: string, people: readonly Correspondent[]])[] = [
  ['', []],
  ['alice@home.example', [{ address: 'alice@home.example' }]],
  ['Alice <alice@home.example>', [{ name: 'Alice', address: 'alice@home.example' }]],
  [
    '"Doe, J." <j@x.example>, bob@y.example (Bob)',
    [
      { name: 'Doe, J.', address: 'j@x.example' },
      { name: 'Bob', address: 'bob@y.example' },
    ],
  ],
  ['=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_M?= <j@x.example>', [{ name: 'J\u00f6rg M', address: 'j@x.example' }]],
  ['"=?utf-8?Q?J=C3=B6rg?=" <j@x.example>', [{ name: 'J\u00f6rg', address: 'j@x.example' }]],
  ['friends: a@x.example, B <b@x.example>;', [{ address: 'a@x.example' }, { name: 'B', address: 'b@x.example' }]],
  ['undisclosed-recipients:;', []],
  ['<@relay.example:a@x.example>', [{ address: 'a@x.example' }]],
  ['"bank@bank.example" <eve@evil.example>', [{ name: 'bank@bank.example', address: 'eve@evil.example' }]],
  ['"never closed <a@x.example>', [{ name: 'never closed <a@x.example>', address: '' }]],
  ['(a (nested) comment', [{ name: 'a (nested) comment', address: '' }]],
  ['a@x.example <b@x.example', [{ name: 'a@x.example', address: 'b@x.example' }]],
  [',,;,<>', []],
]

describe('an address field, for people', () => {
  for (const [body, people] of lists) test(body || 'nothing', () => assert.deepEqual(readCorrespondents(body), people))

  test('has as many as the budget grants', () => {
    assert.equal(readCorrespondents('a@x.example,'.repeat(5000)).length, budget.correspondents)
  })

  test('takes time in proportion', () => {
    for (const hostile of ['(', '"', '<', '\\', 'a:', '@', ', ']) {
      const began = performance.now()
      readCorrespondents(hostile.repeat(60_000))
      assert.ok(performance.now() - began < 1000, hostile)
    }
  })
})

describe('a header section, for people', () => {
  test('is read past lines that are none of it, and stops at the empty line', () => {
    const octets = Buffer.from('A: 1\r\nno colon here\r\n : x\r\nB :\t2\r\n folded\r\n\r\nC: 3\r\n')
    assert.deepEqual(readFields(octets), [
      { name: 'A', body: '1' },
      { name: 'B', body: '2 folded' },
    ])
  })

  test('gives the first field of a name in any case, and no more fields than the budget grants', () => {
    const fields = readFields(Buffer.from(`Subject: one\r\nSUBJECT: two\r\n${'X: y\r\n'.repeat(5000)}`))
    assert.equal(bodyOf(fields, 'subject'), 'one')
    assert.equal(fields.length, budget.readFields)
  })

  test('of 1 MB is read in time', () => {
    const began = performance.now()
    readFields(Buffer.from(`A: ${'x\r\n '.repeat(250_000)}\r\n`))
    assert.ok(performance.now() - began < 2000)
  })
})

const bob = { name: 'Bob Example', address: 'bob@away.example' }
const summaries: Readonly<Record<string, readonly [from: Correspondent | undefined, subject: string]>> = {
  'plain.eml': [bob, 'Sunday'],
  'iso-2022-jp.eml': [bob, '\u3053\u3093\u306b\u3061\u306f'],
  'eight-bit-headers.eml': [bob, 'Gr\u00fc\u00dfe aus K\u00f6ln'],
  'utf8-headers.eml': [
    { name: 'J\u00f6rg M\u00fcller', address: 'j\u00f6rg@b\u00fccher.example' },
    'Gr\u00fc\u00dfe \u2013 \u4f60\u597d \u2013 \u05e9\u05dc\u05d5\u05dd',
  ],
  'multipart-attachments.eml': [bob, 'Photos from the garden \u{1f337}'],
  'mbox-from.eml': [bob, 'a mailbox once kept me'],
  'odd-fields.eml': [bob, 'a space before the colon'],
  'no-header-at-all.eml': [undefined, ''],
}

describe('the summary of', () => {
  const corpus = join(import.meta.dirname, '../corpus')
  for (const [file, [from, subject]] of Object.entries(summaries)) {
    test(file, () => {
      const summary = summarize(readFields(readFileSync(join(corpus, file))))
      assert.deepEqual([summary.from, summary.subject], [from, subject])
      if (from === bob) assert.equal(summary.date, Date.UTC(2026, 10, 21, 22, 15, 52))
    })
  }

  for (const path of globSync('*.eml', { cwd: corpus })) {
    test(`${basename(path)} is one line`, () => {
      assert.ok(!/[\r\n]/.test(summarize(readFields(readFileSync(join(corpus, path)))).subject))
    })
  }
})
