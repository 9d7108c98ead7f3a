// Whatever stands in a password record, checking a password against it gives a verdict, in the time of the costliest record
// that is allowed; and no verdict but "wrong" unless the record ends in the hash that fits.
import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { verifyPassword } from '../../../src/auth/password.ts'
import type { Target } from '../engine.ts'

const secret = 'correct horse'
const salt = Buffer.alloc(16, 'salt')
const unpadded = (octets: Buffer) => octets.toString('base64').replaceAll('=', '')
/** The cheapest there is. A record that is damaged costs a whole hash all the same, so these inputs are few. */
const hash = scryptSync(secret, salt, 32, { N: 2, r: 1, p: 1 })
const record = `$scrypt$ln=1,r=1,p=1$${unpadded(salt)}$${unpadded(hash)}`

export const password: Target = {
  seeds: [record, `${record.slice(0, -1)}A`, ...['ln', 'r', 'p'].map(name => record.replace(`${name}=1`, `${name}=0`))],
  words: [
    ...['$', '$scrypt$', 'ln=', '1', '15', '16', '99', '0', 'r=', 'p=', ',', '=', 'A', '\n', 'ü', '-1', '01'],
    ...[unpadded(salt), unpadded(hash)],
  ],
  most: 300,
  slowMs: 10_000,
  async check(input) {
    const stored = input.toString()
    const verdict = await verifyPassword(secret, stored)
    const [last = ''] = /[^$]*$/.exec(stored) ?? []
    if (verdict !== 'wrong') assert.deepEqual(Buffer.from(last, 'base64'), hash)
    return [`${verdict} ${stored.replaceAll(/[A-Za-z0-9+/]{10,}/g, 'x')}`.slice(0, 40)]
  },
}
