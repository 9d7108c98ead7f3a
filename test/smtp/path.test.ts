import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatAddress } from '../../src/message/address.ts'
import { parsePath } from '../../src/smtp/path.ts'

const good: { text: string; mailbox: string | undefined; rest?: string }[] = [
  { text: '<>', mailbox: undefined },
  { text: '<> SIZE=1', mailbox: undefined, rest: 'SIZE=1' },
  { text: '<bob@away.example>', mailbox: 'bob@away.example' },
  { text: '<bob@away.example>   SIZE=1 BODY=7BIT', mailbox: 'bob@away.example', rest: 'SIZE=1 BODY=7BIT' },
  { text: '<Postmaster>', mailbox: 'Postmaster' },
  { text: '<"bob smith"@away.example>', mailbox: '"bob smith"@away.example' },
  { text: '<"a>b\\"<c"@away.example> X=1', mailbox: '"a>b\\"<c"@away.example', rest: 'X=1' },
  { text: '<bob@[192.0.2.1]>', mailbox: 'bob@[192.0.2.1]' },
  { text: '<bob@[IPv6:2001:db8::1]>', mailbox: 'bob@[ipv6:2001:db8::1]' },
  { text: '<@a.example:bob@b.example>', mailbox: 'bob@b.example' },
  { text: '<@a.example,@b.example:bob@c.example> X=1', mailbox: 'bob@c.example', rest: 'X=1' },
  { text: '<@bücher.example:bób@c.example>', mailbox: 'bób@c.example' },
  { text: '<@a.example:postmaster>', mailbox: 'postmaster' },
]

const bad = [
  '',
  '<',
  '>',
  'bob@away.example',
  '<bob@away.example',
  'bob@away.example>',
  '<bob@away.example>SIZE=1',
  '<bob@away.example><eve@away.example>',
  '<<bob@away.example>>',
  '< bob@away.example>',
  '<bob@away.example >',
  '<bob smith@away.example>',
  '<"bob@away.example>',
  '<bob>',
  '<@a.example:>',
  '<@a.example:bob>',
  '<@:bob@b.example>',
  '<@a.example,b.example:bob@c.example>',
  '<@a.example,@:bob@c.example>',
  '<@a.example bob@c.example>',
  '<@a.example>',
  '<<>>',
  '< >',
]

describe('paths', () => {
  for (const { text, mailbox, rest = '' } of good) {
    test(`${text} is one`, () => {
      const path = parsePath(text)
      assert.deepEqual(path && [path.mailbox && formatAddress(path.mailbox), path.rest], [mailbox, rest])
    })
  }
  for (const text of bad) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(parsePath(text), undefined))
  }

  test('a path that never ends is given up quickly', () => {
    const begun = performance.now()
    for (const part of ['"', '\\', '""', '@a,', '@a:', '"\\'])
      assert.equal(parsePath(`<${part.repeat(2000)}`), undefined)
    assert.ok(performance.now() - begun < 1000)
  })
})
