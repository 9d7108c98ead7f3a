/** The commands for aliases: alias add, list and remove. */
import type { Config } from '../base/config.ts'
import { aliasName, aliasRule, domainName } from '../base/name.ts'
import { columns, didYouMean } from '../base/words.ts'
import { type Call, type Context, type Lines, refuse } from './command.ts'
import { type Directory, directoryOf, findBroken, findLoop, findUnknown, withAlias } from './reach.ts'

/** Adds targets to an alias, which is made when it is new. */
export async function addAlias({ operands: [text = '', ...texts] }: Call, { household }: Context): Promise<Lines> {
  const { accounts, config } = household
  const address = canonical(text, config)
  const [local = ''] = address.split('@')
  if (accounts.find(local)) refuse(`${local} is an account; an alias cannot take its address.`)
  const present = accounts.alias(address) ?? []
  const targets = [...new Set([...present, ...texts.map(target => canonical(target, config))])]
  if (targets.length === present.length) return [shown(address, present)]
  const directory = withAlias(directoryOf(household), address, targets)
  const unknown = findUnknown(address, targets, directory)
  if (unknown !== undefined) refuse(`There is no ${unknown} here${suggestion(unknown, directory)}`)
  const loop = findLoop(directory)
  if (loop !== undefined) refuse(`With this, ${loop} would lead back to itself, or through too many aliases.`)
  await accounts.setAlias(address, targets)
  return [shown(address, targets)]
}

export async function listAliases({ operands: [text] }: Call, { household }: Context): Promise<Lines> {
  const all = household.accounts.aliases()
  const address = text === undefined ? undefined : canonical(text, household.config)
  const aliases = address === undefined ? all : all.filter(alias => alias.address === address)
  if (address !== undefined && aliases.length === 0) refuse(`There is no alias ${address}.`)
  if (aliases.length === 0) return ['There are no aliases. To make one: porchlight alias add ADDRESS TARGET…']
  return columns([['ALIAS', 'LEADS TO'], ...aliases.map(alias => [alias.address, alias.targets.join(', ')])])
}

/** Removes targets from an alias, or without targets the alias. What is gone already does no harm. */
export async function removeAlias({ operands: [text = '', ...texts] }: Call, { household }: Context): Promise<Lines> {
  const { accounts, config } = household
  const address = canonical(text, config)
  const present = accounts.alias(address)
  if (!present) return [`There is no alias ${address}.`]
  const leaving = texts.map(target => canonical(target, config))
  const targets = leaving.length === 0 ? [] : present.filter(target => !leaving.includes(target))
  if (targets.length === present.length) return [shown(address, present)]
  const directory = directoryOf(household)
  const broken = findBroken(directory, withAlias(directory, address, targets))
  if (broken !== undefined) refuse(`The alias ${broken} leads to ${address}. First: porchlight alias remove ${broken}`)
  if (targets.length > 0) await accounts.setAlias(address, targets)
  else await accounts.removeAlias(address)
  return [targets.length > 0 ? shown(address, targets) : `${address} is removed.`]
}

/** A name or local address in the form in which it is stored and compared. */
function canonical(text: string, { domains }: Config): string {
  const [, local = '', host] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? []
  const domain = host === undefined ? undefined : domainName(host)
  if (host !== undefined && (domain === undefined || !domains.includes(domain))) {
    refuse(`${text} is outside of this household (${domains.join(', ')}); aliases lead only to its own addresses yet.`)
  }
  const name = aliasName(local)
  if (name === undefined) refuse(`"${local}" cannot be the name in an address here: ${aliasRule}.`)
  return domain === undefined ? name : `${name}@${domain}`
}

function shown(address: string, targets: readonly string[]): string {
  return `${address} leads to ${targets.join(', ')}.`
}

function suggestion(unknown: string, { list, aliases }: Directory): string {
  const known = [...list().map(({ name }) => name), ...aliases().map(({ address }) => address)]
  const others = known.filter(name => name !== unknown)
  return didYouMean(unknown, others)
}
