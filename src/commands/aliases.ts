/** The commands for aliases: alias add, list and remove. */
import type { Config } from '../base/config.ts'
import { aliasName, aliasRule, domainName } from '../base/name.ts'
import { columns, didYouMean, harmless } from '../base/words.ts'
import { asksToPassOn, route } from '../flow/routing.ts'
import { formatAddress, parseAddress } from '../message/address.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { type Directory, directoryOf, findBroken, findLoop, findUnknown, withAlias } from './reach.ts'

/** Adds targets to an alias, which is made when it is new. Those outside get its mail forwarded. */
export async function addAlias({ operands: [text = '', ...texts] }: Call, { household }: Context): Promise<Lines> {
  const { accounts, config } = household
  const address = canonical(text, config)
  const [local = ''] = address.split('@')
  if (accounts.find(local)) refuse(`${local} is an account; an alias cannot take its address.`)
  const present = accounts.alias(address) ?? []
  const targets = [...new Set([...present, ...texts.map(target => targetOf(target, config))])]
  if (targets.length === present.length) return [shown(address, present)]
  const directory = withAlias(directoryOf(household), address, targets)
  const unknown = findUnknown(address, targets, directory)
  if (unknown !== undefined) refuse(`"${unknown}" is no account or alias here${suggestion(unknown, directory)}`)
  const loop = await findLoop(directory)
  if (loop !== undefined) refuse(`With this, ${loop} would lead back to itself, or through too many aliases.`)
  await accounts.setAlias(address, targets)
  return [shown(address, targets), ...outsideWords(address, targets, household)]
}

export async function listAliases({ operands: [text] }: Call, { household, width, print }: Context): Promise<Lines> {
  const { accounts, config } = household
  if (text !== undefined) return columns([titles, oneAlias(canonical(text, config), household)], width)
  const all = accounts.aliases()
  if (all.length === 0) return ['There are no aliases. To make one: porchlight alias add ADDRESS TARGET…']
  const longest = all.reduce((most, { address }) => Math.max(most, address.length), titles[0].length)
  const shown = (name: string, rest: string) => columns([[name.padEnd(longest), rest]], width)
  for (const line of shown(...titles)) await print(line)
  // One after the other: all together may be megabytes.
  for (const { address, targets } of all) {
    for (const line of shown(address, targets.join(', '))) await print(line)
  }
  return []
}

const titles = ['ALIAS', 'LEADS TO'] as const

function oneAlias(address: string, { accounts }: Household): readonly string[] {
  const targets = accounts.alias(address) ?? refuse(`There is no alias ${address}.`)
  return [address, targets.join(', ')]
}

/** Removes targets from an alias, or without targets the alias. What is gone already does no harm. */
export async function removeAlias({ operands: [text = '', ...texts] }: Call, { household }: Context): Promise<Lines> {
  const { accounts, config } = household
  const address = canonical(text, config)
  const present = accounts.alias(address)
  if (!present) return [`There is no alias ${address}.`]
  const leaving = texts.map(target => targetOf(target, config))
  const targets = leaving.length === 0 ? [] : present.filter(target => !leaving.includes(target))
  if (targets.length === present.length) return [shown(address, present)]
  const directory = directoryOf(household)
  const broken = await findBroken(directory, withAlias(directory, address, targets))
  if (broken !== undefined) refuse(`The alias ${broken} leads to ${address}. First: porchlight alias remove ${broken}`)
  if (targets.length > 0) await accounts.setAlias(address, targets)
  else await accounts.removeAlias(address)
  if (targets.length === 0) return [`${address} is removed.`]
  return [shown(address, targets), ...outsideWords(address, targets, household)]
}

/** A name, a local address or one outside, in the form in which it is stored and compared. */
function targetOf(text: string, config: Config): string {
  if (!text.includes('@')) return canonical(text, config)
  const address = parseAddress(text, { utf8: true })
  if (config.domains.includes(address?.domain ?? domainName(text.slice(text.lastIndexOf('@') + 1)) ?? '')) {
    return canonical(text, config)
  }
  if (!address) refuse(`"${harmless(text)}" is no address; write for instance joe@example.org.`)
  // A host must be reachable whatever it knows of Unicode, and no quotes are to make two addresses of one.
  if (!/^[!-?A-~]+$/.test(address.localPart))
    refuse(`Mail cannot be forwarded to ${harmless(text)}: its name is too odd.`)
  if (asksToPassOn(address) || address.domain === config.hostname) {
    refuse(`${harmless(text)} would lead back here; name the account itself.`)
  }
  return formatAddress(address)
}

/** A name or local address in the form in which it is stored and compared. */
function canonical(text: string, { domains }: Config): string {
  const [, local = '', host] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? []
  const domain = host === undefined ? undefined : domainName(host)
  if (host !== undefined && (domain === undefined || !domains.includes(domain))) {
    refuse(`${harmless(text)} is outside of this household (${domains.join(', ')}).`)
  }
  const name = aliasName(local)
  if (name === undefined) refuse(`"${local}" cannot be the name in an address here: ${aliasRule}.`)
  return domain === undefined ? name : `${name}@${domain}`
}

/** What is not to be expected of mail that is passed on. */
function outsideWords(address: string, targets: readonly string[], { config, accounts }: Household): Lines {
  const isOutside = (target: string) => target.includes('@') && !config.domains.includes(target.split('@')[1] ?? '')
  if (!targets.some(isOutside)) return []
  const lines = ['What cannot be delivered outside is reported to postmaster here.']
  if (address.split('@')[0] !== 'postmaster' || !targets.every(isOutside)) return lines
  const found = route({ localPart: 'postmaster', domain: address.split('@')[1] ?? '' }, { ...config, accounts })
  const names = found.kind === 'local' ? found.accounts.map(({ name }) => name).join(', ') : ''
  return names === ''
    ? lines
    : [...lines, `It stays here, too, for ${names}: postmaster must reach somebody in this house.`]
}

function shown(address: string, targets: readonly string[]): string {
  return `${address} leads to ${targets.join(', ')}.`
}

function suggestion(unknown: string, { list, aliases }: Directory): string {
  const known = [...list().map(({ name }) => name), ...aliases().map(({ address }) => address)]
  const others = known.filter(name => name !== unknown)
  return didYouMean(unknown, others)
}
