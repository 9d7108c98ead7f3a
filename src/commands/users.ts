/** The commands for accounts: user add, list, remove and password. */
import { generatePassword, hashPassword, passwordProblem } from '../auth/password.ts'
import type { Config } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import { accountName, accountRule } from '../base/name.ts'
import { formatSize, roundSize } from '../base/units.ts'
import { columns, didYouMean, harmless } from '../base/words.ts'
import { absenceOf, setAbsence } from '../flow/absence.ts'
import { allowanceOf, setAllowance } from '../flow/allowance.ts'
import { listDevices } from '../flow/device.ts'
import { keepFor } from '../flow/retention.ts'
import { route } from '../flow/routing.ts'
import type { Account } from '../store/roster.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { directoryOf, findBroken, withoutAccount } from './reach.ts'

const reserved: Readonly<Record<string, string>> = {
  postmaster: 'mail.postmaster in the configuration, or an alias, says who gets its mail',
  'mailer-daemon': 'reports of failed delivery come from it',
}

export async function addUser({ operands: [text = ''], options }: Call, context: Context): Promise<Lines> {
  const { household } = context
  const name = newName(text, household)
  const { hash, lines } = await newPassword(options.generate, context)
  await household.accounts.add(name, hash)
  return [`${name} is ready: ${addresses(name, household.config)}`, ...lines]
}

/** @returns the name in its one form @throws Failure REFUSED why there can be no new account of this name */
export function newName(text: string, { accounts }: Pick<Household, 'accounts'>): string {
  const name = accountName(text)
  if (name === undefined) refuse(`"${harmless(text)}" cannot be the name of an account: ${accountRule}.`)
  if (Object.hasOwn(reserved, name)) refuse(`${name} cannot be an account: ${reserved[name]}.`)
  if (accounts.find(name)) refuse(`There is an account ${name} already.`)
  const taken = accounts.aliases().find(({ address }) => address.split('@')[0] === name)
  if (taken) refuse(`${taken.address} is an alias; remove it first: porchlight alias remove ${taken.address}`)
  return name
}

export async function listUsers(_call: Call, { household, width }: Context): Promise<Lines> {
  const accounts = household.accounts.list()
  if (accounts.length === 0) return ['There are no accounts yet. To make one: porchlight user add NAME']
  const rows = accounts.map(({ id, name }) => {
    const { messages, octets } = household.mailbox(name)
    const most = allowanceOf({ id }, household.settings)
    const size = most === undefined ? roundSize(octets) : `${roundSize(octets)} of ${formatSize(most)}`
    return [name, String(messages), size, addresses(name, household.config)]
  })
  return columns([['NAME', 'MESSAGES', 'SIZE', 'ADDRESSES'], ...rows], width)
}

export async function removeUser({ operands: [text = ''], options }: Call, { household }: Context): Promise<Lines> {
  const { id, name } = existing(text, household)
  const { messages, octets } = household.mailbox(name)
  const mail = `${messages} ${messages === 1 ? 'message' : 'messages'} (${roundSize(octets)})`
  if (messages > 0 && !options['delete-mail']) {
    refuse(`${name} still has ${mail}. To delete it too: porchlight user remove ${name} --delete-mail`)
  }
  const directory = directoryOf(household)
  const broken = await findBroken(directory, withoutAccount(directory, name))
  if (broken !== undefined) {
    refuse(`The alias ${broken} leads to ${name}. First: porchlight alias remove ${broken} ${name}`)
  }
  await household.accounts.remove(name)
  await forgetSettings(id, household)
  return [
    messages > 0 ? `${name} is removed, with ${mail}.` : `${name} is removed.`,
    ...stillNamed(name, household.config),
    ...stranded(household),
  ]
}

export async function changePassword({ operands: [text = ''], options }: Call, context: Context): Promise<Lines> {
  const { name } = existing(text, context.household)
  const { hash, lines } = await newPassword(options.generate, context)
  await context.household.accounts.setPassword(name, hash)
  return [`The password of ${name} is changed.`, ...lines]
}

/** What was set for an account goes with it. */
async function forgetSettings(id: number, { settings }: Household): Promise<void> {
  await keepFor(settings, id, undefined)
  if (allowanceOf({ id }, settings) !== undefined) await setAllowance({ id }, undefined, settings)
  if (absenceOf({ id }, settings)) await setAbsence({ id }, undefined, settings)
}

/** @throws Failure REFUSED when there is no such account */
export function existing(text: string, { accounts }: Household): Account {
  const account = accounts.find(accountName(text) ?? '')
  if (account) return account
  const names = accounts.list().map(({ name }) => name)
  return refuse(`There is no account ${harmless(text)}${didYouMean(text, names)} To see them: porchlight user list`)
}

/** @returns what is kept of the password that came with the command, or of one that is made; and what is to be said of it */
export async function newPassword(
  generate: boolean | undefined,
  context: Context,
): Promise<{ hash: string; lines: Lines }> {
  if (generate) {
    const password = generatePassword()
    return { hash: await hashPassword(password), lines: [`Its password, shown only now: ${password}`] }
  }
  const { password } = context
  if (password === undefined) throw new Failure('USAGE', 'No password came with the command.')
  const problem = passwordProblem(password)
  if (problem !== undefined) refuse(problem)
  return { hash: await hashPassword(password), lines: [] }
}

function addresses(name: string, { domains }: Config): string {
  return domains.map(domain => `${name}@${domain}`).join(', ')
}

function stillNamed(name: string, { mail }: Config): Lines {
  const settings = (['catch_all', 'postmaster'] as const).filter(setting => mail[setting] === name)
  return settings.map(setting => `mail.${setting} in the configuration still names ${name}.`)
}

/** Devices that send in the name of nobody now. */
function stranded({ settings, accounts, config }: Household): Lines {
  const lost = listDevices(settings).filter(({ asAddress }) => {
    const found = route(asAddress, { ...config, accounts })
    return found.kind !== 'local' || found.accounts.length === 0
  })
  return lost.map(
    ({ name, as }) => `The device ${name} sends as ${as}, which leads to nobody now: its mail is refused.`,
  )
}
