/** A step of the set-up, on the appliance only: whether the box is on the network, and by which address. */
import { readFixed } from '../base/fixed.ts'
import type { Network } from '../board/network.ts'
import { fixAddress, haveAddressGiven, settled } from './net.ts'
import { boardOf, ipv4Of, isReachable, networkWords, placeWords } from './net-words.ts'
import type { Guide, Step, Way } from './setup-guide.ts'

export const networkStep: Step = {
  name: 'network',
  title: 'Network',
  explain: () => [
    'A network cable leads to your router, which gives the box its address. Mail programs at home find it by that address, or by its name.',
  ],
  run: askNetwork,
}

async function askNetwork(guide: Guide): Promise<Way> {
  const { household, context } = guide
  const board = boardOf(household)
  // A box that was just switched on is quicker to ask than the router to answer.
  if (isComing(board.network)) {
    await guide.say('Waiting for the network...')
    await settled(board, network => !isComing(network), context.signal)
  }
  const { network } = board
  const reachable = network !== undefined && isReachable(network)
  await guide.say(...networkWords(household, context.width), '')
  if (reachable) await guide.say(`The box can be reached at ${placeWords(household)}.`)
  const choice = await guide.choose(
    [
      { word: 'on', says: reachable ? 'Leave it so' : 'Go on without a network, for now' },
      { word: 'look', says: 'Look again' },
      { word: 'dhcp', says: 'Have the router give an address' },
      { word: 'fixed', says: 'Fix an address' },
    ],
    reachable ? 'on' : 'look',
  )
  if (choice === undefined) return 'back'
  return ways[choice](guide)
}

/** Whether an address may come by itself: nothing is known yet, or the router has been asked. */
function isComing(network: Network | undefined): boolean {
  return !network || (network.link && network.how === 'dhcp' && !isReachable(network))
}

const ways = {
  on: async () => 'on',
  look: async () => 'again',
  dhcp: async guide => {
    await guide.say('Asking the router for an address...')
    await haveAddressGiven(boardOf(guide.household), guide.context.signal)
    return 'again'
  },
  fixed: askAddress,
} as const satisfies Record<string, (guide: Guide) => Promise<Way>>

async function askAddress(guide: Guide): Promise<Way> {
  const board = boardOf(guide.household)
  const { addresses = [], gateway = '', dns = [] } = board.network ?? {}
  const address = await guide.ask({
    question: 'Address, with the size of its network, for instance 192.168.1.5/24',
    present: ipv4Of(addresses) ?? '',
  })
  if (address === undefined) return 'again'
  const router = await guide.ask({ question: 'Address of the router', present: gateway })
  if (router === undefined) return 'again'
  const servers = await guide.ask({ question: 'Name servers', present: dns.join(' ') || router })
  if (servers === undefined) return 'again'
  const fixed = readFixed(
    address,
    router,
    servers.split(/[\s,]+/).filter(word => word !== ''),
  )
  await guide.say('Changing the address...')
  await fixAddress(board, fixed, guide.context.signal)
  return 'again'
}
