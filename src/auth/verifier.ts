/**
 * What is kept of a password for SCRAM-SHA-256 (RFC 5802 §3, RFC 7677): `$scram-sha-256$i=100000$salt$StoredKey$ServerKey`,
 * unpadded base64. The server needs no more to check a client's proof and to give its own; it is not enough to log in with.
 */
import { randomBytes } from 'node:crypto'
import { foldName } from '../base/name.ts'
import { unpadded } from './base64.ts'
import { clientKeyOf, hmac, keyOctets, saltedPassword, serverKeyOf, sha256 } from './keys.ts'

export type Verifier = {
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/**
 * PBKDF2 iterations of a new verifier; RFC 7677 §4 asks for 4,096 at least. The server computes them once for each new
 * password, but a client at each login, every few minutes: 20 to 100 ms on a desktop or a phone, up to a second on the
 * smallest board, which is as much as it should have to spend. A verifier is easier to guess at than the scrypt hash beside it;
 * but whoever reads either holds the household's own card, with all its mail, and against the 80 bits of a password that we
 * made (`generatePassword`) guessing leads nowhere.
 */
export const presentIterations = 100_000
const saltOctets = 16

/** @param password prepared (`opaqueString`) */
export async function makeVerifier(password: string): Promise<Verifier> {
  const salt = randomBytes(saltOctets)
  const salted = await saltedPassword(password, salt, presentIterations)
  return {
    iterations: presentIterations,
    salt,
    storedKey: sha256(clientKeyOf(salted)),
    serverKey: serverKeyOf(salted),
  }
}

/** Made anew by each process, so that nobody outside can tell a decoy. */
const decoyKey = randomBytes(keyOctets)

/**
 * Stands in where there is no verifier; no password fits it. A name has the same one until the server is started again, as an
 * account would: the salt, which the client is told, does not say who lives here.
 */
export function decoyVerifier(user: string): Verifier {
  const of = (part: string) => hmac(decoyKey, `${part} ${foldName(user)}`)
  return {
    iterations: presentIterations,
    salt: of('salt').subarray(0, saltOctets),
    storedKey: of('StoredKey'),
    serverKey: of('ServerKey'),
  }
}

export function formatVerifier({ iterations, salt, storedKey, serverKey }: Verifier): string {
  return `$scram-sha-256$i=${iterations}$${unpadded(salt)}$${unpadded(storedKey)}$${unpadded(serverKey)}`
}

const form = /^\$scram-sha-256\$i=([1-9]\d{0,6})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})\$([A-Za-z0-9+/]{43})$/

/** Undefined when it is damaged. */
export function parseVerifier(text: string): Verifier | undefined {
  const [whole, iterations, ...fields] = form.exec(text) ?? []
  const [salt, storedKey, serverKey] = fields.map(field => Buffer.from(field, 'base64'))
  if (whole === undefined || !salt || !storedKey || !serverKey) return undefined
  return { iterations: Number(iterations), salt, storedKey, serverKey }
}
