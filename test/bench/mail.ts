/** Mail to measure with: random base64 bodies, as attachments have them, that no compression makes smaller than 3/4. */
import { randomBytes } from 'node:crypto'

export const KB = 1000
export const MB = 1000 * KB

/** Octets of a base64 line of MIME without its CRLF: RFC 2045 §6.8. */
const lineOctets = 76

const header = [
  'From: Bob <bob@away.example>',
  'To: Alice <alice@home.example>',
  'Subject: holiday pictures',
  'Date: Sat, 21 Nov 2026 22:15:52 +0000',
  'Message-ID: <1@away.example>',
  'MIME-Version: 1.0',
  'Content-Type: application/octet-stream',
  'Content-Transfer-Encoding: base64',
  '',
  '',
].join('\r\n')

/** Octets of the header section of every message, with the empty line that ends it. */
export const headerOctets = header.length

/** @returns a message of so many octets; its lines end in CRLF */
export function randomMail(octets: number): Buffer {
  return Buffer.from(header + randomLines(octets - headerOctets), 'latin1')
}

/** @param octets at least 4, CRLFs included */
export function randomLines(octets: number, ofOctets = lineOctets): string {
  const text = randomBytes(Math.ceil((octets * 3) / 4)).toString('base64')
  const lines: string[] = []
  for (let left = octets, from = 0; left > 0; ) {
    const length = left <= ofOctets + 2 ? left - 2 : Math.min(ofOctets, left - 6)
    lines.push(text.slice(from, from + length))
    from += length
    left -= length + 2
  }
  return `${lines.join('\r\n')}\r\n`
}

/** Cuts octets into chunks as a socket gives them. The chunks are views. */
export function chunks(octets: Buffer, size = 65_536): Buffer[] {
  const count = Math.ceil(octets.length / size)
  return Array.from({ length: count }, (_, i) => octets.subarray(i * size, (i + 1) * size))
}
