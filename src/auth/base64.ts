/** Base64 as SASL carries it: strict (RFC 4648 §3), padded, nothing else between, unused bits zero. */
import { isUtf8 } from 'node:buffer'

/** @param most octets once decoded @returns undefined when it is more, or not strictly base64 */
export function decodeBase64(text: string, most: number): Buffer | undefined {
  if (text.length > Math.ceil(most / 3) * 4) return undefined
  const octets = Buffer.from(text, 'base64')
  return octets.toString('base64') === text && octets.length <= most ? octets : undefined
}

/** The same for text: undefined also when the octets are not UTF-8. */
export function decodeText(text: string, most: number): string | undefined {
  const octets = decodeBase64(text, most)
  return octets && isUtf8(octets) ? octets.toString() : undefined
}

/** @param text as UTF-8, or octets */
export function encodeBase64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64')
}

/** Without the padding, as records keep it. */
export function unpadded(octets: Buffer): string {
  return octets.toString('base64').replace(/=+$/, '')
}
