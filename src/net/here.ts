/** Which addresses are this machine's own. */
import { networkInterfaces } from 'node:os'

/** @param address an IP address, in its one short form */
export function isOwnAddress(address: string): boolean {
  return (
    address.startsWith('127.') ||
    Object.values(networkInterfaces()).some(list => list?.some(own => own.address === address) ?? false)
  )
}
