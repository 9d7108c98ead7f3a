/** What is said of the box's network: how it is, and what to do where something is missing. */
import { hostname } from 'node:os'
import { isSelfMade } from '../base/fixed.ts'
import { columns } from '../base/words.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Network } from '../board/network.ts'
import { type Household, type Lines, refuse } from './command.ts'

/** The box that somebody wants to see or change. @throws Failure REFUSED where it is a machine of somebody's own */
export function boardOf({ board }: Pick<Household, 'board'>): Appliance {
  return (
    board ??
    refuse(
      "This Porchlight was not started from an image of Porchlight's own: the system that it runs on sees to that.",
    )
  )
}

/** All of it, a label and a value each, and below it what to do. */
export function networkWords(household: Pick<Household, 'board' | 'local'>, width: number): Lines {
  const board = boardOf(household)
  const { network } = board
  const rows = [['name', nameWords(household.local?.name)], ...(network ? networkRows(network) : [])]
  const time = board.clockSet
    ? 'the clock was set by a time server'
    : 'the clock is not set yet: no time server answered'
  const advice = adviceFor(network, board.clockSet)
  return [...columns([...rows, ['time', time]], width), ...(advice.length === 0 ? [] : ['', ...advice])]
}

function nameWords(local: string | undefined): string {
  return local === undefined ? hostname() : `${hostname()}, at home also ${local}`
}

const ways = {
  dhcp: 'given by the router (DHCP)',
  fixed: 'fixed by hand',
  none: 'none',
} as const satisfies Record<Network['how'], string>

function networkRows({ interface: name, how, addresses, gateway = '', dns, link }: Network): readonly Lines[] {
  const adapter =
    name === '' ? 'none was found' : `${name}, ${link ? 'connected' : 'nothing at the other end of the cable'}`
  const ipv6 = addresses.filter(address => address.includes(':'))
  const rows: readonly Lines[] = [
    ['network adapter', adapter],
    ['address', how === 'none' ? ways.none : `${ipv4Of(addresses) ?? 'none yet'}, ${ways[how]}`],
    ['IPv6', ipv6.join(', ')],
    ['gateway', gateway === '' ? 'none' : gateway],
    ['name servers', dns.length === 0 ? 'none' : dns.join(', ')],
  ]
  return rows.filter(([, value]) => value !== '')
}

/** What to do, the first thing that is missing: what comes behind it is missing for that reason. */
function adviceFor(network: Network | undefined, clockSet: boolean): Lines {
  if (!network) return ['The network is just being set up. Look again in a moment: porchlight net']
  const { interface: name, how, gateway = '', dns, link } = network
  if (name === '')
    return [
      'There is no adapter for a network cable. If yours is a USB adapter, plug it in; the box finds it within half a minute.',
    ]
  if (!link)
    return [
      'Nothing answers at the other end of the cable. See that it sits firmly on both sides, and that the router is switched on.',
    ]
  if (!isReachable(network))
    return [
      how === 'dhcp'
        ? 'The router has not given an address yet. Wait a minute and look again: porchlight net. If it stays so, give the box one by hand, for instance:'
        : 'The box has no address. To have the router give one: porchlight net set dhcp. To give it one by hand, for instance:',
      '  porchlight net set 192.168.1.5/24 192.168.1.1',
    ]
  if (gateway === '')
    return [
      'Without a gateway, which is your router, no mail leaves the house. To have it given: porchlight net set dhcp',
    ]
  if (dns.length === 0)
    return ['Without a name server no mail leaves the house. To have one given: porchlight net set dhcp']
  if (!clockSet)
    return ['The clock is set as soon as a time server is reached. Is the router connected to the internet?']
  return []
}

/** Whether others can reach the box: by an address that somebody has given it, and not only made up by itself. */
export function isReachable({ addresses, link }: Pick<Network, 'addresses' | 'link'>): boolean {
  return link && addresses.some(address => !isSelfMade(address))
}

/** `192.168.1.5/24`; undefined where there is none. */
export function ipv4Of(addresses: readonly string[]): string | undefined {
  return addresses.find(address => address.includes('.') && !address.includes(':'))
}

/** How the box is called by those on the same network: its address, or else its name. */
export function placeWords({ board, local }: Pick<Household, 'board' | 'local'>): string {
  const [address] = ipv4Of(board?.network?.addresses ?? [])?.split('/') ?? []
  return [address, local?.name].filter(word => word !== undefined).join(' or ')
}
