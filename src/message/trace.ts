/** The trace fields: RFC 5321 §4.4. Written at receipt, kept beside the message, sent before it. */
import { formatDate } from './date.ts'

/** How a message came in. */
export type Arrival = {
  /** EHLO or HELO, and the name the client gave with it. */
  readonly hello: { readonly verb: 'EHLO' | 'HELO'; readonly domain: string }
  /** The client's IP address; undefined to keep it, and its name, to ourselves. */
  readonly address: string | undefined
  /** The name of this host. */
  readonly hostname: string
  /** Protocol version and cipher when the message came over TLS, for instance `TLSv1.3` and `TLS_AES_256_GCM_SHA384`. */
  readonly tls: { readonly protocol: string; readonly cipher: string } | undefined
  /** It came from somebody who had logged in. */
  readonly authenticated: boolean
  readonly smtputf8: boolean
  readonly id: string
  /** The recipient; undefined when there are several, which must not learn of each other (RFC 5321 §7.2). */
  readonly recipient: string | undefined
  /** ms since the epoch */
  readonly date: number
}

/** @returns the Received field with its CRLF, folded so that no line passes 998 octets */
export function receivedField(arrival: Arrival): string {
  const { hello, address, hostname, tls, id, recipient, date } = arrival
  const cipher = tls ? ` (${tls.protocol} ${tls.cipher})` : ''
  const by = `by ${hostname} (Porchlight) with ${protocol(arrival)}${cipher}`
  const lines = [
    ...(address === undefined
      ? [`Received: ${by}`]
      : [`Received: from ${hello.domain} (${addressLiteral(address)})`, by]),
    recipient === undefined ? `id ${id};` : `id ${id} for <${recipient}>;`,
    formatDate(date),
  ]
  return `${lines.join('\r\n\t')}\r\n`
}

/** The same for a message that was made here, and so came from nowhere. */
export function madeHereField({
  hostname,
  id,
  recipient,
  date,
}: Omit<Arrival, 'hello' | 'address' | 'tls' | 'authenticated' | 'smtputf8'>): string {
  const whose = recipient === undefined ? '' : ` for <${recipient}>`
  return [`Received: by ${hostname} (Porchlight)`, `id ${id}${whose};`, formatDate(date)].join('\r\n\t').concat('\r\n')
}

/** @param reversePath a mailbox without angle brackets; empty for the null reverse-path */
export function returnPathField(reversePath: string): string {
  return `Return-Path: <${reversePath}>\r\n`
}

/** The word after "with": RFC 3848, and RFC 6531 §4.3 for internationalized mail. */
function protocol({ hello, tls, smtputf8, authenticated }: Arrival): string {
  if (hello.verb === 'HELO') return 'SMTP'
  return `${smtputf8 ? 'UTF8SMTP' : 'ESMTP'}${tls ? 'S' : ''}${authenticated ? 'A' : ''}`
}

/** RFC 5321 §4.1.3. */
function addressLiteral(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
}
