/** How wide a text stands, and what a terminal can show of it: terminal/width.ts, terminal/charset.ts, terminal/completion.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { shownIn } from '../../src/terminal/charset.ts'
import { commonStart, inColumns, lastWord } from '../../src/terminal/completion.ts'
import { columnsOf, cutTo, harmless, wrapTo } from '../../src/terminal/width.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom('a', ' ', 'é', 'e\u0301', '日', '😀', '\x1b', '\u202e', '\t', '\ud800'),
    maxLength: 60,
  }),
)

describe('columns', () => {
  const rows: readonly (readonly [text: string, columns: number])[] = [
    ['', 0],
    ['abc', 3],
    ['zoë', 3],
    ['e\u0301a\u0323\u0301', 2],
    ['日本語', 6],
    ['ｱｲ', 2],
    ['Ａ１', 4],
    ['한글', 4],
    ['\u1112\u1161\u11ab', 2],
    ['😀', 2],
    ['🇩🇪', 2],
    ['─│┌', 3],
    ['€–…', 3],
    ['עברית', 5],
    ['ก็', 1],
  ]
  for (const [text, columns] of rows) test(`${text} takes ${columns}`, () => assert.equal(columnsOf(text), columns))
})

describe('harmless', () => {
  const rows: readonly (readonly [text: string, harmless: string])[] = [
    ['plain', 'plain'],
    ['a\x1b[2Jb', 'a?[2Jb'],
    ['a\r\nb\x07\x7f\x9b', 'a??b???'],
    ['a\tb', 'a b'],
    ['a\u202eb\u2066c\u200fd', 'a?b?c?d'],
    ['a\u2028b', 'a?b'],
    ['\ud800a', '?a'],
    ['👨\u200d👩', '👨👩'],
    ['soft\u00adhyphen', 'softhyphen'],
    ['☎\ufe0f', '☎'],
  ]
  for (const [text, expected] of rows)
    test(JSON.stringify(text), () => {
      assert.equal(harmless(text), expected)
      assert.equal(harmless(expected), expected)
    })
})

describe('ASCII', () => {
  const rows: readonly (readonly [text: string, shown: string])[] = [
    ['Grüße, Zoë!', 'Grusse, Zoe!'],
    ['e\u0301té', 'ete'],
    ['„so“ – ‘und’ so…', '"so" - \'und\' so...'],
    ['a\u00a0b', 'a b'],
    ['10 €, 20 °C, ½', '10 EUR, 20 degC, 1/2'],
    ['Łódź, Þór, æble, œuvre', 'Lodz, Thor, aeble, oeuvre'],
    ['ﬁn №1 ™', 'fin No1 TM'],
    ['┌─┬─┐│├╬', '+-+-+|++'],
    ['a → b ← c', 'a -> b <- c'],
    ['日本', '??'],
    ['😀', '?'],
    ['\x1b[m', '?[m'],
  ]
  for (const [text, shown] of rows)
    test(`${text} is shown as ${shown}`, () => assert.equal(shownIn('ascii', text), shown))

  test('is all that is shown, and UTF-8 holds no controls', () => {
    fc.assert(
      fc.property(text, text => {
        assert.match(shownIn('ascii', text), /^[ -~]*$/)
        assert.doesNotMatch(shownIn('utf-8', text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('cutting and wrapping', () => {
  const wraps: readonly (readonly [text: string, columns: number, rows: readonly string[]])[] = [
    ['', 10, ['']],
    ['one two', 10, ['one two']],
    ['one two three', 10, ['one two', 'three']],
    ['one two   three', 7, ['one two', 'three']],
    ['abcdefghijkl', 5, ['abcde', 'fghij', 'kl']],
    ['a bcdefghijkl', 6, ['a bcde', 'fghijk', 'l']],
    ['  one two three', 10, ['  one two', '  three']],
    ['日本語日本', 5, ['日本', '語日', '本']],
    ['日', 1, ['日']],
  ]
  for (const [text, columns, rows] of wraps)
    test(`${JSON.stringify(text)} to ${columns}`, () => assert.deepEqual(wrapTo(text, columns), rows))

  test('a cut ends before a character that has no room', () => {
    assert.equal(cutTo('日本', 3), '日')
    assert.equal(cutTo('e\u0301ab', 2), 'e\u0301a')
    assert.equal(cutTo('abc', 3), 'abc')
    assert.equal(cutTo('abc', 0), '')
  })

  test('nothing but blanks is lost, and no row is too wide', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (raw, columns) => {
        const text = harmless(raw)
        const rows = wrapTo(text, columns)
        for (const row of [...rows, cutTo(text, columns)]) assert.ok(columnsOf(row) <= columns, row)
        assert.equal(rows.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
        assert.ok(text.startsWith(cutTo(text, columns)))
      }),
    )
  })
})

describe('completion', () => {
  test('the last word is what stands behind the last blank', () => {
    for (const [line, word] of [
      ['', ''],
      ['us', 'us'],
      ['user ', ''],
      ['user al', 'al'],
    ])
      assert.equal(lastWord(line ?? ''), word)
  })
  test('the common start does not cut a character in half', () => {
    assert.equal(commonStart(['status', 'start']), 'sta')
    assert.equal(commonStart(['one']), 'one')
    assert.equal(commonStart(['a', 'b']), '')
    assert.equal(commonStart([]), '')
    assert.equal(commonStart(['😀', '😁']), '')
  })
  test('columns go down first and fit the width', () => {
    assert.deepEqual(inColumns(['a', 'bb', 'c', 'd', 'e'], 10), ['a   c   e', 'bb  d'])
    assert.deepEqual(inColumns(['日本', 'b'], 5), ['日本', 'b'])
    assert.deepEqual(inColumns([], 10), [])
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 40 }), words => {
        for (const row of inColumns(words, 30)) assert.ok(row.length <= 30)
      }),
    )
  })
})
