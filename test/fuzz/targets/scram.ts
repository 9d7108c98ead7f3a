// Any responses lead to a challenge, a lookup, or an end, and never to a throw. Nobody is let in whose proof does not fit the
// words that went over the wire, and after its end an exchange leads nowhere.
import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { startClient } from '../../../src/auth/client.ts'
import { type ScramOptions, startScram } from '../../../src/auth/scram.ts'
import { base64, lookUp, recordOf, text } from '../../auth/exchanges.ts'
import type { Target } from '../engine.ts'

const password = 'secret'
const salt = Buffer.alloc(16, 'salt')
const record = recordOf(password, salt)
const binding = Buffer.alloc(32, 'binding')
const circumstances: readonly ScramOptions[] = [
  { plus: false, binding: undefined, nonce: 'server' },
  { plus: false, binding, nonce: 'server' },
  { plus: true, binding, nonce: 'server' },
]

const hmac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest()
const clientKey = hmac(pbkdf2Sync(password, salt, 4096, 32, 'sha256'), 'Client Key')
const storedKey = createHash('sha256').update(clientKey).digest()

/** @returns the proof that alice would give */
function proofOf(first: string, serverFirst: string, final: string): string {
  const bare = first.replace(/^[^,]*,[^,]*,/, '')
  const signature = hmac(storedKey, `${bare},${serverFirst},${final.replace(/,p=[^,]*$/, '')}`)
  return base64(clientKey.map((octet, i) => octet ^ (signature[i] ?? 0)))
}

function find(user: string): string | undefined {
  return user === 'alice' ? record : undefined
}

function exchange(options: ScramOptions, lines: readonly (string | undefined)[]): string {
  const server = startScram(options)
  const heard: string[] = []
  const challenges: string[] = []
  for (const line of lines) {
    const step = lookUp(server.step(line), find)
    if (line !== undefined) heard.push(line)
    if (step.kind === 'challenge') {
      assert.match(step.challenge, /^[A-Za-z0-9+/]*={0,2}$/)
      if (step.challenge !== '') challenges.push(text(step.challenge))
      continue
    }
    assert.equal(lookUp(server.step(line), find).kind, 'refused')
    if (step.kind === 'refused') return step.reason
    assert.ok(step.kind !== 'lookup')
    if (step.kind === 'verified') {
      const [first = '', final = ''] = heard.map(text)
      assert.equal(step.user, 'alice')
      assert.ok(final.endsWith(`,p=${proofOf(first, challenges[0] ?? '', final)}`))
    }
    return step.kind
  }
  return `unfinished after ${challenges.length}`
}

/** What an honest client says, a line each. */
async function honest(options: ScramOptions, user: string): Promise<string> {
  const server = startScram(options)
  const mechanism = options.plus ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256'
  const bound = options.plus ? { binding: options.binding } : {}
  const client = startClient(mechanism, { user, password, ...bound }, 'client')
  const said: string[] = []
  let response = client.initial
  while (response !== undefined) {
    said.push(response)
    const step = lookUp(server.step(response), find)
    response = step.kind === 'challenge' ? await client.answer(step.challenge) : undefined
  }
  return said.join('\n')
}

export const scram: Target = {
  seeds: [
    ...(await Promise.all(circumstances.map(options => honest(options, 'alice')))),
    await honest({ plus: false, binding: undefined, nonce: 'server' }, 'nobody'),
    [base64('y,,n=alice,r=client'), base64('c=eSws,r=clientserver,p=AAAA'), ''].join('\n'),
    base64('n,a=bob,n=alice,r=x,m=y'),
  ],
  words: [
    ...['\n', '=', '*', 'A', 'AAAA', base64('n,,n=alice,r='), base64('client'), base64('p=tls-exporter,,'), '\xff'],
    ...[base64('c=biws,r=clientserver,'), base64(',p='), base64(',m=x'), base64('=2C'), base64('\0'), base64('ü')],
  ],
  most: 3000,
  check(octets) {
    const lines = octets.toString('latin1').split('\n')
    return circumstances.flatMap(options => [exchange(options, lines), exchange(options, [undefined, ...lines])])
  },
}
