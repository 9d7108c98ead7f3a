/** Octets of a keyboard as keys: terminal/keys.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { KeyDecoder, type Typed } from '../../src/terminal/keys.ts'

/** Keys in short: characters as they are, names in angle brackets, answers of the terminal with their place. */
function words(typed: readonly Typed[]): string {
  return typed.map(wordOf).join('')
}

function wordOf(typed: Typed): string {
  switch (typed.kind) {
    case 'character':
      return typed.text
    case 'named':
      return `<${typed.name}>`
    case 'report':
      return `<at ${typed.row},${typed.column}>`
    case 'attributes':
      return '<attributes>'
  }
}

function decode(octets: Buffer, step: number): string {
  const decoder = new KeyDecoder()
  const typed: Typed[] = []
  for (let at = 0; at < octets.length; at += step) {
    const chunk = Buffer.from(octets.subarray(at, at + step))
    typed.push(...decoder.decode(chunk))
    chunk.fill('!')
  }
  return words(typed)
}

const rows: readonly (readonly [name: string, octets: string | Buffer, keys: string])[] = [
  ['letters and a blank', 'a B', 'a B'],
  ['UTF-8', 'zoë 日本 🔑', 'zoë 日本 🔑'],
  ['a byte order mark is a character', '\ufeffa', '\ufeffa'],
  ['octets that are no UTF-8', Buffer.from([0x61, 0xff, 0xc3, 0x28, 0x80, 0x62]), 'a\ufffd\ufffd(\ufffdb'],
  ['a character that Ctrl-C cuts off', Buffer.from([0xe6, 0x97, 0x03]), '\ufffd<ctrl-c>'],
  ['Enter as CR', 'a\rb', 'a<enter>b'],
  ['Enter as LF', 'a\nb', 'a<enter>b'],
  ['Enter as CR LF is one', 'a\r\nb', 'a<enter>b'],
  ['Enter as CR NUL is one', 'a\r\0b', 'a<enter>b'],
  ['LF CR are two', 'a\n\rb', 'a<enter><enter>b'],
  ['two of each', '\r\r\n\n\r\n', '<enter><enter><enter><enter>'],
  ['both octets for Backspace', '\x7f\b', '<erase><erase>'],
  ['controls by their letter', '\x01\x03\x04\x0c\x15\x1a\t', '<ctrl-a><ctrl-c><ctrl-d><ctrl-l><ctrl-u><ctrl-z><tab>'],
  ['controls without a letter, and those beyond ASCII', '\0\x1c\x1f\u0080\u009b\u009f', ''],
  ['arrows of a VT100', '\x1b[A\x1b[B\x1b[C\x1b[D', '<up><down><right><left>'],
  ['arrows in application mode', '\x1bOA\x1bOB\x1bOC\x1bOD', '<up><down><right><left>'],
  ['arrows with Ctrl or Shift, xterm', '\x1b[1;5C\x1b[1;2D\x1bO5A', '<right><left><up>'],
  ['arrows with Ctrl or Shift, rxvt', '\x1b[c\x1bOd', '<right><left>'],
  ['Home and End', '\x1b[H\x1b[F\x1bOH\x1bOF\x1b[1~\x1b[4~\x1b[7~\x1b[8~', '<home><end>'.repeat(4)],
  ['Delete and the pages', '\x1b[3~\x1b[5~\x1b[6~\x1b[3;5~', '<delete><page-up><page-down><delete>'],
  ['the same with Ctrl or Shift, rxvt', '\x1b[3^\x1b[3$\x1b[7@a', '<delete><delete><home>a'],
  ['Enter of the number pad', '\x1bOMa', '<enter>a'],
  ['keys that are not known', '\x1b[2~\x1b[15~\x1b[24;2~\x1bOP\x1bOS\x1b[Za', 'a'],
  ['function keys of the Linux console', '\x1b[[A\x1b[[Ea', 'a'],
  ['marks around what is pasted', '\x1b[200~ab\x1b[201~', 'ab'],
  ['where the cursor is', '\x1b[24;80R', '<at 24,80>'],
  ['where it cannot be', '\x1b[R\x1b[24R\x1b[1;2;3R\x1b[99999;1Ra', 'a'],
  ['what the terminal is', '\x1b[?1;2c\x1b[>0;95;0c', '<attributes><attributes>'],
  ['our own enquiry, come back', '\x1b[6na', 'a'],
  ['ESC before another key', '\x1bq\x1b\r', '<escape>q<escape><enter>'],
  ['ESC twice', '\x1b\x1b\x1b[A', '<escape><escape><up>'],
  ['Ctrl-C within a sequence', '\x1b[1\x03\x1bO\x03', '<ctrl-c><ctrl-c>'],
  ['a sequence that another one cuts off', '\x1b[12\x1b[A', '<up>'],
  ['a sequence that UTF-8 cuts off', '\x1b[1ëa', 'ëa'],
  ['a sequence without an end', `\x1b[${'1'.repeat(budget.escapeSequence + 1)}a`, 'a'],
]

describe('keys', () => {
  for (const [name, octets, keys] of rows) {
    test(name, () => {
      for (const step of [1, 2, 3, 7, 65_536]) assert.equal(decode(Buffer.from(octets), step), keys)
    })
  }

  test('any octets are the same keys, however they are cut', () => {
    const octet = fc.oneof(fc.nat(255), fc.constantFrom(0x1b, 0x5b, 0x4f, 0x31, 0x3b, 0x52, 0x0d, 0x0a, 0xc3, 0xa4))
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 80 }), fc.integer({ min: 1, max: 9 }), (octets, step) => {
        const keys = decode(Buffer.from(octets), step)
        assert.equal(keys, decode(Buffer.from(octets), 65_536))
        assert.doesNotMatch(keys, /\p{Cc}/u)
      }),
    )
  })

  test('an ESC is a key once nothing has followed', () => {
    const decoder = new KeyDecoder()
    assert.deepEqual(decoder.lull(), [])
    assert.equal(words(decoder.decode(Buffer.from('a\x1b'))), 'a')
    assert.ok(decoder.undecided)
    assert.equal(words(decoder.lull()), '<escape>')
    assert.equal(words(decoder.decode(Buffer.from('[A'))), '[A')
    decoder.decode(Buffer.from('\x1b['))
    assert.deepEqual(decoder.lull(), [])
    assert.equal(words(decoder.decode(Buffer.from('A'))), '<up>')
  })
})
