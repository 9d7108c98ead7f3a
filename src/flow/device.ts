/** The devices of the household that hand in mail without TLS or login: scanners, cameras, meters. Each is named, and kept. */
import { type Address, parseAddress } from '../message/address.ts'
import type { Settings } from '../store/settings.ts'

export type Device = {
  readonly name: string
  /** Its IP address; what comes from there is taken to be it. */
  readonly address: string
  /** In whose name it sends, and where it may send. */
  readonly as: string
  readonly asAddress: Address
  readonly to: readonly string[]
}

const prefix = 'device:'
/** No address holds one. */
const separator = '\n'

export function listDevices(settings: Settings): readonly Device[] {
  return settings.list(prefix).flatMap(([name, value]) => {
    const [address = '', as = '', ...to] = value.split(separator)
    const asAddress = parseAddress(as, { utf8: true })
    return asAddress ? [{ name: name.slice(prefix.length), address, as, asAddress, to }] : []
  })
}

/** @param address an IP address @returns the device that stands there */
export function deviceAt(address: string, settings: Settings): Device | undefined {
  return listDevices(settings).find(device => device.address === address)
}

/** @throws Failure of the store */
export function keepDevice(settings: Settings, { name, address, as, to }: Omit<Device, 'asAddress'>): Promise<void> {
  return settings.set(prefix + name, [address, as, ...to].join(separator))
}

/** @throws Failure of the store */
export function forgetDevice(settings: Settings, name: string): Promise<void> {
  return settings.set(prefix + name, '')
}
