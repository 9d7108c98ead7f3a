// Any responses lead to a challenge, to credentials or to a refusal, and never to a throw; credentials are what the octets
// say and nothing else: encoded again they are the response.
import assert from 'node:assert/strict'
import { startSasl } from '../../../src/auth/sasl.ts'
import { budget } from '../../../src/base/budget.ts'
import type { Target } from '../engine.ts'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** The responses by which these credentials can have come. */
const forms = {
  PLAIN: (user: string, password: string) => ['', user].map(other => [base64(`${other}\0${user}\0${password}`)]),
  LOGIN: (user: string, password: string) => [[base64(user), base64(password)]],
} as const

function exchange(mechanism: keyof typeof forms, lines: readonly (string | undefined)[]): string {
  const exchange = startSasl(mechanism)
  const said: string[] = []
  for (const line of lines) {
    if (line !== undefined) said.push(line)
    const step = exchange.step(line)
    if (step.kind === 'refused') return step.reason
    if (step.kind === 'challenge') {
      assert.match(step.challenge, /^[A-Za-z0-9+/]*={0,2}$/)
      continue
    }
    const { user, password } = step
    assert.ok(user !== '' && password !== '' && !`${user}${password}`.includes('\0'))
    assert.ok(Buffer.byteLength(user + password) <= 2 * (3 * budget.password + 2))
    assert.ok(forms[mechanism](user, password).some(form => form.join() === said.join()))
    return `credentials after ${said.length}`
  }
  return 'unfinished'
}

export const sasl: Target = {
  seeds: [
    base64('\0alice\0secret'),
    base64('alice\0alice\0secret'),
    `${base64('alice')}\n${base64('zö secret')}`,
    '=',
    '',
    '\n*',
  ],
  words: [
    ...['=', '==', 'A', 'AA', 'AAAA', 'AGFs', '\n', '*', ' ', '-', '_', '/', '+', '\0', 'ü', '\r'],
    ...[base64('\0'), base64('alice'), base64('secret'), base64('\0a\0'), base64('ü'), base64('x'.repeat(255))],
  ],
  most: 3000,
  check(octets) {
    const lines = octets.toString('latin1').split('\n')
    const mechanisms = ['PLAIN', 'LOGIN'] as const
    return mechanisms.flatMap(mechanism => [exchange(mechanism, lines), exchange(mechanism, [undefined, ...lines])])
  },
}
