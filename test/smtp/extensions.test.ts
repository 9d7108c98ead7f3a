import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Extensions, mostRecipients } from '../../src/smtp/extensions.ts'

describe('the extensions of a peer', () => {
  test('are known by name and parameter, in any case', () => {
    const extensions = new Extensions(['PIPELINING', 'Size 1000', '8bitmime', 'X-FOO a b', ' STARTTLS '])
    const names = ['PIPELINING', 'SIZE', '8BITMIME', 'X-FOO', 'STARTTLS', 'DSN', 'constructor', '__PROTO__']
    assert.deepEqual(
      names.filter(name => extensions.has(name)),
      ['PIPELINING', 'SIZE', '8BITMIME', 'X-FOO', 'STARTTLS'],
    )
    assert.deepEqual([extensions.parameter('X-FOO'), extensions.parameter('DSN')], ['a b', ''])
  })

  test('are none without EHLO, and from lines that name none', () => {
    for (const extensions of [new Extensions(), new Extensions(['', '-', 'ÄÖÜ', 'DSN! yes', '=DSN'])]) {
      assert.deepEqual([extensions.has('DSN'), extensions.has('')], [false, false])
      assert.deepEqual([extensions.sizeLimit, extensions.authMechanisms], [Number.POSITIVE_INFINITY, []])
      assert.equal(mostRecipients(extensions), budget.peerRecipients)
    }
  })

  const sizes: [string, number][] = [
    ['SIZE', Number.POSITIVE_INFINITY],
    ['SIZE 0', Number.POSITIVE_INFINITY],
    ['SIZE 1', 1],
    ['SIZE 35882577', 35_882_577],
    ['SIZE 10 20', 10],
    ['SIZE -1', Number.POSITIVE_INFINITY],
    ['SIZE 1e3', Number.POSITIVE_INFINITY],
    [`SIZE ${'9'.repeat(21)}`, Number.POSITIVE_INFINITY],
  ]
  for (const [line, limit] of sizes) {
    test(`${line.slice(0, 20)} limits a message to ${limit}`, () =>
      assert.equal(new Extensions([line]).sizeLimit, limit))
  }

  const logins: [string[], string[]][] = [
    [['AUTH PLAIN LOGIN'], ['PLAIN', 'LOGIN']],
    [['AUTH=LOGIN'], ['LOGIN']],
    [
      ['AUTH=plain', 'AUTH scram-sha-256  PLAIN'],
      ['PLAIN', 'SCRAM-SHA-256'],
    ],
    [['AUTH'], []],
    [[`AUTH GO!D ${'A'.repeat(21)} OK_1`], ['OK_1']],
  ]
  for (const [lines, names] of logins) {
    test(`${lines.join(', ').slice(0, 50)} offers ${names.join(' ') || 'nothing'}`, () => {
      assert.deepEqual(new Extensions(lines).authMechanisms, names)
    })
  }

  const limits: [string, number | undefined, number][] = [
    ['LIMITS RCPTMAX=20 MAILMAX=5', 20, 20],
    ['LIMITS MAILMAX=5', undefined, budget.peerRecipients],
    ['limits rcptmax=1', 1, 1],
    ['LIMITS RCPTMAX=0', undefined, budget.peerRecipients],
    ['LIMITS RCPTMAX=1000000', undefined, budget.peerRecipients],
    ['LIMITS RCPTMAX=999999', 999_999, budget.transactionRecipients],
    ['LIMITS XRCPTMAX=7 RCPTMAX', undefined, budget.peerRecipients],
  ]
  for (const [line, limit, most] of limits) {
    test(`${line} means ${most} recipients`, () => {
      const extensions = new Extensions([line])
      assert.deepEqual([extensions.limit('RCPTMAX'), mostRecipients(extensions)], [limit, most])
    })
  }

  test('of two lines with one name the first counts', () => {
    assert.equal(new Extensions(['SIZE 10', 'SIZE 20']).sizeLimit, 10)
  })
})
