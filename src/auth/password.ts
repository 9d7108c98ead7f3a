/**
 * Passwords: scrypt (RFC 7914) with a salt for each, in the PHC form `$scrypt$ln=14,r=8,p=2$salt$hash`, a space, and the
 * verifier for SCRAM (`verifier.ts`), both computed off the event loop. Records from before SCRAM end after the hash.
 *
 * RFC 5802 asks for SASLprep; here its successor OpaqueString (RFC 8265) prepares passwords, for every mechanism alike. They
 * agree on all of ASCII, and on all that has no compatibility form: full-width letters, say, which only SASLprep replaces.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { Gate } from '../base/gate.ts'
import { unpadded } from './base64.ts'
import { opaqueString } from './opaque.ts'
import { formatVerifier, makeVerifier, parseVerifier, presentIterations, type Verifier } from './verifier.ts'

/** N = 2^ln, block size r, parallelisation p: RFC 7914 §2. */
type Cost = { readonly ln: number; readonly r: number; readonly p: number }
type Stored = {
  readonly cost: Cost
  readonly salt: Buffer
  readonly hash: Buffer
  /** Undefined in a record from before SCRAM. */
  readonly verifier: Verifier | undefined
}

/**
 * 16 MiB and about 50 ms on a desktop core, half a second on the smallest board: mail clients log in every few minutes, so
 * more would keep such a board busy. A stored password with other values is hashed again at the next login.
 */
const present: Cost = { ln: 14, r: 8, p: 2 }
/** The most a stored record may ask for: 32 MiB, about a second. Beyond it the record is damaged. */
const most: Cost = { ln: 15, r: 8, p: 16 }
/** Octets one hash may use: what `most` needs, 128 r (N + p), and a little more. */
const maxmem = 64 * 1024 * 1024
const saltOctets = 16
const hashOctets = 32
const shortest = 8

const gate = new Gate(budget.hashing, budget.hashingQueue)

/** Stands in for an account that does not exist, so that the answer takes as long. No password fits it. */
const absent: Stored = {
  cost: present,
  salt: randomBytes(saltOctets),
  hash: randomBytes(hashOctets),
  verifier: undefined,
}

/** @returns what to keep; throws Failure('REFUSED') when the password cannot be kept or too many wait */
export async function hashPassword(password: string): Promise<string> {
  const prepared = prepare(password)
  if (prepared === undefined) throw new Failure('REFUSED', 'this password cannot be used')
  const record = await gate.run(async () => `${await hashed(prepared)} ${formatVerifier(await makeVerifier(prepared))}`)
  if (record === undefined) throw new Failure('REFUSED', 'too many logins are being checked, try again')
  return record
}

/** `outdated` is valid too: hash it again and keep that. `busy`: not checked, too many wait. */
export type Verdict = 'valid' | 'outdated' | 'wrong' | 'busy'

/** @param stored what `hashPassword` gave, or undefined when there is no such account: that takes as long as a wrong one */
export async function verifyPassword(password: string, stored: string | undefined): Promise<Verdict> {
  const prepared = prepare(password)
  if (prepared === undefined) return 'wrong' // whoever the account is, so this tells nothing of it
  const record = stored === undefined ? undefined : parse(stored)
  const { cost, salt, hash } = record ?? absent
  const key = await gate.run(() => derive(prepared, salt, cost))
  if (key === undefined) return 'busy'
  if (!timingSafeEqual(key, hash) || record === undefined) return 'wrong'
  const timely = cost.ln === present.ln && cost.r === present.r && cost.p === present.p
  return timely && record.verifier?.iterations === presentIterations ? 'valid' : 'outdated'
}

/** @param stored what `hashPassword` gave @returns its verifier for SCRAM; undefined in a damaged or an older record */
export function verifierOf(stored: string): Verifier | undefined {
  return parse(stored)?.verifier
}

/** @returns what is wrong with a new password, as a sentence; undefined when nothing is */
export function passwordProblem(password: string): string | undefined {
  if ([...password].length < shortest) return `A password has at least ${shortest} characters.`
  if (Buffer.byteLength(password) > budget.password) return `A password has at most ${budget.password} octets.`
  if (prepare(password) === undefined) return 'A password holds no control characters and none that cannot be seen.'
  return undefined
}

/** Lower-case letters and digits without l, o, 0 and 1: 32 of them, so each octet's low five bits choose one evenly. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'

/** @returns four groups of four, as `k7fq-2mzd-w9xe-hc4t`: 80 bits that can be read aloud */
export function generatePassword(): string {
  const characters = Array.from(randomBytes(16), octet => alphabet[octet & 31])
  return [0, 4, 8, 12].map(from => characters.slice(from, from + 4).join('')).join('-')
}

/** The password as it is hashed; undefined when it is too long to be hashed at all, or not fit to be one. */
function prepare(password: string): string | undefined {
  return Buffer.byteLength(password) > budget.password ? undefined : opaqueString(password)
}

async function hashed(password: string): Promise<string> {
  const salt = randomBytes(saltOctets)
  const hash = await derive(password, salt, present)
  const { ln, r, p } = present
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`
}

function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashOctets, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

/** Reads a stored record; undefined when it is damaged or asks for too much. */
function parse(stored: string): Stored | undefined {
  const [scrypt = '', scram, ...more] = stored.split(' ')
  const [whole, ln, r, p, salt = '', hash = ''] = form.exec(scrypt) ?? []
  const verifier = scram === undefined ? undefined : parseVerifier(scram)
  if (whole === undefined || more.length > 0 || (scram !== undefined && verifier === undefined)) return undefined
  const cost: Cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  const sane = (['ln', 'r', 'p'] as const).every(name => cost[name] >= 1 && cost[name] <= most[name])
  return sane ? { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64'), verifier } : undefined
}
