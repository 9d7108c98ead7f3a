/** Settings changed in the text of a file, and all around them left as it was: base/toml-edit.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readToml, type Written, writeToml } from '../../src/base/toml.ts'
import { commentOut, remark, removeKey, removeTable, setKey } from '../../src/base/toml-edit.ts'
import { scanToml } from '../../src/base/toml-scan.ts'

type Case = readonly [name: string, text: string, key: string, value: Written | undefined, edited: string]

const cases: readonly Case[] = [
  ['no file at all', '', 'hostname', 'a.example', 'hostname = "a.example"\n'],
  ['no file, in a section', '', 'mail.catch_all', 'bob', '[mail]\ncatch_all = "bob"\n'],
  ['a value with a comment behind it', 'port = 25 # the usual\n', 'port', 26, 'port = 26 # the usual\n'],
  ['a value in a section', '[a]\nx = 1\n[b]\nx = 2\n', 'b.x', 3, '[a]\nx = 1\n[b]\nx = 3\n'],
  [
    'lines that end in CR LF',
    '# mine\r\n[a]\r\nx = 1 # one\r\n\r\n# other\r\n[b]\r\n',
    'a.y',
    2,
    '# mine\r\n[a]\r\nx = 1 # one\r\ny = 2\r\n\r\n# other\r\n[b]\r\n',
  ],
  ['a last line without end', '[a]\nx = 1', 'a.y', 2, '[a]\nx = 1\ny = 2'],
  ['lines that are indented', '[a]\n  x = 1\n', 'a.y', 2, '[a]\n  x = 1\n  y = 2\n'],
  ['a section with nothing in it', '[a] # here\n[b]\n', 'a.y', 2, '[a] # here\ny = 2\n[b]\n'],
  ['a missing section', 'x = 1\n\n', 'a.y', 2, 'x = 1\n\n[a]\ny = 2\n'],
  ['dotted keys', 'a.x = 1\nz = 1\n[b]\n', 'a.y', 2, 'a.x = 1\na.y = 2\nz = 1\n[b]\n'],
  ['a dotted key changed', 'a . x = 1 # one\n', 'a.x', 2, 'a . x = 2 # one\n'],
  ['quoted keys', '"a"."x" = 1\n', 'a.x', 2, '"a"."x" = 2\n'],
  ['keys with escapes', '"\\u0061".x = 1\n', 'a.x', 2, '"\\u0061".x = 2\n'],
  ['an inline table', 'a = { x = 1, y = 2 } # t\n', 'a.y', 3, 'a = { x = 1, y = 3 } # t\n'],
  ['an inline table that grows', 'a = { x = 1 } # t\n', 'a.y', 3, 'a = { x = 1, y = 3 } # t\n'],
  ['an empty inline table', 'a = {}\n', 'a.y', 3, 'a = { y = 3 }\n'],
  ['an inline table that shrinks', 'a = { x = 1, y = 2 }\n', 'a.x', undefined, 'a = { y = 2 }\n'],
  ['the last of an inline table', 'a = { x = 1, y = 2 }\n', 'a.y', undefined, 'a = { x = 1 }\n'],
  ['a setting before all sections', '# file\n\n# of a\n[a]\n', 'x', 1, '# file\n\nx = 1\n\n# of a\n[a]\n'],
  ['a setting behind the others', 'y = 1 # y\n\n[a]\n', 'x', 1, 'y = 1 # y\nx = 1\n\n[a]\n'],
  ['a file of comments', '# hostname = "b"\n', 'hostname', 'a', '# hostname = "b"\n\nhostname = "a"\n'],
  ['a setting taken out', '# of x\nx = 1 # one\ny = 2\n', 'x', undefined, '# of x\ny = 2\n'],
  ['what is not there taken out', 'y = 2\n', 'x', undefined, 'y = 2\n'],
  ['brackets in strings', 'x = "[a] # \\" ]" # c\n[a]\n', 'a.x', 1, 'x = "[a] # \\" ]" # c\n[a]\nx = 1\n'],
  ['text over lines', 'x = """\n[a]\n"""\n', 'x', 'b', 'x = "b"\n'],
  ['a list in one line', 'x = ["a", \'b\'] # c\n', 'x', ['c'], 'x = ["c"] # c\n'],
  [
    'a list over lines, with comments',
    'x = [\n  # first\n  "a", # of a\n  "b", # of b\n  # last\n] # x\n',
    'x',
    ['b', 'c'],
    'x = [\n  "b", # of b\n  "c",\n  # last\n] # x\n',
  ],
  ['a list over lines, emptied', 'x = [\n  "a",\n]\n', 'x', [], 'x = [\n]\n'],
  [
    'a list in other quotes',
    "x = [\r\n\t'a' # of a\r\n]\r\n",
    'x',
    ['a', 'b'],
    'x = [\r\n\t"a", # of a\r\n\t"b",\r\n]\r\n',
  ],
]

describe('a setting is changed in', () => {
  for (const [name, text, key, value, edited] of cases) {
    test(name, () => assert.equal(value === undefined ? removeKey(text, key) : setKey(text, key, value), edited))
  }
})

describe('what cannot be changed is left alone:', () => {
  const refused: readonly (readonly [name: string, text: string])[] = [
    ['a section written as a list', '[[a]]\nx = 1\n'],
    ['a setting that is a section', '[a.x]\ny = 1\n'],
    ['a section that is a value', 'a = 5\n'],
    ['no TOML', 'a = \n'],
  ]
  for (const [name, text] of refused) {
    test(name, () => assert.throws(() => setKey(text, 'a.x', 1), { code: 'CONFIG' }))
  }
})

test('a section is taken out, however it is written', () => {
  const tables: readonly (readonly [text: string, rest: string])[] = [
    ['x = 1\n[s]\n# in s\na = 1\n\n# of b\n[b]\n', 'x = 1\n# of b\n[b]\n'],
    ['s = { a = 1 } # s\nx = 1\n', 'x = 1\n'],
    ['s.a = 1\nx = 1\ns.b = [\n 2,\n]\n', 'x = 1\n'],
    ['x = 1\n[s]\na = 1\n# end', 'x = 1\n'],
    ['[s]\na = 1\n[s.t]\nb = 1\n[u]\n', '[u]\n'],
    ['x = 1\n', 'x = 1\n'],
  ]
  for (const [text, rest] of tables) assert.equal(removeTable(text, 's'), rest)
})

test('a remark takes the place of the comment behind a setting', () => {
  assert.equal(remark('[s]\na = 1 # old\r\nb = 2', 's.a', 'new\nline'), '[s]\na = 1 # new line\r\nb = 2')
  assert.equal(remark('s = { a = 1, b = 2 }\n', 's.a', 'new'), 's = { a = 1, b = 2 } # new\n')
  assert.equal(remark('s.a = 1 # old\n', 's.a', ''), 's.a = 1\n')
  assert.equal(remark('x = 1\n', 's.a', 'new'), 'x = 1\n')
})

/** A file as a person may write it: comments, blank lines, sections in all their forms. */
const comment = fc.constantFrom('', '# about', '# x = 1', '  # [a] "', '#')
const behind = fc.constantFrom('', ' # why', '\t# "', '# ]')
const text = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '#', '"', "'", '\\', '[', ']', '{', '=', ',', 'é', '\n'),
  maxLength: 6,
})
const number = fc.integer({ min: 0, max: 99_999 })
const list = fc.array(text, { maxLength: 4 })
const value: fc.Arbitrary<Written> = fc.oneof(text, number, list)
const literal = fc.string({ unit: fc.constantFrom('a', '#', '"', '\\', '[', '}'), maxLength: 5 })
const written = fc.oneof(
  value.map(writeToml),
  literal.map(text => `'${text}'`),
  literal.map(text => `'''${text}\n# no comment'''`),
  text.map(text => `"""\n${JSON.stringify(text).slice(1, -1)}\n[no]"""`),
  fc
    .array(fc.tuple(text.map(writeToml), behind, comment), { maxLength: 3 })
    .map(items => `[${items.map(([item, behind, below]) => `\n  ${item}, ${behind}\n${below}`).join('')}\n]`),
  fc.constantFrom('true', '1979-05-27 07:32:00', '0x1F', '1.5e3'),
)
const names = ['hostname', 'x', 'y', 'z-z']
const keys = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 4 })
const pair = (name: string) =>
  fc
    .tuple(written, behind, comment, fc.constantFrom('', '  ', '\t'))
    .map(([value, behind, above, indent]) => `${above}\n${indent}${name} = ${value} ${behind}\n`)
