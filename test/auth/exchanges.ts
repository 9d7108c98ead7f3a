/** What the tests of SCRAM share: records of passwords, and both sides at one table. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { ClientExchange } from '../../src/auth/client.ts'
import type { Exchange } from '../../src/auth/sasl.ts'
import type { ScramStep } from '../../src/auth/scram.ts'

export const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')
export const text = (coded: string) => Buffer.from(coded, 'base64').toString()

const unpadded = (octets: Uint8Array) => base64(octets).replace(/=+$/, '')
const sha256 = (octets: Buffer) => createHash('sha256').update(octets).digest()
const hmac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest()
const defaultSalt = Buffer.alloc(16, 'salt')

/** A record as accounts have it, with a verifier that is quick to make. @param password as OpaqueString leaves it */
export function recordOf(password: string, salt: Buffer = defaultSalt, iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keys = [salt, sha256(hmac(salted, 'Client Key')), hmac(salted, 'Server Key')].map(unpadded).join('$')
  return `$scrypt$ln=14,r=8,p=2$${unpadded(salt)}$${unpadded(Buffer.alloc(32))} $scram-sha-256$i=${iterations}$${keys}`
}

/** Answers lookups. @returns the first step that is none */
export function lookUp(step: ScramStep, find: (user: string) => string | undefined): ScramStep {
  return step.kind === 'lookup' ? step.found(find(step.user)) : step
}

/** @returns how it ended: the server's last step, or `cancelled` by the client */
export async function converse(
  client: ClientExchange,
  server: Exchange<ScramStep>,
  find: (user: string) => string | undefined,
): Promise<Exclude<ScramStep, { kind: 'challenge' | 'lookup' }> | { readonly kind: 'cancelled' }> {
  let response = client.initial
  for (;;) {
    const step = lookUp(server.step(response), find)
    if (step.kind === 'lookup') throw new Error('a lookup led to a lookup')
    if (step.kind !== 'challenge') return step
    response = await client.answer(step.challenge)
    if (response === undefined) return { kind: 'cancelled' }
  }
}
