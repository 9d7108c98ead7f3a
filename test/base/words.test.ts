/** Text for a reader: base/words.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { columns, didYouMean, nearest, wrap } from '../../src/base/words.ts'

test('wrapping keeps every word, and no line of several words is wider than asked', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(words, fc.integer({ min: 4, max: 40 }), (list, width) => {
      const lines = wrap(list.join(' '), width, '# ')
      assert.deepEqual(
        lines
          .map(line => line.slice(2))
          .join(' ')
          .split(' '),
        list,
      )
      for (const line of lines) assert(line.length <= width || !line.slice(2).includes(' '), line)
    }),
  )
})

test('columns are as wide as their widest cell, and the last is not padded', () => {
  assert.deepEqual(
    columns([
      ['a', 'bbb', 'c'],
      ['aaaa', 'b', 'cccc'],
    ]),
    ['a     bbb  c', 'aaaa  b    cccc'],
  )
})

test('a last column that is too wide is wrapped below its own head', () => {
  const rows = [
    ['NAME', 'WHAT'],
    ['a', 'one two three four five'],
    ['bb', 'six'],
  ]
  assert.deepEqual(columns(rows, 24), ['NAME  WHAT', 'a     one two three four', '      five', 'bb    six'])
  assert.deepEqual(columns(rows, 20), columns(rows), 'where little is left, the terminal wraps the whole')
  assert.deepEqual(columns(rows, 29), columns(rows))
})

describe('the nearest word', () => {
  const known = ['serve', 'status', 'selftest', 'user', 'alias', 'limits.message']
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['serv', 'serve'],
    ['Serve', 'serve'],
    ['usr', 'user'],
    ['statsu', 'status'],
    ['uesr', 'user'],
    ['limits.mesage', 'limits.message'],
    ['deliver', undefined],
    ['aliases', 'alias'],
    ['x', undefined],
    ['', undefined],
    ['s'.repeat(10_000), undefined],
  ]
  for (const [word, found] of rows) {
    test(`${word.slice(0, 20)} is near ${found ?? 'nothing'}`, () => assert.equal(nearest(word, known), found))
  }
  test('a suggestion is made only where there is one', () => {
    assert.deepEqual([didYouMean('aliass', known), didYouMean('zzz', known)], ['; did you mean alias?', '.'])
  })

  test('is looked for among so many of its length, and those of another length do not count', () => {
    const others = Array.from({ length: budget.guesses - 1 }, (_, i) => `${100_000 + i}`)
    const short = Array.from({ length: budget.guesses }, () => 'x')
    assert.equal(nearest('archve', [...short, ...others, 'archive']), 'archive')
    assert.equal(nearest('archve', [...short, ...others, '200000', 'archive']), undefined)
  })
})
