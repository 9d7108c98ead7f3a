/** The keys that outgoing mail is signed with: two for each domain, files in the data directory, made when first asked for. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Failure } from '../base/failure.ts'
import { domainName } from '../base/name.ts'
import type { DkimAlgorithm } from '../message/dkim.ts'
import { idText, takeId } from './id.ts'

/** A key as signing and its DNS record need it. */
export type Key = {
  readonly algorithm: DkimAlgorithm
  /** The record with the public key is that of `<selector>._domainkey.<domain>`. */
  readonly selector: string
  readonly privateKey: KeyObject
}

export type DomainKeys = { readonly rsa: Key; readonly ed25519: Key }

type Kind = keyof DomainKeys

/**
 * The selectors say whose records they are, to a household that finds them in its zone beside those of its provider
 * (`mail`, `default`, `s1`), and which of the two. They stay the same, since a record is published by hand.
 */
const kinds = {
  rsa: { algorithm: 'rsa-sha256', selector: 'porchlight-rsa', file: 'rsa.pem', name: 'RSA' },
  ed25519: { algorithm: 'ed25519-sha256', selector: 'porchlight-ed25519', file: 'ed25519.pem', name: 'Ed25519' },
} as const

/** Bits of an RSA key: what is made, and what of the household's own is taken. RFC 8301 §3.2. */
const rsaBits = { made: 2048, least: 1024, most: 4096 }
/** Octets of one string in a TXT record: RFC 1035 §3.3. */
const txtString = 255

const generate = promisify(generateKeyPair)

export class Keyring {
  readonly #directory: string
  /** By domain; as many as the household signs for. */
  readonly #keys = new Map<string, Promise<DomainKeys>>()

  /** @param directory is made when the first key is; each domain has its own folder there */
  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Reads the keys of a domain, making those that are missing; a small board takes seconds for that, on another thread.
   * A file that is no key stays as it is, and is read anew each time it is asked for.
   * @param domain one of the household's, in A-label form: whatever is asked for is made
   * @throws Failure KEY with words about which file
   */
  keys(domain: string): Promise<DomainKeys> {
    const known = this.#keys.get(domain)
    if (known) return known
    const keys = this.#open(domain)
    this.#keys.set(domain, keys)
    keys.catch(() => this.#keys.delete(domain))
    return keys
  }

  async #open(domain: string): Promise<DomainKeys> {
    // It becomes the name of a folder.
    if (domainName(domain) !== domain) throw new Failure('KEY', `${JSON.stringify(domain)} is no domain to sign for.`)
    const folder = join(this.#directory, domain)
    // One after the other, so that nothing is written any more when a failure is told.
    const rsa = await openKey(folder, 'rsa')
    return { rsa, ed25519: await openKey(folder, 'ed25519') }
  }
}

/** @returns the value of the TXT record with the public key: RFC 6376 §3.6.1, RFC 8463 §4 */
export function dnsRecord({ algorithm, privateKey }: Key): string {
  const publicKey = createPublicKey(privateKey)
  if (algorithm === 'rsa-sha256') {
    return `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
  }
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return `v=DKIM1; k=ed25519; p=${Buffer.from(x, 'base64url').toString('base64')}`
}

/** Writes the value of a TXT record as a zone file has it: strings in quotes, each of 255 octets at most (RFC 1035 §5.1). */
export function quotedStrings(value: string): string {
  const octets = Buffer.from(value)
  const strings: string[] = []
  for (let at = 0; at < octets.length; at += txtString) {
    const text = octets.toString('latin1', at, at + txtString)
    strings.push(`"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[^ -~]/g, decimal)}"`)
  }
  return strings.join(' ')
}

async function openKey(folder: string, kind: Kind): Promise<Key> {
  const { algorithm, selector, file, name } = kinds[kind]
  const path = join(folder, file)
  const pem = (await readPem(path)) ?? (await makePem(folder, kind))
  const privateKey = parseKey(pem)
  if (!privateKey || !isOf(kind, privateKey)) {
    const advice =
      'Put a copy of it back; or delete it to have a new one made, whose DNS record has to be published then.'
    throw new Failure('KEY', `${path} is no private key for ${name} in PEM form. ${advice}`)
  }
  return { algorithm, selector, privateKey }
}

/** @returns undefined when there is no such file */
async function readPem(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw new Failure('KEY', `${path} cannot be read.`, { cause: error })
  }
}

/** Makes a key and its file, unless another process makes that at the same time. @returns what the file holds */
async function makePem(folder: string, kind: Kind): Promise<string> {
  const path = join(folder, kinds[kind].file)
  const { privateKey } = await (kind === 'rsa' ? generate('rsa', { modulusLength: rsaBits.made }) : generate('ed25519'))
  const made = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  try {
    await writeOnce(folder, path, made)
  } catch (error) {
    throw new Failure('KEY', `${path} cannot be written.`, { cause: error })
  }
  return (await readPem(path)) ?? made
}

/** Writes a file whole or not at all, and never over one that is there: mail may be signed with that already. */
async function writeOnce(folder: string, path: string, text: string): Promise<void> {
  const draft = `${path}.${idText(takeId())}`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
    await link(draft, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  for (const directory of [folder, join(folder, '..'), join(folder, '../..')]) await syncDirectory(directory)
}

/** Makes the names in it durable, so that a power cut does not take a key whose record is published. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r')
  await directory.sync()
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined // What is wrong with it is told to a person by what it should be.
  }
}

function isOf(kind: Kind, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== kind) return false
  const bits = asymmetricKeyDetails?.modulusLength ?? rsaBits.least
  return bits >= rsaBits.least && bits <= rsaBits.most
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function decimal(octet: string): string {
  return `\\${octet.charCodeAt(0).toString().padStart(3, '0')}`
}
