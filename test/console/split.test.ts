/** A typed line becomes words: console/split.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../src/base/failure.ts'
import { splitWords } from '../../src/console/split.ts'

const rows: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['', []],
  ['  ', []],
  ['user list', ['user', 'list']],
  [' user\tadd   alice ', ['user', 'add', 'alice']],
  ['porchlight user list', ['user', 'list']],
  ['porchlight', []],
  ['trace porchlight', ['trace', 'porchlight']],
  ['config set mail.catch_all ""', ['config', 'set', 'mail.catch_all', '']],
  ['a "b c" d', ['a', 'b c', 'd']],
  [`say 'it is "so"'`, ['say', 'it is "so"']],
  [`say "it's"`, ['say', "it's"]],
  ['--subject="On holiday"', ['--subject=On holiday']],
]

describe('a line is split', () => {
  for (const [line, words] of rows) test(JSON.stringify(line), () => assert.deepEqual(splitWords(line), words))

  for (const line of ['"', "it's", 'a "b', `"a'`]) {
    test(`but not ${JSON.stringify(line)}, where a quote is never closed`, () => {
      assert.throws(
        () => splitWords(line),
        (error: unknown) => error instanceof Failure && error.code === 'USAGE',
      )
    })
  }

  test('words in quotes come back as they were', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'é', ' ', "'", '-', '=', '\t') })
    fc.assert(
      fc.property(fc.array(word), words => {
        assert.deepEqual(splitWords(['x', ...words.map(word => `"${word}"`)].join(' ')), ['x', ...words])
      }),
    )
  })
})
