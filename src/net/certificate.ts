/** The certificate for TLS: the household's own, or a self-signed one that is made at the first start and kept. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { Failure } from '../base/failure.ts'

export type CertificateOptions = {
  /** Paths of PEM files; both empty for a self-signed pair. */
  readonly certificate: string
  readonly key: string
  /** Where the self-signed pair is kept. */
  readonly directory: string
  /** Names the self-signed certificate is made for, the first being this host's. */
  readonly hostname: string
}

/** A certificate with its key, ready for use. */
export type Certificate = SecureContext

/** The names of the self-signed pair in the data directory. */
const kept = { certificate: 'cert.pem', key: 'key.pem' }

/**
 * Long, because each new one makes every client of the household ask again; and from a fixed day in the past, because a
 * board without a clock starts in 1970 or at its last known time.
 */
const notBefore = new Date('2024-01-01T00:00:00Z')
const notAfter = new Date('2044-01-01T00:00:00Z')

/**
 * Loads the certificate and its key, making them first where none are configured.
 * @throws Failure TLS with words about what is wrong with which file
 */
export async function loadCertificate(options: CertificateOptions): Promise<Certificate> {
  const own = options.certificate !== ''
  const paths = own ? options : keptPaths(options.directory)
  if (!own && !(await isKeptFor(paths, options.hostname))) await makePair(paths, options.hostname)
  const [cert, key] = await Promise.all([readPem(paths.certificate), readPem(paths.key)])
  try {
    return createSecureContext({
      cert,
      key,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    })
  } catch (error) {
    throw new Failure('TLS', `${paths.certificate} and ${paths.key} are not a certificate and its key in PEM form.`, {
      cause: error,
    })
  }
}

/** @returns where the self-signed pair lies in a data directory */
export function keptPaths(directory: string): { certificate: string; key: string } {
  return { certificate: join(directory, kept.certificate), key: join(directory, kept.key) }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('TLS', `${path} cannot be read.`, { cause: error })
  }
}

async function isKeptFor(paths: { certificate: string; key: string }, hostname: string): Promise<boolean> {
  try {
    const certificate = new X509Certificate(await readFile(paths.certificate))
    const key = createPrivateKey(await readFile(paths.key))
    return certificate.checkHost(hostname) !== undefined && certificate.checkPrivateKey(key)
  } catch {
    // Missing, unreadable, or only one of them replaced before the power went: a new pair takes its place.
    return false
  }
}

/** Makes a self-signed pair. The key is written first, each file whole or not at all. */
async function makePair(paths: { certificate: string; key: string }, hostname: string): Promise<void> {
  // Rarely needed, and large: loaded only here.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const serverAuthentication = '1.3.6.1.5.5.7.3.1'
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [hostname] }],
    notBefore,
    notAfter,
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
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  await writeWhole(paths.key, `${key}\n`)
  await writeWhole(paths.certificate, `${certificate.toString('pem')}\n`)
}

async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.new`, text, { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  } catch (error) {
    throw new Failure('TLS', `${path} cannot be written.`, { cause: error })
  }
}
