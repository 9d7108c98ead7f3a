/** Mailbox addresses: RFC 5321 §4.1.2, with the Unicode of RFC 6531 §3.3. */
import { budget } from '../base/budget.ts'
import { domainName } from '../base/name.ts'

export type Address = {
  /** What it says, without quotes and escapes; case kept. */
  readonly localPart: string
  /** Lower case, in A-label form; an address literal keeps its brackets; '' only for the bare postmaster. */
  readonly domain: string
}

// C1 controls and lone surrogates are no text.
const unicode = '\\u{a0}-\\u{d7ff}\\u{e000}-\\u{10ffff}'
const atom = `[A-Za-z0-9!#$%&'*+/=?^_\`{|}~${unicode}-]+`
const dotString = new RegExp(`^${atom}(?:\\.${atom})*$`, 'u')
const quotedString = new RegExp(`^"(?:[ !#-[\\]-~${unicode}]|\\\\[ -~])*"$`, 'u')
const mailbox = /^("(?:[^"\\]|\\.)*"|[^"@]*)@([^@]*)$/s
// The underscore is in no RFC and in many a device's host name.
const asciiDomain = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/
const beyondAscii = /[^\0-\x7f]/

/**
 * Reads an address as it stands in a path, without the angle brackets. `postmaster` needs no domain (RFC 5321 §4.5.1).
 * A local part may pass the 64 octets that everyone must take (§4.5.3.1.1): the bounce addresses of many lists do.
 * @param options utf8: whether Unicode is allowed in it, as after SMTPUTF8
 * @returns undefined if it is not an address, or longer than the budget
 */
export function parseAddress(text: string, options: { utf8?: boolean } = {}): Address | undefined {
  if (Buffer.byteLength(text) > budget.path - 2) return undefined
  if (!options.utf8 && beyondAscii.test(text)) return undefined
  if (text.toLowerCase() === 'postmaster') return { localPart: text, domain: '' }

  const [, local = '', host = ''] = mailbox.exec(text) ?? []
  const localPart = parseLocalPart(local)
  const domain = host.startsWith('[') ? canonicalLiteral(host) : canonicalDomain(host)
  return localPart === undefined || domain === undefined ? undefined : { localPart, domain }
}

/** Writes an address, its local part quoted only where it must be. */
export function formatAddress({ localPart, domain }: Address): string {
  const local = dotString.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`
  return domain === '' ? local : `${local}@${domain}`
}

/** The one form in which domains are compared: lower case, A-labels (RFC 5890 §2.3.2.1). Undefined if it is no domain. */
export function canonicalDomain(domain: string): string | undefined {
  if (beyondAscii.test(domain)) return domainName(domain)
  const lower = domain.toLowerCase()
  return lower.length <= budget.domain && asciiDomain.test(lower) ? lower : undefined
}

function parseLocalPart(local: string): string | undefined {
  if (dotString.test(local)) return local
  return quotedString.test(local) ? local.slice(1, -1).replace(/\\(.)/g, '$1') : undefined
}

/** Address literals: RFC 5321 §4.1.3. A tag that is not IPv6 is taken as the RFC's general form. */
function canonicalLiteral(literal: string): string | undefined {
  const lower = literal.toLowerCase()
  const [, tag, content = ''] = /^\[(?:([a-z0-9-]*[a-z0-9]):)?([!-Z^-~]+)\]$/.exec(lower) ?? []
  const valid = tag === undefined ? isIpv4(content) : tag !== 'ipv6' || isIpv6(content)
  return valid && lower.length <= budget.domain ? lower : undefined
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every(number => Number(number) <= 255)
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/.test(text) && URL.canParse(`http://[${text}]`)
}
