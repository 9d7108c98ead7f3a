/** Whether the public addresses name their host, and the name leads back: PTR records, which many hosts ask for. */
import { addressesOf } from '../dns/addresses.ts'
import { isSame, reverseName } from './address.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import { type Check, orUnknown, type Visit } from './patient.ts'
import { wayOut, zoneLine } from './records.ts'

const knownBy = 'The DNS was asked for the name of the address (PTR), and for the addresses of that name.'

export const reverse: Check = {
  name: 'reverse',
  meaning: 'whether your public address has a name (PTR)',
  look: visit => look(visit),
}

async function look(visit: Visit): Promise<readonly Symptom[]> {
  if (wayOut(visit.config) === 'smarthost') {
    const says = 'All mail leaves through the smarthost, so that the name of your own address does not matter.'
    return [{ state: 'well', says, knownBy: 'The settings under relay say so.' }]
  }
  const ours = await visit.whereabouts.ours()
  if (ours.length === 0) return [nowhere]
  return Promise.all(ours.map(address => orUnknown(address, () => judge(address, visit))))
}

/** For all checks that need a public address. */
export const nowhere: Symptom = {
  state: 'unknown',
  says: 'The public address of your line is not known, so this cannot be told.',
  knownBy:
    'The name of this host has no public address in the DNS, and no other host has said from where it is called.',
  fix: advice('See first what is said of the address:', 'porchlight doctor address'),
}

async function judge(address: string, { names, config }: Visit): Promise<Symptom> {
  const { hostname } = config
  const record = { owner: reverseName(address), type: 'PTR', value: `${hostname}.` } as const
  const fix = advice(
    `Only whoever gave you the address can change this: ask your provider to name ${address} so. If they do not, send through a smarthost (relay.host).`,
    zoneLine(record),
  )
  const { records } = await names.query(record.owner, 'PTR')
  const [first] = records
  if (!first) {
    return {
      state: 'trouble',
      says: `The address ${address} has no name. Many hosts take no mail from one without.`,
      knownBy,
      fix,
    }
  }
  const own = records.find(({ name }) => name === hostname) ?? first
  const name = quoted(own.name)
  const { addresses } = await addressesOf(names, own.name)
  if (!addresses.some(back => isSame(back.address, address))) {
    return {
      state: 'trouble',
      says: `The address ${address} is named ${name}, but that name does not lead back to it. Many hosts take no mail then.`,
      knownBy,
      fix,
    }
  }
  if (own.name === hostname) {
    return { state: 'well', says: `The address ${address} is named ${name}, and the name leads back to it.`, knownBy }
  }
  return {
    state: 'warning',
    says: `The address ${address} is named ${name} and not ${hostname}. Most hosts take that, some see a line at home in it and take no mail.`,
    knownBy,
    fix,
  }
}
