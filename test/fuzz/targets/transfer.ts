// Any octets are decoded, at any split to the same; none come from nowhere.
import assert from 'node:assert/strict'
import { openCharset } from '../../../src/message/charset.ts'
import { TextLines } from '../../../src/message/text-lines.ts'
import { openTransfer } from '../../../src/message/transfer.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const ways = [
  ['base64', 'utf-8'],
  ['quoted-printable', ''],
  ['quoted-printable', 'iso-2022-jp'],
  ['8bit', 'x-no-such'],
] as const

function read(chunks: readonly Buffer[], encoding: string, charset: string): readonly string[] {
  const lines: string[] = []
  const [transfer, text] = [openTransfer(encoding), openCharset(charset)]
  const cutter = new TextLines(line => lines.push(line))
  let octets = 0
  const take = (decoded: Buffer) => {
    octets += decoded.length
    cutter.feed(text.decode(decoded))
  }
  for (const chunk of chunks) take(transfer.decode(Buffer.from(chunk)))
  take(transfer.end())
  cutter.feed(text.end())
  cutter.end()
  assert.ok(octets <= chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  return lines
}

export const transfer: Target = {
  seeds: ['aGVsbG8=\r\n', 'Gr=C3=BC=C3=9Fe =\r\n \t\r\nx', '\x1b$B$3\x1b(B', 'a=ZZ=', '\u00fc\xe2\x82'],
  words: [
    '=',
    '=3D',
    '=\r\n',
    ' ',
    '\t',
    '\r\n',
    '\n',
    '\r',
    'aGk',
    '==',
    '\xc3',
    '\xbc',
    '\xf0\x9f',
    '\x1b$B',
    '\x1b(B',
    '\0',
    ' '.repeat(1001),
  ],
  check(input) {
    const signs: string[] = []
    for (const [encoding, charset] of ways) {
      const [whole = [], ...others] = cuttings(input).map(chunks => read(chunks, encoding, charset))
      for (const other of others) assert.deepEqual(other, whole)
      signs.push(...stretches(whole.join('\n').replaceAll(/[a-z0-9]+/gi, 'a'), 3))
    }
    return signs
  },
}
