/** What this host shows of itself by TLS: the certificate for people to look at, and how it stays good. */
import { X509Certificate } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { Failure } from '../base/failure.ts'
import { type CertificateOptions, keptPaths, readPem } from './certificate.ts'
import { renewPair } from './selfsigned.ts'

/** The certificate with what is needed to change it. */
export type Identity = {
  readonly options: CertificateOptions
  /** What is shown to programs now; undefined where no server runs. */
  readonly inUse: X509Certificate | undefined
  /** Milliseconds since the epoch. */
  now(): number
  /** Reads the files again: from then on, what is in them is shown. @throws Failure TLS, and then nothing has changed */
  reload(): Promise<void>
}

/** A certificate for people. */
export type Shown = {
  /** Names and addresses it is made for. */
  readonly names: readonly string[]
  /** Who vouches for it. */
  readonly issuer: string
  /** Nobody vouches for it but itself. */
  readonly selfSigned: boolean
  /** ms since the epoch */
  readonly validFrom: number
  readonly validTo: number
  /** SHA-256, as programs show it: `AB:CD:…`. */
  readonly fingerprint: string
  /** Whether it is good for the name of this host. */
  readonly fits: boolean
}

/** Milliseconds before its end that the self-made one is renewed: 30 days. */
const renewalMs = 30 * 86_400_000

/** Whether this host has made its certificate itself. */
export function isSelfMade({ certificate }: CertificateOptions): boolean {
  return certificate === ''
}

/** Where the certificate lies. */
export function certificatePath(options: CertificateOptions): string {
  return isSelfMade(options) ? keptPaths(options.directory).certificate : options.certificate
}

/** The certificate as it is on the disk. @throws Failure TLS */
export async function certificateOnDisk(options: CertificateOptions): Promise<X509Certificate> {
  const path = certificatePath(options)
  const pem = await readPem(path)
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new Failure('TLS', `${path} is no certificate in PEM form.`, { cause: error })
  }
}

/** @param hostname of this host */
export function shown(certificate: X509Certificate, hostname: string): Shown {
  const { subjectAltName = '', issuer, validFromDate, validToDate, fingerprint256 } = certificate
  const names = subjectAltName.split(', ').map(name => shortName(name.slice(name.indexOf(':') + 1)))
  return {
    names: names.filter(name => name !== ''),
    issuer: /^CN=(.*)$/m.exec(issuer)?.[1] ?? /^O=(.*)$/m.exec(issuer)?.[1] ?? issuer,
    selfSigned: certificate.checkIssued(certificate),
    validFrom: validFromDate.getTime(),
    validTo: validToDate.getTime(),
    fingerprint: fingerprint256,
    fits: certificate.checkHost(hostname) !== undefined,
  }
}

/** An IPv6 address as people write it: a certificate spells out its zeros. */
function shortName(name: string): string {
  return isIPv6(name) ? (URL.parse(`http://[${name}]/`)?.hostname.slice(1, -1) ?? name) : name
}

/** Makes the self-made certificate anew and shows it from then on. @throws Failure TLS */
export async function renew({ options, now, reload }: Identity): Promise<void> {
  await renewPair(keptPaths(options.directory), options.hostname, now())
  await reload()
}

/**
 * For every night. The self-made certificate is renewed 30 days before its end; files of the household's own are read again
 * when another certificate is in them.
 * @throws Failure TLS, and then what was shown is shown still
 */
export async function renewIfDue(identity: Identity): Promise<'current' | 'renewed' | 'read again'> {
  const { options, inUse, now, reload } = identity
  const kept = await certificateOnDisk(options)
  if (isSelfMade(options) && kept.validToDate.getTime() - now() < renewalMs) {
    await renew(identity)
    return 'renewed'
  }
  if (inUse === undefined || kept.fingerprint256 === inUse.fingerprint256) return 'current'
  await reload()
  return 'read again'
}
