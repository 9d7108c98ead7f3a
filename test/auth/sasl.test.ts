/** PLAIN and LOGIN, step by step. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Step, startSasl } from '../../src/auth/sasl.ts'
import { budget } from '../../src/base/budget.ts'

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')
const malformed: Step = { kind: 'refused', reason: 'malformed response' }
const alice: Step = { kind: 'credentials', user: 'alice', password: 'open sesame' }
const asks = (text: string): Step => ({ kind: 'challenge', challenge: base64(text) })
const longest = 'x'.repeat(budget.password)

type Case = { name: string; mechanism: 'PLAIN' | 'LOGIN'; responses: readonly (string | undefined)[]; last: Step }

const cases: readonly Case[] = [
  { name: 'PLAIN at once', mechanism: 'PLAIN', responses: [base64('\0alice\0open sesame')], last: alice },
  { name: 'PLAIN asks with nothing', mechanism: 'PLAIN', responses: [undefined], last: asks('') },
  { name: 'PLAIN when asked', mechanism: 'PLAIN', responses: [undefined, base64('\0alice\0open sesame')], last: alice },
  { name: 'PLAIN as oneself', mechanism: 'PLAIN', responses: [base64('alice\0alice\0open sesame')], last: alice },
  {
    name: 'PLAIN for somebody else',
    mechanism: 'PLAIN',
    responses: [base64('bob\0alice\0open sesame')],
    last: { kind: 'refused', reason: 'no acting for another user' },
  },
  {
    name: 'PLAIN with parts of the greatest length',
    mechanism: 'PLAIN',
    responses: [base64(`${longest}\0${longest}\0${longest}`)],
    last: { kind: 'credentials', user: longest, password: longest },
  },
  {
    name: 'PLAIN in UTF-8',
    mechanism: 'PLAIN',
    responses: [base64('\0zoë\0пароль')],
    last: { kind: 'credentials', user: 'zoë', password: 'пароль' },
  },
  { name: 'LOGIN asks for the name', mechanism: 'LOGIN', responses: [undefined], last: asks('Username:') },
  {
    name: 'LOGIN asks for the password',
    mechanism: 'LOGIN',
    responses: [undefined, base64('a')],
    last: asks('Password:'),
  },
  { name: 'LOGIN with a name at once', mechanism: 'LOGIN', responses: [base64('a')], last: asks('Password:') },
  { name: 'LOGIN', mechanism: 'LOGIN', responses: [undefined, base64('alice'), base64('open sesame')], last: alice },
  { name: 'LOGIN in two', mechanism: 'LOGIN', responses: [base64('alice'), base64('open sesame')], last: alice },
  { name: 'LOGIN with an empty password', mechanism: 'LOGIN', responses: [base64('alice'), ''], last: malformed },
  {
    name: 'LOGIN with NUL in the password',
    mechanism: 'LOGIN',
    responses: [base64('a'), base64('a\0')],
    last: malformed,
  },
  ...[
    { name: 'nothing', response: '' },
    { name: 'no NUL', response: base64('alice') },
    { name: 'one NUL', response: base64('alice\0open sesame') },
    { name: 'three NULs', response: base64('\0alice\0open\0sesame') },
    { name: 'no name', response: base64('\0\0open sesame') },
    { name: 'no password', response: base64('\0alice\0') },
    { name: 'more than the bound', response: base64(`${longest}\0${longest}\0${longest}y`) },
    { name: 'octets that are not UTF-8', response: base64(Buffer.from('\0alice\0\xff', 'latin1')) },
    { name: 'a character outside base64', response: `${base64('\0alice\0open sesame').slice(0, -1)}!` },
    { name: 'the alphabet for URLs', response: base64('\0alice\0~~~???').replace(/\+/g, '-').replace(/\//g, '_') },
    { name: 'missing padding', response: base64('\0alice\0pwd').replace(/=+$/, '') },
    { name: 'a space inside', response: ` ${base64('\0alice\0open sesame')}` },
    { name: 'unused bits that are not zero', response: `${base64('\0alice\0open').slice(0, -2)}5=` },
  ].map(
    ({ name, response }): Case => ({
      name: `PLAIN with ${name}`,
      mechanism: 'PLAIN',
      responses: [response],
      last: malformed,
    }),
  ),
]

describe('a SASL exchange', () => {
  for (const { name, mechanism, responses, last } of cases) {
    test(name, () => {
      const exchange = startSasl(mechanism)
      assert.deepEqual(responses.map(response => exchange.step(response)).at(-1), last)
    })
  }

  test('any text is a step and never a throw', () => {
    const line = fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' }).map(base64))
    fc.assert(
      fc.property(fc.constantFrom('PLAIN', 'LOGIN'), fc.array(line, { maxLength: 3 }), (mechanism, lines) => {
        const exchange = startSasl(mechanism)
        for (const response of lines)
          assert.ok(['challenge', 'credentials', 'refused'].includes(exchange.step(response).kind))
      }),
    )
  })
})
