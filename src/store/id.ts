/** The id of a message: random, unique, and the same wherever it shows: as its UIDL, in its Received field and in the log. */
import { randomFillSync } from 'node:crypto'
import { idOctets } from './keys.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ids drawn at a time: to ask the system for each would take longer than all else that is done for an id. */
const drawn = 256

let ids = Buffer.alloc(0)

/** @returns ten octets that nobody can guess and that will not come again */
export function takeId(): Buffer {
  // A new buffer each time, since those who took an id still hold the old one.
  if (ids.length === 0) ids = randomFillSync(Buffer.allocUnsafeSlow(drawn * idOctets))
  const id = ids.subarray(0, idOctets)
  ids = ids.subarray(idOctets)
  return id
}

/**
 * @param id ten octets
 * @returns sixteen letters and digits: the message's UIDL (RFC 1939 §7 asks for 0x21 to 0x7e) and its id in Received
 */
export function idText(id: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const octet of id) {
    value = ((value << 8) | octet) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >> bits) & 31]
    }
  }
  return text
}
