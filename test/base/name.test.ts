/** Names in their one form: base/name.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { accountName, aliasName, domainName } from '../../src/base/name.ts'

type Row = readonly [text: string, name: string | undefined]

describe('account names', () => {
  const rows: readonly Row[] = [
    ['alice', 'alice'],
    ['Alice', 'alice'],
    ['a', 'a'],
    ['anna.maria_b-2', 'anna.maria_b-2'],
    ['Zoe\u0308', 'zo\u00eb'],
    ['東京', '東京'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), undefined],
    ['é'.repeat(33), undefined],
    ['', undefined],
    ['.alice', undefined],
    ['alice.', undefined],
    ['a..b', undefined],
    ['a+b', undefined],
    ['a b', undefined],
    ['a@b', undefined],
    ['a/b', undefined],
    ['a\0', undefined],
    ['alice\n', undefined],
    ['\u0308a', undefined],
  ]
  for (const [text, name] of rows) {
    test(`${JSON.stringify(text)} is ${name === undefined ? 'no name' : `the name ${name}`}`, () =>
      assert.equal(accountName(text), name))
  }
  test('a name in its one form keeps it, and is safe in an address without quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), text => {
        const name = aliasName(text)
        if (name === undefined) return
        assert.equal(aliasName(name), name)
        assert.doesNotMatch(name, /[\s@"\\<>()[\]:;,%!]|^\.|\.$|\.\./)
      }),
    )
  })
  test('an alias may have a plus where an account may not', () => {
    assert.deepEqual([aliasName('Info+News'), accountName('info+news')], ['info+news', undefined])
  })
})

describe('domains', () => {
  const rows: readonly Row[] = [
    ['home.example', 'home.example'],
    ['HOME.Example', 'home.example'],
    ['lan', 'lan'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['a-1.b', 'a-1.b'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
    [`${'a'.repeat(64)}.example`, undefined],
    [`${'a.'.repeat(128)}b`, undefined],
    ['', undefined],
    ['home.example.', undefined],
    ['.home.example', undefined],
    ['a..b', undefined],
    ['-a.b', undefined],
    ['a-.b', undefined],
    ['a_b.example', undefined],
    ['a b.example', undefined],
    ['home.example/x', undefined],
    ['home.example:25', undefined],
    ['a%2eb', undefined],
    ['bücher.example/x', undefined],
    ['192.0.2.1', undefined],
    ['0x7f.1', undefined],
    ['[192.0.2.1]', undefined],
  ]
  for (const [text, name] of rows) {
    test(`"${text}" is ${name === undefined ? 'no domain' : `the domain ${name}`}`, () =>
      assert.equal(domainName(text), name))
  }
  test('a domain in its one form keeps it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'grapheme' })), text => {
        const name = domainName(text)
        if (name !== undefined) assert.equal(domainName(name), name)
      }),
    )
  })
})