const lines = (prefix: string) =>
  keys.chain(keys => fc.tuple(...keys.map(key => pair(`${prefix}${key}`)))).map(lines => lines.join(''))
const table = (name: string) =>
  fc.oneof(
    fc.constant({ top: '', below: '' }),
    lines('').map(below => ({ top: '', below: `${'# of'} ${name}\n[${name}] # head\n${below}` })),
    lines(`${name}.`).map(top => ({ top, below: '' })),
    fc.tuple(keys, value, behind).map(([keys, value, behind]) => ({
      top: `${name} = { ${keys.map(key => `${key} = ${writeToml(value)}`).join(', ')} } ${behind}\n`,
      below: '',
    })),
  )
const file = fc
  .tuple(comment, lines(''), table('mail'), table('log'), comment, fc.boolean())
  .map(([head, top, mail, log, tail, crlf]) => {
    const text = `${head}\n\n${top.replaceAll('\nx =', '\nxx =')}${mail.top}${log.top}${mail.below}${log.below}${tail}`
    return crlf ? text.replaceAll('\n', '\r\n') : text
  })
const anyKey = fc.constantFrom(...names.flatMap(name => [name, `mail.${name}`, `log.${name}`, `tls.${name}`]))

/** The lines of a text without the part that has changed: those that both begin with, and those that both end with. */
function kept(before: readonly string[], after: readonly string[]): number {
  const start = before.findIndex((line, i) => line !== after[i])
  const same = start < 0 ? before.length : start
  let end = 0
  while (end < before.length - same && end < after.length - same && before.at(-1 - end) === after.at(-1 - end)) end += 1
  return same + end
}

