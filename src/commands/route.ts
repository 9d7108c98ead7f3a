/** The command queue route: how mail for a domain would go now, and why. */
import { Failure, sentence } from '../base/failure.ts'
import { columns, harmless } from '../base/words.ts'
import { mailHosts } from '../dns/mx.ts'
import { hopKey, type NextHop, nextHop } from '../flow/nexthop.ts'
import { type Target, targetsOf } from '../flow/target.ts'
import type { TlsPolicy } from '../flow/tlspolicy.ts'
import type { Trouble } from '../flow/trouble.ts'
import { parseAddress } from '../message/address.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { suspensionWords } from './queue-list.ts'
import { answerWords, zonedMoment } from './shown.ts'

/** Addresses that are shown; no domain in earnest has more. */
const shownTargets = 50

/** A mail host and what it has to prove. */
type Host = { readonly name: string; readonly target: Target; readonly addresses: string[] }

const tlsWords = {
  opportunistic: 'TLS where it is offered',
  encrypted: 'TLS always: it has TLSA records, and none that can be used (DANE)',
  verified: 'TLS always, with a certificate that proves its name',
  dane: 'TLS always, with the certificate that its signed DNS names (DANE)',
  foreign: 'no mail goes there: the policy of its domain (MTA-STS) does not name it',
} as const satisfies Record<TlsPolicy['kind'], string>

export async function explainRoute({ operands: [text = ''] }: Call, { household }: Context): Promise<Lines> {
  const { config, delivery } = household
  const { domain } = parseAddress(text.includes('@') ? text : `postmaster@${text}`, { utf8: true }) ?? {}
  if (!domain) refuse(`"${harmless(text)}" is no domain.`)
  if (config.domains.includes(domain)) return [`${domain} is at home here: mail for it is put into mailboxes.`]
  const hop = nextHop(domain, config, delivery.blocked !== undefined)
  return [...reasons(domain, hop, household), ...(await wayThere(hop, household)), ...suspensionWords(delivery)]
}

function reasons(domain: string, hop: NextHop, { config, delivery }: Household): Lines {
  const { relay } = config
  switch (hop.kind) {
    case 'fixed':
      return [`Mail for ${domain} goes to ${hopKey(hop)}, as relay.routes says.`]
    case 'literal':
      return [`Mail for ${domain} goes to that address.`]
    case 'mx':
      return [`Mail for ${domain} goes to its own hosts, as its DNS names them.`]
    case 'smarthost': {
      const way = `Mail for ${domain} goes through the smarthost, ${relay.host}:${relay.port}`
      if (relay.domains.includes(domain)) return [`${way}, as relay.domains says.`]
      if (relay.mode === 'smarthost') return [`${way}, as relay.mode says.`]
      const { since = 0, why = '' } = delivery.blocked ?? {}
      return [`${way}: it cannot go directly.`, `  Since ${zonedMoment(since)} ${harmless(why)}`]
    }
    default:
      return hop satisfies never
  }
}

async function wayThere(hop: NextHop, { surroundings, config }: Household): Promise<Lines> {
  const hosts = new Map<string, Host>()
  try {
    const trouble = await gather(hop, hosts, surroundings)
    const preferences = hop.kind === 'mx' ? await preferencesOf(hop.domain, surroundings) : new Map<string, number>()
    const rows = [...hosts.values()].map(({ name, target, addresses }) => {
      const policy = target.tls === 'none' ? 'no TLS, as relay.tls says' : tlsWords[target.policy.kind]
      return [`  ${preferences.get(name) ?? ''}`, name, addresses.join(', '), policy]
    })
    const login = hop.kind === 'smarthost' && config.relay.user !== '' ? [`  It logs in as ${config.relay.user}.`] : []
    return [...columns(rows), ...login, ...(trouble ? troubleLines(trouble) : [])]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [`  It waits for now. ${harmless(sentence(error))}`]
  }
}

/** Asks what delivery itself would ask. @returns why there are no more hosts, if so */
async function gather(
  hop: NextHop,
  hosts: Map<string, Host>,
  surroundings: Household['surroundings'],
): Promise<Trouble | undefined> {
  const targets = targetsOf(hop, surroundings)
  for (let count = 0; count < shownTargets; count++) {
    const { value, done } = await targets.next()
    if (done) return value
    const host = hosts.get(value.host) ?? { name: value.host, target: value, addresses: [] }
    host.addresses.push(value.address)
    hosts.set(value.host, host)
  }
  await targets.return(undefined)
  return undefined
}

/** None where the domain is its own host. */
async function preferencesOf(domain: string, { resolver }: Household['surroundings']): Promise<Map<string, number>> {
  const found = await mailHosts(resolver, domain)
  const hosts = found.kind === 'hosts' && !found.implicit ? found.hosts : []
  return new Map(hosts.map(({ name, preference }) => [name, preference]))
}

function troubleLines({ answer }: Trouble): Lines {
  const outcome = answer.code < 500 ? 'It waits for now' : 'It comes back at once'
  return [`  ${outcome}: ${answerWords(answer)}`]
}
