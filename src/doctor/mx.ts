/** Whether mail for the household's domains is led to this host: MX records, RFC 5321 §5.1. */
import { budget } from '../base/budget.ts'
import { addressesOf } from '../dns/addresses.ts'
import { type MailHost, type MailHosts, mailHosts } from '../dns/mx.ts'
import { isSame } from './address.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import { type Check, isPrivateName, perDomain, type Visit } from './patient.ts'
import { mxRecord, zoneLine } from './records.ts'

const knownBy = 'The DNS was asked for the MX records of the domain.'

export const mx: Check = {
  name: 'mx',
  meaning: 'where mail for your domains comes in (MX)',
  look: async visit => [...privateDomains(visit), ...(await perDomain(visit, domain => look(domain, visit)))],
}

function privateDomains({ config }: Visit): readonly Symptom[] {
  return config.domains.filter(isPrivateName).map(domain => ({
    state: 'warning',
    about: domain,
    says: `The domain ${domain} is known in this house only: nobody outside can write to it.`,
    knownBy: 'Names that end so are kept for homes, tests and examples, and the DNS has none of them.',
    fix: advice(
      'For mail with the rest of the world get a domain of your own and say so:',
      'porchlight config set domains your-domain.net',
    ),
  }))
}

async function look(domain: string, visit: Visit): Promise<Symptom> {
  const found = await mailHosts(visit.names, domain)
  const publish = `Have whoever keeps the DNS of ${domain} publish this record:`
  const fix = advice(publish, zoneLine(mxRecord(domain, visit.config)))
  switch (found.kind) {
    case 'no-domain':
      return {
        state: 'trouble',
        says: `There is no domain ${domain} in the DNS, so no mail for it can come.`,
        knownBy,
        fix: advice('If the name is mistyped, set the right one; else register it.', 'porchlight config show domains'),
      }
    case 'null-mx':
      return { state: 'trouble', says: `The DNS says that ${domain} takes no mail at all.`, knownBy, fix }
    case 'bad-mx':
      return { state: 'trouble', says: `The MX records of ${domain} name no host.`, knownBy, fix }
    case 'hosts':
      return hosts(domain, found, fix, visit)
    default:
      return found satisfies never
  }
}

async function hosts(
  domain: string,
  { hosts: all, implicit }: Extract<MailHosts, { kind: 'hosts' }>,
  fix: string,
  visit: Visit,
): Promise<Symptom> {
  const { hostname } = visit.config
  const hosts = all.slice(0, budget.doctorHosts)
  const named = hosts.map(({ name }) => quoted(name)).join(', ')
  const flags = await Promise.all(hosts.map(host => isOurs(host, visit)))
  const ours = hosts.filter((_, i) => flags[i])
  const [first] = ours
  if (implicit) {
    const leads = first ? 'Mail for it comes here all the same, as its own address is that of this host.' : ''
    const says = `${domain} has no MX record. ${leads || 'Mail for it does not come here.'}`
    return { state: first ? 'warning' : 'trouble', says, knownBy, fix }
  }
  if (!first) {
    return { state: 'trouble', says: `Mail for ${domain} does not come here, but to ${named}.`, knownBy, fix }
  }
  const before = hosts.filter(({ preference }) => preference < first.preference)
  if (before.length > 0) {
    const others = before.map(({ name }) => quoted(name)).join(', ')
    const says = `Mail for ${domain} goes to ${others} first, and comes here only when that does not answer.`
    return { state: 'warning', says, knownBy, fix: `${fix}\nIf that is as you want it, there is nothing to do.` }
  }
  const under = first.name === hostname ? '' : ` under its other name ${quoted(first.name)}`
  return { state: 'well', says: `Mail for ${domain} is led to this host${under}.`, knownBy }
}

/** Whether a host is this one, by its name or by its address. */
async function isOurs({ name }: MailHost, { names, config, whereabouts }: Visit): Promise<boolean> {
  if (name === config.hostname) return true
  const [theirs, ours] = await Promise.all([addressesOf(names, name), whereabouts.published()])
  return theirs.addresses.some(({ address }) => ours.some(own => isSame(own, address)))
}
