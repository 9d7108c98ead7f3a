/** The certificate for TLS: the household's own, or a self-signed one that is made at the first start and kept. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { Failure } from '../base/failure.ts'
import { makePair, type PairPaths } from './selfsigned.ts'

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
export type Certificate = SecureContext & {
  /** The first one of the chain, for those who look at it; left out where TLS is only pretended. */
  readonly leaf?: X509Certificate
}

/** The names of the self-signed pair in the data directory. */
const kept = { certificate: 'cert.pem', key: 'key.pem' }

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
    const context = createSecureContext({
      cert,
      key,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    })
    return Object.assign(context, { leaf: new X509Certificate(cert) })
  } catch (error) {
    throw new Failure('TLS', `${paths.certificate} and ${paths.key} are not a certificate and its key in PEM form.`, {
      cause: error,
    })
  }
}

/** @returns where the self-signed pair lies in a data directory */
export function keptPaths(directory: string): PairPaths {
  return { certificate: join(directory, kept.certificate), key: join(directory, kept.key) }
}

/** @throws Failure TLS */
export async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('TLS', `${path} cannot be read.`, { cause: error })
  }
}

async function isKeptFor(paths: PairPaths, hostname: string): Promise<boolean> {
  try {
    const certificate = new X509Certificate(await readFile(paths.certificate))
    const key = createPrivateKey(await readFile(paths.key))
    return certificate.checkHost(hostname) !== undefined && certificate.checkPrivateKey(key)
  } catch {
    // Missing, unreadable, or only one of them replaced before the power went: a new pair takes its place.
    return false
  }
}
