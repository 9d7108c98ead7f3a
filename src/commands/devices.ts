/** The commands for devices that hand in mail without TLS or login: device add, list and remove. */
import type { Config } from '../base/config.ts'
import { accountName, accountRule } from '../base/name.ts'
import { columns, didYouMean, harmless } from '../base/words.ts'
import { forgetDevice, keepDevice, listDevices } from '../flow/device.ts'
import { route } from '../flow/routing.ts'
import { type Address, formatAddress, parseAddress } from '../message/address.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'

export async function addDevice({ operands: [text = ''], options }: Call, { household }: Context): Promise<Lines> {
  const { settings, config } = household
  const name = accountName(text)
  if (name === undefined) refuse(`"${harmless(text)}" cannot be the name of a device: ${accountRule}.`)
  const devices = listDevices(settings)
  if (devices.some(device => device.name === name)) {
    refuse(`There is a device ${name} already. To change it, first: porchlight device remove ${name}`)
  }
  const address = ipAddress(options.address ?? '')
  if (address === undefined)
    refuse(`"${harmless(options.address ?? '')}" is no IP address; write for instance 192.168.1.40.`)
  const there = devices.find(device => device.address === address)
  if (there) refuse(`${address} is the device ${there.name} already.`)
  const as = sender(options.as ?? '', household)
  const to = [
    ...new Set((options.to ?? []).flatMap(list => list.split(',')).map(each => recipient(each.trim(), household))),
  ]
  await keepDevice(settings, { name, address, as, to })
  return [`${name}, at ${address}, sends as ${as} to ${to.join(', ')}.`, ...doorWords(config)]
}

export async function listDeviceTable(_call: Call, { household, width }: Context): Promise<Lines> {
  const devices = listDevices(household.settings)
  if (devices.length === 0) {
    return ['There are no devices. To name one: porchlight device add NAME --address IP --as ADDRESS --to ADDRESS']
  }
  const rows = devices.map(({ name, address, as, to }) => [name, address, as, to.join(', ')])
  return [...columns([['NAME', 'ADDRESS', 'SENDS AS', 'TO'], ...rows], width), ...doorWords(household.config)]
}

/** What is gone already does no harm. */
export async function removeDevice({ operands: [text = ''] }: Call, { household }: Context): Promise<Lines> {
  const names = listDevices(household.settings).map(({ name }) => name)
  const name = accountName(text) ?? text
  if (!names.includes(name)) return [`There is no device ${harmless(text)}${didYouMean(name, names)}`]
  await forgetDevice(household.settings, name)
  return [`${name} is removed.`]
}

/** In the form in which connections name it. Undefined when it is none. */
function ipAddress(text: string): string | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) {
    // URL reads 010 as 8: what it would write otherwise is not meant.
    return URL.parse(`http://${text}/`)?.hostname === text ? text : undefined
  }
  if (!/^[0-9a-f:.]+$/i.test(text)) return undefined
  const six = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(six ?? '') ?? []
  if (high === undefined || low === undefined) return six
  const octets = [high, low].flatMap(part => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 0xff])
  return octets.join('.')
}

/** An address of the household that leads to somebody. */
function sender(text: string, household: Household): string {
  const address = complete(text)
  const found = route(address, { ...household.config, accounts: household.accounts })
  if (found.kind === 'local' && found.accounts.length > 0) return formatAddress(address)
  const { domains } = household.config
  if (found.kind === 'remote') refuse(`${harmless(text)} is outside of this household (${domains.join(', ')}).`)
  return refuse(`${harmless(text)} leads to nobody here.`)
}

/** Anybody; in this household somebody whom there is. */
function recipient(text: string, household: Household): string {
  const address = complete(text)
  const { kind } = route(address, { ...household.config, accounts: household.accounts })
  if (kind === 'unknown' || kind === 'loop') refuse(`${harmless(text)} leads to nobody here.`)
  return formatAddress(address)
}

function complete(text: string): Address {
  const address = parseAddress(text, { utf8: true })
  if (!address || address.domain === '')
    refuse(`"${harmless(text)}" is no address; write for instance alice@home.example.`)
  return address
}

/** Without a door no device comes in. */
function doorWords({ listen }: Config): Lines {
  if (listen.devices.length > 0) return []
  return [
    'No port is open for devices yet. To open one, with the address of this box in your network, and restart:',
    '  porchlight config set listen.devices 192.168.1.10:2526',
    '  porchlight restart',
    'Then set that address and port in the device, without encryption or login.',
  ]
}
