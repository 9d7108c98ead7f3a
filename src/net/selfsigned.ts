/** Makes the self-signed certificate of a household that has no other. */
import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { Failure } from '../base/failure.ts'

export type PairPaths = { readonly certificate: string; readonly key: string }

type Pair = webcrypto.CryptoKeyPair

/**
 * Long, because each new one makes every client of the household ask again; and from a fixed day in the past, because a
 * board without a clock starts in 1970 or at its last known time.
 */
const notBefore = new Date('2024-01-01T00:00:00Z')
const leastEnd = Date.parse('2044-01-01T00:00:00Z')
/** Milliseconds that a renewed one lasts at least: ten years. */
const renewedMs = 3650 * 86_400_000

const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const serverAuthentication = '1.3.6.1.5.5.7.3.1'

/**
 * Makes a pair. The key is written first, each file whole or not at all.
 * @param now ms since the epoch; without it the pair is good until 2044
 * @throws Failure TLS
 */
export async function makePair(paths: PairPaths, hostname: string, now = 0): Promise<void> {
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const certificate = await certify(keys, hostname, now)
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' })
  await writeWhole(paths.key, String(key))
  await writeWhole(paths.certificate, certificate)
}

/**
 * Makes the certificate anew. The key stays, so that a program that has been told to trust it goes on without asking, where it
 * looks at the key; one that looks at the certificate asks once more. Without a key that can be used, both are made anew.
 * @param now ms since the epoch
 * @throws Failure TLS
 */
export async function renewPair(paths: PairPaths, hostname: string, now: number): Promise<void> {
  const keys = await keptKeys(paths.key)
  if (!keys) return makePair(paths, hostname, now)
  await writeWhole(paths.certificate, await certify(keys, hostname, now))
}

async function keptKeys(path: string): Promise<Pair | undefined> {
  try {
    const key = createPrivateKey(await readFile(path))
    const pkcs8 = key.export({ format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
    return {
      privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, signingAlgorithm, true, ['sign']),
      publicKey: await crypto.subtle.importKey('spki', spki, signingAlgorithm, true, ['verify']),
    }
  } catch {
    return undefined
  }
}

/** @returns a certificate in PEM form, of a serial number of its own */
async function certify(keys: Pair, hostname: string, now: number): Promise<string> {
  // Rarely needed, and large: loaded only here.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [hostname] }],
    notBefore,
    notAfter: new Date(Math.max(leastEnd, now + renewedMs)),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([serverAuthentication]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: hostname },
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.new`, text, { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  } catch (error) {
    throw new Failure('TLS', `${path} cannot be written.`, { cause: error })
  }
}
