/** DANE: what a domain says of its hosts' certificates in the signed DNS. RFC 6698, 7671, and 7672 for SMTP. */
import { createHash, X509Certificate } from 'node:crypto'
import { budget } from '../base/budget.ts'
import type { Names, RecordOf } from './record.ts'

/** A certificate as a peer showed it. The chain begins with the peer's own; each next one issued the one before. */
export type ShownCertificate = {
  /** The certificate in DER. */
  readonly raw: Buffer
  /** Its SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer
}

export type Tlsa =
  /** Nothing signed is there: DANE says nothing about this host. */
  | { readonly kind: 'none' }
  /** Records are there and none can be used: TLS is a must, whosever certificate it is (RFC 7672 §2.2). */
  | { readonly kind: 'unusable' }
  /** TLS is a must, with a certificate that one of them matches. */
  | { readonly kind: 'usable'; readonly records: readonly RecordOf<'TLSA'>[] }

const usage = { trustAnchor: 2, endEntity: 3 } as const
const matching = { exact: 0, sha256: 1, sha512: 2 } as const
/** Octets that the association has, and the name of the digest. */
const digests: ReadonlyMap<number, readonly [name: string, octets: number]> = new Map([
  [matching.sha256, ['sha256', 32]],
  [matching.sha512, ['sha512', 64]],
])

/**
 * Looks up the TLSA records of a host. To be asked only where the host's MX and address records are secure (RFC 7672 §2.2).
 * @throws Failure NETWORK or DNS, as `Resolver.query`; mail must then wait, for that may be somebody who hides the records
 */
export async function tlsaRecords(names: Names, host: string, port: number): Promise<Tlsa> {
  const { status, records, secure } = await names.query(`_${port}._tcp.${host}`, 'TLSA')
  if (status !== 'found' || !secure) return { kind: 'none' }
  const usable = strongest(records.filter(isUsable))
  return usable.length > 0 ? { kind: 'usable', records: usable } : { kind: 'unusable' }
}

/** Usages 0 and 1 mean public authorities, on which SMTP does not agree: RFC 7672 §3.1.3. */
function isUsable({ usage: use, selector, matchingType, association }: RecordOf<'TLSA'>): boolean {
  if (use !== usage.trustAnchor && use !== usage.endEntity) return false
  if (selector > 1) return false
  if (matchingType === matching.exact) return association.length > 0
  return digests.get(matchingType)?.[1] === association.length
}

/** Where a usage and selector has SHA-512, its SHA-256 does not count: RFC 7671 §9. */
function strongest(records: readonly RecordOf<'TLSA'>[]): readonly RecordOf<'TLSA'>[] {
  return records.filter(
    ({ usage, selector, matchingType }) =>
      matchingType !== matching.sha256 ||
      !records.some(
        other => other.usage === usage && other.selector === selector && other.matchingType === matching.sha512,
      ),
  )
}

/**
 * Compares what a peer showed with the records. Signatures are checked here, since a stranger can show a trust anchor's
 * certificate beside its own.
 * @param shown as the peer showed it, its own certificate first; `budget.chain` of them count
 * @param now ms since the epoch
 * @returns 'ee': it is that very certificate or key, and neither its names nor its dates matter (RFC 7671 §5.1). 'ta': it was
 * issued under a trust anchor of the records and is in date; the caller must yet compare its names (§5.2). Undefined: neither.
 */
export function matchesTlsa(
  records: readonly RecordOf<'TLSA'>[],
  shown: readonly ShownCertificate[],
  now: number,
): 'ee' | 'ta' | undefined {
  const [own, ...above] = shown.slice(0, budget.chain)
  if (own === undefined) return undefined
  if (records.some(record => record.usage === usage.endEntity && matches(record, own))) return 'ee'
  const anchors = records.filter(record => record.usage === usage.trustAnchor)
  const place = above.findIndex(certificate => anchors.some(record => matches(record, certificate)))
  return place >= 0 && isIssued([own, ...above.slice(0, place + 1)], now) ? 'ta' : undefined
}

function matches({ selector, matchingType, association }: RecordOf<'TLSA'>, shown: ShownCertificate): boolean {
  const selected = selector === 0 ? shown.raw : shown.publicKey
  const digest = digests.get(matchingType)
  const compared = digest === undefined ? selected : createHash(digest[0]).update(selected).digest()
  return compared.equals(association)
}

/** Whether each certificate was issued by the next one, and all are in date. What cannot be read was not. */
function isIssued(chain: readonly ShownCertificate[], now: number): boolean {
  try {
    const certificates = chain.map(({ raw }) => new X509Certificate(raw))
    return certificates.every((certificate, i) => {
      const issuer = certificates[i + 1]
      return isInDate(certificate, now) && (issuer === undefined || isIssuedBy(certificate, issuer))
    })
  } catch {
    return false
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function isInDate({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime()
}
