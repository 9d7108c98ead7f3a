/** The rows of the command table for the box's own network: net, net show, net set, net name. */
import { budget } from '../base/budget.ts'
import { hostLabel, readFixed } from '../base/fixed.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Network } from '../board/network.ts'
import { type Call, type Command, type Context, type Lines, places, refuse } from './command.ts'
import { boardOf, ipv4Of, isReachable, networkWords } from './net-words.ts'

const here = { options: [...places], group: 'The box', runs: 'inside', password: false, aside: true } as const

const showing = {
  ...here,
  operands: '',
  summary: 'Show the network of the box',
  details: [
    'Its name, its address and who gave it, the gateway, the name servers, and whether a time server has answered. Where something is missing, what to do is said below.',
  ],
  examples: [],
  run: async (_call: Call, { household, width }: Context) => networkWords(household, width),
} as const

export const networking: readonly Command[] = [
  { ...showing, name: 'net' },
  { ...showing, name: 'net show', summary: 'Show it, as net alone does' },
  {
    ...here,
    name: 'net set',
    operands: 'HOW…',
    summary: 'Have an address given, or fix one',
    details: [
      'HOW is dhcp: then the router gives the box its address, as it does for most things at home. Or it is an address with the size of its network, /24 in most homes, and the address of the router behind it. Name servers may follow; without them the router is asked for names.',
      'It holds at once and after each start. Connections under way may be cut off.',
    ],
    examples: [
      'porchlight net set dhcp',
      'porchlight net set 192.168.1.5/24 192.168.1.1',
      'porchlight net set 192.168.1.5/24 192.168.1.1 9.9.9.9',
    ],
    run: setNetwork,
  },
  {
    ...here,
    name: 'net name',
    operands: 'NAME',
    summary: 'Name the box on its own network',
    details: [
      'With NAME.local mail programs at home find it, whatever its address is. Where another machine has that name already, a number is put behind it. The name for the internet is another one: porchlight config set hostname',
    ],
    examples: ['porchlight net name porchlight'],
    run: nameBox,
  },
]

const notYet = 'That is taken, and has not come to pass yet. At present it is so:'

async function setNetwork({ operands }: Call, { household, print, signal, width }: Context): Promise<Lines> {
  const [how = '', gateway, ...dns] = operands
  const board = boardOf(household)
  if (how.toLowerCase() === 'dhcp') {
    if (gateway !== undefined) refuse('With dhcp the router says all the rest, too: porchlight net set dhcp')
    await print('Asking the router for an address...')
    if (!(await haveAddressGiven(board, signal))) await print(notYet)
  } else {
    if (gateway === undefined)
      refuse(`The address of your router has to follow, for instance: porchlight net set ${how} 192.168.1.1`)
    await print('Changing the address...')
    if (!(await fixAddress(board, readFixed(how, gateway, dns), signal))) await print(notYet)
  }
  return networkWords(household, width)
}

async function nameBox({ operands: [text = ''] }: Call, { household }: Context): Promise<Lines> {
  const board = boardOf(household)
  const name = hostLabel(text)
  await board.steward('hostname', name)
  household.local?.rename(name)
  return [
    `The box is ${name} now, and ${name}.local in a few seconds. To see whether the name was free: porchlight net`,
  ]
}

/** Has the router give an address. @returns whether it has by now @throws Failure REFUSED why it cannot be */
export async function haveAddressGiven(board: Appliance, signal: AbortSignal): Promise<boolean> {
  await board.steward('network', 'dhcp')
  // IPv6 addresses come by another way, and sooner.
  const isGiven = (network: Network) =>
    network.how === 'dhcp' && ipv4Of(network.addresses) !== undefined && isReachable(network)
  return settled(board, isGiven, signal)
}

/** Gives the box a fixed address. @returns whether it has it by now @throws Failure REFUSED why it cannot be */
export async function fixAddress(
  board: Appliance,
  { address, gateway, dns }: ReturnType<typeof readFixed>,
  signal: AbortSignal,
): Promise<boolean> {
  await board.steward('network', 'fixed', address, gateway, dns.join(','))
  return settled(board, network => network.how === 'fixed' && ipv4Of(network.addresses) === address, signal)
}

/**
 * Waits until the network has become what was asked for.
 * @param ms at most
 * @returns whether it has
 */
export async function settled(
  { network, changes }: Pick<Appliance, 'network' | 'changes'>,
  isSo: (network: Network) => boolean,
  signal: AbortSignal,
  ms: number = budget.networkSettleMs,
): Promise<boolean> {
  if (network && isSo(network)) return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const look = (network: Network | undefined) => {
    if (network && isSo(network)) resolve(true)
  }
  const stop = () => resolve(false)
  const timer = setTimeout(stop, ms)
  signal.addEventListener('abort', stop)
  changes.on('network', look)
  try {
    return await promise
  } finally {
    changes.off('network', look)
    signal.removeEventListener('abort', stop)
    clearTimeout(timer)
  }
}
