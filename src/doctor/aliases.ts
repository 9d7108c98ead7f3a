/** Whether every address of the household leads to somebody. */
import { Pace } from '../base/pace.ts'
import { route } from '../flow/routing.ts'
import { advice, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'

const knownBy = 'The accounts, the aliases and the settings under mail were followed to their ends.'
/** Those that are named. */
const named = 20

export const aliases: Check = {
  name: 'aliases',
  meaning: 'whether every address leads to somebody',
  look,
}

async function look(visit: Visit, signal: AbortSignal): Promise<readonly Symptom[]> {
  const { accounts } = visit.store
  if (accounts.list().length === 0) {
    const fix = advice('Make the first account:', 'porchlight user add NAME')
    return [{ state: 'trouble', says: 'There is no account: nobody gets any mail.', knownBy, fix }]
  }
  const found = [...settings(visit)]
  const pace = new Pace()
  for (const alias of accounts.aliases()) {
    found.push(...targets(alias, visit))
    if (found.length >= named || signal.aborted) break
    await pace.step()
  }
  if (found.length > 0) return found.slice(0, named)
  return [{ state: 'well', says: 'Every address leads to somebody.', knownBy }]
}

/** Settings that name an account which is not there. */
function settings({ config, store }: Visit): readonly Symptom[] {
  return (['catch_all', 'postmaster'] as const).flatMap(key => {
    const name = config.mail[key]
    if (name === '' || store.accounts.find(name)) return []
    const says = `The setting mail.${key} names ${name}, and there is no such account.`
    const fix = advice('Name one that is there, or none:', `porchlight config reset mail.${key}`)
    return [{ state: 'warning', about: `mail.${key}`, says, knownBy, fix }]
  })
}

function targets(
  { address, targets }: { readonly address: string; readonly targets: readonly string[] },
  visit: Visit,
): readonly Symptom[] {
  const { config, store } = visit
  const at = address.indexOf('@')
  const domains = at < 0 ? config.domains : [address.slice(at + 1)]
  // Without catch-all and subaddresses: they would hide that a target is missing.
  const mail = { catch_all: '', postmaster: '', subaddress: '' }
  const household = { hostname: '', domains: config.domains, mail, accounts: store.accounts }
  const kindOf = (target: string, context: string) => {
    const [localPart = '', domain = context] = target.split('@')
    return route({ localPart, domain }, household).kind
  }
  if (at >= 0 && !config.domains.includes(address.slice(at + 1))) {
    const says = `The alias ${address} is in a domain that is not one of the household's.`
    return [
      {
        state: 'warning',
        about: address,
        says,
        knownBy,
        fix: advice('Remove it:', `porchlight alias remove ${address}`),
      },
    ]
  }
  if (domains.some(domain => kindOf(at < 0 ? address : address.slice(0, at), domain) === 'loop')) {
    const says = `The alias ${address} leads back to itself. Mail for it is refused.`
    return [
      {
        state: 'trouble',
        about: address,
        says,
        knownBy,
        fix: advice('Remove one of its targets:', `porchlight alias remove ${address} TARGET`),
      },
    ]
  }
  return targets
    .filter(target => domains.some(domain => kindOf(target, domain) === 'unknown'))
    .map(target => ({
      state: 'warning',
      about: address,
      says: `The alias ${address} leads to ${target}, and nobody is there.`,
      knownBy,
      fix: advice('Remove that target:', `porchlight alias remove ${address} ${target}`),
    }))
}
