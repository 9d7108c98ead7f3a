/**
 * The public key of a certificate, cut out of its DER (RFC 5280 §4.1). OpenSSL is not asked: what it cannot make sense of, and
 * a stranger may show anything, it does not only refuse but remembers, and blames the next connection that it sees to.
 */

/** Fields of tbsCertificate before the key: serial number, signature, issuer, validity, subject. */
const before = 5
const versionTag = 0xa0

/**
 * @param der a certificate
 * @returns its SubjectPublicKeyInfo, a view into it; undefined when it is no certificate
 */
export function publicKeyInfo(der: Buffer): Buffer | undefined {
  const certificate = elementAt(der, 0)
  const signed = certificate && elementAt(der, certificate.content)
  if (!signed) return undefined
  let next = elementAt(der, signed.content)
  if (next && der[next.start] === versionTag) next = elementAt(der, next.end)
  for (let i = 0; i < before && next; i++) next = elementAt(der, next.end)
  return next && next.end <= signed.end ? der.subarray(next.start, next.end) : undefined
}

/** Where an element begins, where its content does, and where both end. */
type Element = { readonly start: number; readonly content: number; readonly end: number }

function elementAt(der: Buffer, start: number): Element | undefined {
  const first = der[start + 1]
  if (first === undefined) return undefined
  // Up to 127 it is the length itself, else the number of octets that the length takes.
  const octets = first < 0x80 ? 0 : first - 0x80
  if (octets > 4 || start + 2 + octets > der.length) return undefined
  const length = octets === 0 ? first & 0x7f : der.readUIntBE(start + 2, octets)
  const content = start + 2 + octets
  return content + length <= der.length ? { start, content, end: content + length } : undefined
}
