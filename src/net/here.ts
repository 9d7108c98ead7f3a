/** Which addresses are this machine's own. */
import { networkInterfaces } from 'node:os'

/** @param address an IP address, in its one short form */
export function isOwnAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || ownAddresses().includes(address)
}

/** The addresses of this machine's interfaces, as far as it tells. */
export function ownAddresses(): readonly string[] {
  try {
    return Object.values(networkInterfaces()).flatMap(list => list?.map(({ address }) => address) ?? [])
  } catch {
    // Some sandboxes do not let us ask. Mail that goes round in circles is found by its Received fields, too.
    return []
  }
}
