/** What a change to accounts and aliases would do to the mail of others: asked of the routing itself, before it is made. */
import { Pace } from '../base/pace.ts'
import { route } from '../flow/routing.ts'
import type { Account, Alias } from '../store/roster.ts'
import type { Household } from './command.ts'

/** Accounts and aliases as they are, or as they would be. */
export type Directory = {
  readonly domains: readonly string[]
  readonly list: () => readonly Account[]
  readonly find: (name: string) => Account | undefined
  readonly alias: (address: string) => readonly string[] | undefined
  readonly aliases: () => readonly Alias[]
}

/** The directory as it is. */
export function directoryOf({ accounts, config }: Household): Directory {
  return {
    domains: config.domains,
    list: () => accounts.list(),
    find: name => accounts.find(name),
    alias: address => accounts.alias(address),
    aliases: () => accounts.aliases(),
  }
}

/** The directory as it would be with this alias set, or removed when it has no targets. */
export function withAlias(directory: Directory, address: string, targets: readonly string[]): Directory {
  const others = directory.aliases().filter(alias => alias.address !== address)
  const aliases = targets.length === 0 ? others : [{ address, targets }, ...others]
  const found = targets.length === 0 ? undefined : targets
  return {
    ...directory,
    alias: asked => (asked === address ? found : directory.alias(asked)),
    aliases: () => aliases,
  }
}

/** The directory as it would be without this account. */
export function withoutAccount(directory: Directory, name: string): Directory {
  return {
    ...directory,
    list: () => directory.list().filter(account => account.name !== name),
    find: asked => (asked === name ? undefined : directory.find(asked)),
  }
}

/** Finds an alias that leads back to itself, or through more aliases than are followed. */
export function findLoop(directory: Directory): Promise<string | undefined> {
  return firstOf(directory, ({ address }) =>
    domainsOf(address, directory).some(domain => reach(address, domain, directory) === 'loop'),
  )
}

/** Finds an alias with a target that leads to somebody before the change and to nobody after it. */
export function findBroken(before: Directory, after: Directory): Promise<string | undefined> {
  return firstOf(after, ({ address, targets }) =>
    domainsOf(address, after).some(domain =>
      targets.some(target => reach(target, domain, before) === 'local' && reach(target, domain, after) !== 'local'),
    ),
  )
}

/** The first alias of which something is true; all of them together may be a million ways to follow. */
async function firstOf(directory: Directory, is: (alias: Alias) => boolean): Promise<string | undefined> {
  const pace = new Pace()
  for (const alias of directory.aliases()) {
    if (is(alias)) return alias.address
    await pace.step()
  }
  return undefined
}

/** Finds a target of an alias that leads to nobody in one of the alias's domains. */
export function findUnknown(address: string, targets: readonly string[], directory: Directory): string | undefined {
  const domains = domainsOf(address, directory)
  return targets.find(target => domains.some(domain => reach(target, domain, directory) === 'unknown'))
}

/** An alias without a domain is one in every local domain. */
function domainsOf(address: string, { domains }: Directory): readonly string[] {
  return address.includes('@') ? [address.slice(address.indexOf('@') + 1)] : domains
}

function reach(target: string, context: string, directory: Directory): ReturnType<typeof route>['kind'] {
  const [localPart = '', domain = context] = target.split('@')
  // Without catch-all and subaddresses: they would hide that a target is missing.
  const mail = { catch_all: '', postmaster: '', subaddress: '' }
  return route({ localPart, domain }, { hostname: '', domains: directory.domains, mail, accounts: directory }).kind
}
