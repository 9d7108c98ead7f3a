// Any octets are some message: its parts begin and end in their order, in bounded number and depth, at any split the same; and
// its header, its summary and its outline can be read.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { readFields } from '../../../src/message/header-fields.ts'
import { MimeWalker } from '../../../src/message/mime.ts'
import { Outline } from '../../../src/message/outline.ts'
import { summarize } from '../../../src/message/summary.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

/** The parts and what they hold, as text. */
function walk(chunks: readonly Buffer[]): string {
  const outline = new Outline()
  const open: number[] = []
  let heard = ''
  let last = -1
  const walker = new MimeWalker({
    begin: part => {
      assert.equal(part.within, open.at(-1))
      assert.equal(part.depth, open.length)
      assert.equal(part.number, outline.parts.length)
      assert.ok(part.name.length <= budget.partName && part.depth <= budget.mimeDepth)
      open.push(part.number)
      outline.begin(part)
      heard += `(${part.kind}:${part.type}:${part.charset}:${part.name}:${part.attached};`
    },
    octets: (part, octets) => {
      assert.equal(part.number, open.at(-1))
      outline.octets(part, octets)
      heard += (last === part.number ? '' : '=') + octets.toString('latin1')
      last = part.number
    },
    end: part => {
      assert.equal(part.number, open.pop())
      heard += ')'
    },
  })
  for (const chunk of chunks) {
    walker.feed(chunk)
    chunk.fill('!')
  }
  walker.end()
  assert.deepEqual(open, [])
  assert.ok(outline.parts.length <= budget.mimeParts)
  const text = outline.text
  for (const { part } of outline.attachments) assert.ok(!text.has(part.number))
  return heard
}

export const mime: Target = {
  seeds: [
    'Subject: =?utf-8?Q?=C3=BC?=\r\nFrom: "A" <a@b>\r\n\r\nhello\r\n',
    'Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\ntwo\r\n--c--\r\n--b--\r\nepi',
    'Content-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n',
    "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1=x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=\r\n =41 \r\n",
    'Content-Type: multipart/digest; boundary="a b"\r\n\r\n--a b\r\n\r\nDate: 1 Jan 2026 1:02 Z\r\n\r\nx\r\n--a b--',
    'no header\r\n--b\r\n',
  ],
  words: [
    ...[
      'Content-Type: ',
      'multipart/mixed; boundary=b',
      'multipart/alternative; boundary=c',
      'message/rfc822',
      'text/html',
    ],
    ...[
      'Content-Transfer-Encoding: base64',
      'Content-Transfer-Encoding: quoted-printable',
      '; charset=utf-8',
      '; name="',
      '*0*=',
    ],
    ...[
      '\r\n',
      '\r\n\r\n',
      '\n',
      '\r',
      '--',
      '--b',
      '--b--',
      '--c',
      '--c--',
      '\r\n--b\r\n',
      ' ',
      '\t',
      '"',
      ':',
      ';',
      '=',
      '\0',
      '\xff',
    ],
    ...['From: ', 'Subject: ', 'Date: ', '=?utf-8?B?', '?=', '<', '>', '(', ')', ',', 'a@b'],
  ],
  check(input) {
    const plain = Buffer.from(input)
    const [whole = '', ...others] = cuttings(input).map(walk)
    for (const other of others) assert.equal(other, whole)
    const { subject } = summarize(readFields(plain))
    assert.ok(!/[\r\n\t]/.test(subject))
    return stretches(whole.replaceAll(/[^(:;=)]+/g, 'a'), 8)
  },
}
