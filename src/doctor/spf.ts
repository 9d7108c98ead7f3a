/** Whether what is published of the household's senders covers where its mail leaves from: SPF, RFC 7208. */
import type { Config } from '../base/config.ts'
import { addressesOf } from '../dns/addresses.ts'
import type { Names } from '../dns/record.ts'
import { octetsOf } from './address.ts'
import { advice, quoted, type Symptom, states } from './finding.ts'
import { type Check, perDomain, type Visit } from './patient.ts'
import { spfRecord, wayOut, zoneLine } from './records.ts'
import { type SpfVerdict, spfTexts, spfVerdict } from './spf-record.ts'

const knownBy = 'The DNS was asked for the SPF record, which was then weighed as other hosts do.'

export const spf: Check = {
  name: 'spf',
  meaning: 'whether others know which hosts send your mail (SPF)',
  look: visit => perDomain(visit, domain => look(domain, visit)),
}

async function look(domain: string, visit: Visit): Promise<Symptom> {
  const { config, names, whereabouts } = visit
  const [text, ...others] = await spfTexts(domain, names)
  const record = zoneLine(spfRecord(domain, config))
  if (text === undefined) {
    const says = `The DNS does not say which hosts send mail for ${domain}. Many hosts take such mail for forged.`
    return { state: 'trouble', says, knownBy, fix: advice('Publish this record:', record) }
  }
  if (others.length > 0) {
    const says = `${domain} has ${others.length + 1} SPF records. There may be only one, so that none of them counts.`
    return { state: 'trouble', says, knownBy, fix: advice('Leave only one of them, for instance:', record) }
  }
  const fix = advice(`Published is: ${quoted(text)}`, 'Change it so that it covers this host, for instance:', record)
  const weighed: Symptom[] = []
  if (wayOut(config) !== 'smarthost') {
    for (const address of await whereabouts.ours()) {
      weighed.push(ofHost(`this host (${address})`, await spfVerdict(address, domain, names), domain, fix))
    }
    if (weighed.length === 0) weighed.push(unknownAddress(domain, text))
  }
  if (wayOut(config) !== 'direct') weighed.push(await ofSmarthost(domain, text, config, names))
  if (/(?:^| )\+?all(?: |$)/i.test(text)) weighed.push(openToAll(domain, record))
  return worst(weighed)
}

/** What a verdict means for a host of ours. */
function ofHost(host: string, verdict: SpfVerdict, domain: string, fix: string): Symptom {
  switch (verdict.kind) {
    case 'pass':
      return { state: 'well', says: `The SPF record of ${domain} covers ${host}.`, knownBy }
    case 'fail':
    case 'softfail':
    case 'neutral':
    case 'none':
      return {
        state: 'trouble',
        says: `The SPF record of ${domain} does not cover ${host}. Other hosts take its mail for forged.`,
        knownBy,
        fix,
      }
    case 'error': {
      const says = `The SPF record of ${domain} is written wrongly: ${quoted(verdict.why)}. Other hosts may refuse its mail.`
      return { state: 'trouble', says, knownBy, fix }
    }
    case 'unclear':
      return {
        state: 'unknown',
        says: `Whether the SPF record of ${domain} covers ${host} cannot be told: ${quoted(verdict.why)}.`,
        knownBy,
      }
    default:
      return verdict satisfies never
  }
}

/** The smarthost hands mail on from other addresses than the one it takes it at, which only its provider knows. */
async function ofSmarthost(domain: string, text: string, { relay }: Config, names: Names): Promise<Symptom> {
  const addresses = octetsOf(relay.host)
    ? [relay.host]
    : (await addressesOf(names, relay.host)).addresses.map(({ address }) => address)
  const verdicts = await Promise.all(addresses.map(address => spfVerdict(address, domain, names)))
  if (verdicts.some(({ kind }) => kind === 'pass')) {
    return { state: 'well', says: `The SPF record of ${domain} covers the smarthost ${relay.host}.`, knownBy }
  }
  const broken = verdicts.find(verdict => verdict.kind === 'error')
  const ask = `Ask the provider of ${relay.host} which "include:" belongs into the SPF record of those who send through it.`
  if (broken) return ofHost(relay.host, broken, domain, ask)
  if (/(?:^| )[+?~-]?(?:include:|redirect=)/i.test(text)) {
    return {
      state: 'unknown',
      says: `Whether the SPF record of ${domain} covers what the smarthost ${relay.host} sends cannot be told: it may send from other addresses.`,
      knownBy,
      fix: `${ask}\nIf it is there already, there is nothing to do.`,
    }
  }
  return {
    state: 'warning',
    says: `The SPF record of ${domain} does not name the smarthost ${relay.host}. Other hosts may take its mail for forged.`,
    knownBy,
    fix: ask,
  }
}

function unknownAddress(domain: string, text: string): Symptom {
  return {
    state: 'unknown',
    says: `${domain} has an SPF record, and whether it covers this host cannot be told.`,
    knownBy: `${knownBy} The public address of your line is not known. Published is: ${quoted(text)}`,
  }
}

function openToAll(domain: string, record: string): Symptom {
  return {
    state: 'warning',
    says: `The SPF record of ${domain} lets everybody send in its name.`,
    knownBy,
    fix: advice('Let it end in ~all, as here:', record),
  }
}

function worst(symptoms: readonly Symptom[]): Symptom {
  const [first] = symptoms.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))
  return first ?? { state: 'well', says: 'There is nothing to cover.', knownBy }
}
