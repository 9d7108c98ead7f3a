/** Which addresses are this machine's own. */
import { networkInterfaces } from 'node:os'

/** @param address an IP address, in its one short form */
export function isOwnAddress(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true
  try {
    return Object.values(networkInterfaces()).some(list => list?.some(own => own.address === address) ?? false)
  } catch {
    // Some sandboxes do not let us ask. Mail that goes round in circles is found by its Received fields, too.
    return false
  }
}
