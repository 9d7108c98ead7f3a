/** Whether the public address stands on a list of senders of unwanted mail: RFC 5782. */
import type { Names } from '../dns/record.ts'
import { isWithin, reversed } from './address.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import { type Check, orUnknown, type Visit } from './patient.ts'
import { wayOut } from './records.ts'
import { nowhere } from './reverse.ts'

/** What a list answers when it does not want to: too many questions, or from a name server that serves everybody. */
const refusals = '127.255.255.0/24'
/** Spamhaus PBL: addresses of lines at home, which others should get no mail from. Not for what they did. */
const policyAnswers = ['127.0.0.10', '127.0.0.11']

export const blocklists: Check = {
  name: 'blocklists',
  meaning: 'whether your address stands on a list of senders of unwanted mail',
  look,
}

async function look(visit: Visit): Promise<readonly Symptom[]> {
  const lists = visit.config.maintenance.blocklists
  if (lists.length === 0) {
    const says = 'No list is asked, so this cannot be told.'
    return [{ state: 'unknown', says, knownBy: 'The setting maintenance.blocklists is empty.' }]
  }
  const ours = await visit.whereabouts.ours()
  if (ours.length === 0) return [nowhere]
  return Promise.all(
    lists.flatMap(list => ours.map(address => orUnknown(`${address} ${list}`, () => ask(address, list, visit)))),
  )
}

async function ask(address: string, list: string, { names, config }: Visit): Promise<Symptom> {
  const knownBy = `The list ${list} was asked for ${address}.`
  const answers = await answersOf(address, list, names)
  if (answers.some(answer => isWithin(answer, '127.0.0.0/8') !== true || isWithin(answer, refusals))) {
    return {
      state: 'unknown',
      says: `The list ${list} does not want to answer.`,
      knownBy: `${knownBy} It refuses name servers that ask for very many.`,
      fix: 'A name server of your own, or that of your provider in place of a public one, may get an answer.',
    }
  }
  if (answers.length > 0)
    return listed(address, list, answers, { names, knownBy, relayed: wayOut(config) === 'smarthost' })
  // Every list has an entry to be tried with (RFC 5782 §5): one that does not show it answers nothing at all.
  const test = await answersOf(address.includes(':') ? '::ffff:7f00:2' : '127.0.0.2', list, names)
  if (test.length === 0) {
    return {
      state: 'unknown',
      says: `The list ${list} gives no answers here.`,
      knownBy: 'It does not show even the entry that is there to try it.',
    }
  }
  return { state: 'well', says: `${address} does not stand on the list ${list}.`, knownBy }
}

async function listed(
  address: string,
  list: string,
  answers: readonly string[],
  { names, knownBy, relayed }: { readonly names: Names; readonly knownBy: string; readonly relayed: boolean },
): Promise<Symptom> {
  const { records } = await names.query(reversed(address, list), 'TXT')
  const reason = records[0] ? ` It says: ${quoted(records[0].text)}` : ''
  const policy = /(?:^|\.)spamhaus\.org$/.test(list) && answers.every(answer => policyAnswers.includes(answer))
  if (policy || relayed) {
    return {
      state: relayed ? 'well' : 'warning',
      says: `${address} stands on the list ${list}${policy ? ' as the address of a line at home' : ''}.${relayed ? ' Mail leaves through the smarthost, so that this does no harm.' : ' Some hosts take no mail from such addresses.'}${reason}`,
      knownBy,
      ...(relayed
        ? {}
        : { fix: advice('Send through a smarthost:', 'porchlight config set relay.host smtp.provider.example') }),
    }
  }
  return {
    state: 'trouble',
    says: `${address} stands on the list ${list}. Many hosts take no mail from it.${reason}`,
    knownBy,
    fix: advice(
      'See that no device in your house sends unwanted mail, change passwords that others may know, and then ask the list to take the address off. Until then send through a smarthost.',
      'porchlight config set relay.host smtp.provider.example',
    ),
  }
}

async function answersOf(address: string, list: string, names: Names): Promise<readonly string[]> {
  const { records } = await names.query(reversed(address, list), 'A')
  return records.map(record => record.address)
}
