/** The keys of SCRAM-SHA-256 and how they come from a password: RFC 5802 §3, with the hash of RFC 7677. */
import { createHash, createHmac, pbkdf2 } from 'node:crypto'

/** Octets of every key, signature and proof: SHA-256. */
export const keyOctets = 32

/** Computed off the event loop. @param password prepared (`opaqueString`) */
export function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, keyOctets, 'sha256', (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

export function clientKeyOf(salted: Buffer): Buffer {
  return hmac(salted, 'Client Key')
}

export function serverKeyOf(salted: Buffer): Buffer {
  return hmac(salted, 'Server Key')
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

export function sha256(octets: Buffer): Buffer {
  return createHash('sha256').update(octets).digest()
}

/** Turns a key and a signature into a proof, and back. Both have the same length. */
export function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((octet, i) => octet ^ (b[i] ?? 0)))
}
