/** Whether the box is on the network, where it is one of ours: the cable, an address, the router, and somebody who knows names. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, sentence } from '../base/failure.ts'
import { isSelfMade } from '../base/fixed.ts'
import type { Network } from '../board/network.ts'
import { advice, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'

const knownBy = 'The box knows how its own network is set up.'
const fix = advice('See what is missing, and what to do about it:', 'porchlight net')

export const network: Check = {
  name: 'network',
  meaning: 'whether the network is there',
  look: async visit => [visit.board ? await lookAtBox(visit, visit.board.network) : await lookAtNames(visit)],
}

/** Of a machine of somebody's own only this is known. */
async function lookAtNames(visit: Visit): Promise<Symptom> {
  const { why, name } = await askNames(visit)
  if (why === undefined) return { state: 'well', says: 'Names can be looked up.', knownBy: `${name} was looked up.` }
  return {
    state: 'unknown',
    says: 'Whether the network is there cannot be told: no name server answers.',
    knownBy: why,
  }
}

async function lookAtBox(visit: Visit, network: Network | undefined): Promise<Symptom> {
  const missing = lack(network)
  if (!network || missing !== undefined) return { state: 'trouble', says: missing ?? nothingYet, knownBy, fix }
  const { why } = await askNames(visit)
  if (why === undefined) return { state: 'well', says: 'The network is there, and names can be looked up.', knownBy }
  // Whoever has asked for a name has called the router, and knows by now whether it is there.
  if (await isSilent(visit.root, network.gateway ?? '')) {
    const says = `The router ${network.gateway} does not answer.`
    return { state: 'trouble', says, knownBy: 'It was called on the local network.', fix }
  }
  return { state: 'trouble', says: 'No name server answers.', knownBy: why, fix }
}

const nothingYet = 'The network is not set up yet.'

/** What is missing, the first thing first; undefined when nothing is. */
function lack(network: Network | undefined): string | undefined {
  if (!network) return nothingYet
  const { interface: name, link, addresses, gateway = '' } = network
  if (name === '') return 'There is no adapter for a network cable.'
  if (!link) return 'Nothing answers at the other end of the network cable.'
  if (addresses.every(isSelfMade)) return 'The box has no address.'
  return gateway === '' ? 'The box knows no router, so that no mail leaves the house.' : undefined
}

/** @returns the name that was asked for, and why it cannot be looked up */
async function askNames({ names, config }: Visit): Promise<{ readonly name: string; readonly why?: string }> {
  const name = config.maintenance.time_server || 'pool.ntp.org'
  try {
    await names.query(name, 'A')
    return { name }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { name, why: sentence(error) }
  }
}

/** Whether the kernel has called the router, and nobody has answered: an entry without the flag 2, which is "complete". */
async function isSilent(root: string, gateway: string): Promise<boolean> {
  const table = await readFile(join(root, 'proc/net/arp'), 'utf8').catch(() => '')
  const [, , flags = ''] =
    table
      .split('\n')
      .find(line => line.startsWith(`${gateway} `))
      ?.split(/\s+/) ?? []
  return flags !== '' && (Number(flags) & 2) === 0
}
