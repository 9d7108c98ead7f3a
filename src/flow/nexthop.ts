/** Where the mail of a domain goes next: to its own hosts, by a fixed way, or through the smarthost. */
import type { Config } from '../base/config.ts'

export type NextHop =
  /** The domain's own hosts, as the DNS says. */
  | { readonly kind: 'mx'; readonly domain: string }
  /** `[192.0.2.1]`, `[IPv6:2001:db8::1]`: RFC 5321 §4.1.3. Undefined when nothing can be reached so. */
  | { readonly kind: 'literal'; readonly address: string | undefined }
  | { readonly kind: 'fixed'; readonly host: string; readonly port: number }
  | { readonly kind: 'smarthost' }

/**
 * @param domain in canonical form, or an address literal in its brackets
 * @param blocked mail cannot go out directly
 */
export function nextHop(domain: string, { relay }: Pick<Config, 'relay'>, blocked: boolean): NextHop {
  const fixed = relay.routes.find(route => route.domain === domain)
  if (fixed) return { kind: 'fixed', host: fixed.host, port: fixed.port }
  const direct = relay.mode === 'direct' || relay.host === '' || (relay.mode === 'auto' && !blocked)
  if (!direct || relay.domains.includes(domain)) return { kind: 'smarthost' }
  if (!domain.startsWith('[')) return { kind: 'mx', domain }
  const [, address] = /^\[(?:ipv6:)?([0-9a-f.:]+)\]$/i.exec(domain) ?? []
  return { kind: 'literal', address }
}

/** Mail for the same key goes over the same connections. */
export function hopKey(hop: NextHop): string {
  switch (hop.kind) {
    case 'mx':
      return hop.domain
    case 'literal':
      return `[${hop.address}]`
    case 'fixed':
      return `${hop.host}:${hop.port}`
    case 'smarthost':
      return 'smarthost'
    default:
      return hop satisfies never
  }
}
