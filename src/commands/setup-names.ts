/** Steps of the set-up: what the box is called, and whose mail it keeps. */
import { defaultConfig } from '../base/config.ts'
import { domainName } from '../base/name.ts'
import type { Guide, Step, Way } from './setup-guide.ts'

const example = defaultConfig()

export const nameSteps: readonly Step[] = [
  {
    name: 'hostname',
    title: 'Name of the box',
    explain: () => [
      `The name under which the internet finds the box, for instance mail.smith.example. It belongs to a domain that you have; while you have none, ${example.hostname} will do for mail among yourselves.`,
    ],
    run: async guide => {
      const check = (answer: string) => (domainName(answer)?.includes('.') ? undefined : nameProblem(answer))
      const answer = await guide.ask({ question: 'Name', present: guide.household.config.hostname, check })
      if (answer === undefined) return 'back'
      await guide.apply({ hostname: domainName(answer) ?? answer })
      return 'on'
    },
  },
  {
    name: 'domains',
    title: 'Domains',
    explain: () => [
      'The part of your addresses behind the @. Several are possible, with a blank between them; everybody has an address in each.',
    ],
    run: askDomains,
  },
]

async function askDomains(guide: Guide): Promise<Way> {
  const { domains, hostname } = guide.household.config
  const unchosen = domains.join() === example.domains.join() && hostname !== example.hostname
  const list = (answer: string) => answer.split(/[\s,]+/).filter(word => word !== '')
  const answer = await guide.ask({
    question: 'Domains',
    present: unchosen ? domainOf(hostname) : domains.join(' '),
    check: answer => {
      const bad = list(answer).find(name => !domainName(name)?.includes('.'))
      return bad === undefined ? undefined : nameProblem(bad)
    },
  })
  if (answer === undefined) return 'back'
  await guide.apply({ domains: list(answer).map(name => domainName(name) ?? name) })
  return 'on'
}

/** mail.smith.example belongs to smith.example; smith.example itself is a domain, too. */
function domainOf(hostname: string): string {
  const labels = hostname.split('.')
  return labels.length > 2 ? labels.slice(1).join('.') : hostname
}

function nameProblem(answer: string): string {
  return `"${answer}" cannot be such a name: letters, digits and -, in parts with a dot between them, as mail.smith.example.`
}