/** Lines that a setting takes in the file. */
function linesOf(text: string, key: string): number {
  const part = scanToml(text).find(part => part.kind === 'statement' && part.path.join('.') === key)
  return part ? text.slice(part.start, part.end).split('\n').length : 1
}

test('any setting of any file can be set, and only its lines change', () => {
  fc.assert(
    fc.property(file, anyKey, value, (text, key, value) => {
      const edited = setKey(text, key, value)
      const [before, after] = [text.split('\n'), edited.split('\n')]
      assert(kept(before, after) >= before.length - linesOf(text, key) - 1)
      assert.equal(setKey(edited, key, value), edited, 'the second time changes nothing')
    }),
    { numRuns: 2000 },
  )
})

test('any setting of any file can be taken out, and what was added goes again', () => {
  fc.assert(
    fc.property(file, anyKey, value, (text, key, value) => {
      const without = removeKey(text, key)
      assert.equal(removeKey(without, key), without)
      assert.deepEqual(
        readToml(removeKey(setKey(without, key, value), key)),
        readToml(`${without}${emptied(without, key)}`),
      )
    }),
    { numRuns: 2000 },
  )
})

/** The header that stays when the first setting of a section is taken out again. */
function emptied(text: string, key: string): string {
  const [section = '', name] = key.split('.')
  return name === undefined || Object.hasOwn(readToml(text), section) ? '' : `\n[${section}]\n`
}

test('any characters are read, or refused in words', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'ab.=[]{}"\'#,\\ \n\r1\u{1F600}'), maxLength: 40 })
  fc.assert(
    fc.property(noise, anyKey, value, (text, key, value) => {
      try {
        setKey(text, key, value)
      } catch (error) {
        assert(error instanceof Error && 'code' in error && error.code === 'CONFIG', String(error))
      }
    }),
    { numRuns: 5000 },
  )
})

describe('a setting put behind #', () => {
  for (const [name, text, key, edited] of [
    ['stays in its place', '[a]\nx = 1 # one\ny = 2\n', 'a.x', '[a]\n# x = 1 # one\ny = 2\n'],
    ['over several lines', 'x = [\r\n  "a",\r\n] # x\r\ny = 1\r\n', 'x', '# x = [\r\n#   "a",\r\n# ] # x\r\ny = 1\r\n'],
    ['with its indentation', '[a]\n  x = 1\n', 'a.x', '[a]\n#   x = 1\n'],
    ['at the end', 'x = 1', 'x', '# x = 1'],
    ['in an inline table is taken out', 'a = { x = 1, y = 2 }\n', 'a.x', 'a = { y = 2 }\n'],
    ['that is not there changes nothing', 'y = 1\n', 'x', 'y = 1\n'],
  ] as const) {
    test(name, () => assert.equal(commentOut(text, key), edited))
  }
})
