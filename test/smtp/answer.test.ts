import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { AnswerReader, type Reading } from '../../src/smtp/answer.ts'
import { cut, everySplit, places } from '../wire/splits.ts'

/** Reads to the end, or to the first thing that is no answer: nobody goes on behind that. */
function read(chunks: readonly Buffer[]): Reading[] {
  const reader = new AnswerReader()
  const readings: Reading[] = []
  for (const chunk of chunks) {
    reader.feed(chunk)
    for (let reading = reader.next(); reading; reading = reader.next()) {
      readings.push(reading)
      if (reading.kind !== 'answer') return readings
    }
  }
  return readings
}

/** `250 2.0.0 text`, with a dash for an enhanced code that is not there. */
function brief(reading: Reading): string {
  if (reading.kind !== 'answer') return reading.kind
  const { code, enhanced, text } = reading.answer
  return `${code} ${enhanced || '-'} ${text}`
}

const long = 'x'.repeat(3000)

const table: { name: string; wire: string | Buffer; read: string[] }[] = [
  { name: 'a line', wire: '220 mx.example ESMTP\r\n', read: ['220 - mx.example ESMTP'] },
  { name: 'a code alone', wire: '250\r\n250 \r\n', read: ['250 - ', '250 - '] },
  { name: 'lines joined by spaces', wire: '250-a\r\n250-\r\n250 b\r\n', read: ['250 - a b'] },
  { name: 'an enhanced code', wire: '550 5.1.1 No such user\r\n', read: ['550 5.1.1 No such user'] },
  { name: 'an enhanced code alone', wire: '250 2.0.0\r\n', read: ['250 2.0.0 '] },
  { name: 'an enhanced code on every line', wire: '550-5.1.1 a\r\n550 5.1.1 b\r\n', read: ['550 5.1.1 a b'] },
  { name: 'an enhanced code of another class', wire: '550 4.1.1 a\r\n', read: ['550 - 4.1.1 a'] },
  {
    name: 'what only begins like one',
    wire: '250 2.0.0x\r\n250 2.01.0 y\r\n',
    read: ['250 - 2.0.0x', '250 - 2.01.0 y'],
  },
  { name: 'several answers', wire: '250 a\r\n550 b\r\n354 c\r\n', read: ['250 - a', '550 - b', '354 - c'] },
  { name: 'UTF-8 kept', wire: '550 5.1.1 Grüße, 世界\r\n', read: ['550 5.1.1 Grüße, 世界'] },
  { name: 'what is not UTF-8', wire: Buffer.from('550 Gr\xfc\xdfe\r\n', 'latin1'), read: ['550 - Gr??e'] },
  { name: 'control characters', wire: '550 a\x1b[31m\tb\0\x7f\u0085c\r\n', read: ['550 - a?[31m b???c'] },
  { name: 'turned text', wire: '550 a\u202eb\u2066c\u2028d\r\n', read: ['550 - a?b?c?d'] },
  { name: 'CR and LF that end no line', wire: '550 a\nb\rc\r\r\n', read: ['550 - a?b?c'] },
  {
    name: 'a line too long, cut',
    wire: `250-${long}\r\n250 b\r\n250 c\r\n`,
    read: [`250 - ${'x'.repeat(budget.answerText)}`, '250 - c'],
  },
  { name: 'other codes within an answer', wire: '250-a\r\n251 b\r\n', read: ['malformed'] },
  { name: 'no answer at all', wire: 'SSH-2.0-OpenSSH_9.9\r\n', read: ['malformed'] },
  { name: 'an empty line', wire: '\r\n', read: ['malformed'] },
  { name: 'a code that is none', wire: '199 a\r\n', read: ['malformed'] },
  { name: 'a code with a letter behind it', wire: '250x\r\n', read: ['malformed'] },
  { name: 'a code of four digits', wire: '2500 x\r\n', read: ['malformed'] },
  { name: 'answers before what is none', wire: '250 a\r\nHTTP/1.1 400\r\n', read: ['250 - a', 'malformed'] },
  { name: 'an answer that is not complete', wire: '250-a\r\n250 b\r', read: [] },
]

