/** Which mechanisms there are, and how each begins. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startClient } from '../../src/auth/client.ts'
import { mechanisms, mechanismsFor, startExchange } from '../../src/auth/mechanisms.ts'

const binding = Buffer.alloc(32, 'channel')

test('mechanisms are offered in the order of their strength', () => {
  assert.deepEqual(mechanismsFor({ binding: true }), ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
  assert.deepEqual(mechanismsFor({ binding: false }), ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
})

describe('an exchange begins', () => {
  const kinds = { 'SCRAM-SHA-256-PLUS': 'lookup', 'SCRAM-SHA-256': 'lookup', PLAIN: 'credentials', LOGIN: 'challenge' }
  for (const mechanism of mechanisms) {
    test(`by ${mechanism}`, () => {
      const plus = mechanism === 'SCRAM-SHA-256-PLUS'
      const credentials = { user: 'alice', password: 'open sesame' }
      const { initial } = startClient(mechanism, plus ? { ...credentials, binding } : credentials)
      assert.equal(startExchange(mechanism, binding).step(initial).kind, kinds[mechanism])
    })
  }

  test('with the binding of the connection, whatever the mechanism', () => {
    const { initial } = startClient('SCRAM-SHA-256', { user: 'alice', password: 'open sesame', binding })
    assert.equal(startExchange('SCRAM-SHA-256', binding).step(initial).kind, 'refused')
    assert.equal(startExchange('SCRAM-SHA-256', undefined).step(initial).kind, 'lookup')
  })
})