describe('the reader of answers', () => {
  for (const { name, wire, read: expected } of table) {
    test(`reads ${name}, at every split`, () => {
      for (const chunks of everySplit(Buffer.from(wire))) assert.deepEqual(read(chunks).map(brief), expected)
    })
  }

  test('gives the lines as they came', () => {
    const [reading] = read([Buffer.from('250-mx\r\n250-SIZE 1\x01\r\n250 2.0.0 x\r\n')])
    assert.ok(reading?.kind === 'answer')
    assert.deepEqual(reading.lines, ['mx', 'SIZE 1\x01', '2.0.0 x'])
  })

  test('keeps a bounded number of octets of a text, and no half character', () => {
    for (const lead of ['', 'a', 'ab']) {
      const [reading] = read([Buffer.from(`550-${lead}${'世'.repeat(600)}\r\n550 ${'世'.repeat(600)}\r\n`)])
      assert.ok(reading?.kind === 'answer')
      const octets = Buffer.byteLength(reading.answer.text)
      assert.ok(octets <= budget.answerText && octets > budget.answerText - 3, `${octets}`)
      assert.match(reading.answer.text, /^[ab]*世+$/)
    }
  })

  test('cuts a long line between two characters, so that it stays UTF-8', () => {
    for (const lead of ['', 'a', 'ab']) {
      const [reading] = read([Buffer.from(`250 ${lead}${'世'.repeat(1000)}\r\n`)])
      assert.ok(reading?.kind === 'answer')
      assert.match(reading.lines[0] ?? '', /^[ab]*世+$/)
      assert.ok(Buffer.byteLength(reading.lines[0] ?? '') <= budget.replyLine)
    }
  })

  const endless: { name: string; piece: string; most: number }[] = [
    { name: 'a line', piece: 'x'.repeat(1000), most: budget.replyOctets },
    { name: 'a line of CRs', piece: '\r'.repeat(1000), most: budget.replyOctets },
    { name: 'lines', piece: '250-x\r\n', most: budget.replyLines * 7 },
    { name: 'long lines', piece: `250-${'x'.repeat(996)}\r\n`, most: budget.replyOctets },
  ]
  for (const { name, piece, most } of endless) {
    test(`gives up on an answer of endless ${name}`, () => {
      const reader = new AnswerReader()
      let fed = 0
      let reading: Reading | undefined
      while (!reading && fed <= 2 * most) {
        reader.feed(Buffer.from(piece))
        fed += piece.length
        reading = reader.next()
      }
      assert.deepEqual(reading, { kind: 'endless' })
      assert.ok(fed <= most + 2 * piece.length, `${fed}`)
    })
  }

  test('takes an answer of exactly the bounds', () => {
    const wire = `${'250-x\r\n'.repeat(budget.replyLines - 1)}250 x\r\n`
    assert.equal(read([Buffer.from(wire)])[0]?.kind, 'answer')
    assert.equal(read([Buffer.from(`250-x\r\n${wire}`)])[0]?.kind, 'endless')
  })

  test('forgets a half answer when it is told to', () => {
    const reader = new AnswerReader()
    reader.feed(Buffer.from('250-a\r\n250-b\r'))
    assert.equal(reader.next(), undefined)
    reader.drop()
    reader.feed(Buffer.from('\n220 c\r\n'))
    assert.equal(reader.next()?.kind, 'malformed')
    reader.drop()
    reader.feed(Buffer.from('220 c\r\n'))
    assert.deepEqual(reader.next(), {
      kind: 'answer',
      answer: { code: 220, enhanced: '', text: 'c' },
      lines: ['c'],
    })
  })

  test('does not keep the chunk it was fed', () => {
    const reader = new AnswerReader()
    const chunk = Buffer.from('250-a\r\n250 b')
    reader.feed(chunk)
    assert.equal(reader.next(), undefined)
    chunk.fill('z')
    reader.feed(Buffer.from('\r\n'))
    assert.deepEqual(reader.next()?.kind === 'answer', true)
  })

  test('reads the same from any octets, however they are cut, and never shows a control character', () => {
    const words = fc.constantFrom(
      '250 ',
      '250-',
      '550 5.1.1 ',
      '\r\n',
      '\r',
      '\n',
      'a',
      '\xff',
      '\xc3\xa9',
      '\x1b',
      '2',
      '-',
    )
    const noise = fc.array(words, { maxLength: 40 }).map(parts => Buffer.from(parts.join(''), 'latin1'))
    fc.assert(
      fc.property(noise, places, (wire, at) => {
        const whole = read([wire])
        assert.deepEqual(read(cut(wire, at)), whole)
        for (const reading of whole) assert.doesNotMatch(brief(reading), /\p{Cc}/u)
      }),
    )
  })
})
