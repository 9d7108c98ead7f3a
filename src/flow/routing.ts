/** Where mail for an address goes: aliases, accounts, subaddresses, postmaster, catch-all. */
import { budget } from '../base/budget.ts'
import { foldName } from '../base/name.ts'
import { type Address, canonicalDomain, parseAddress } from '../message/address.ts'
import type { Account } from '../store/roster.ts'

/** What an address stands for. */
export type Route =
  | {
      readonly kind: 'local'
      /** May be empty where there are forwards. */
      readonly accounts: readonly Account[]
      /** Addresses outside that an alias leads to. */
      readonly forwards: readonly string[]
    }
  | { readonly kind: 'unknown' } // our domain, but nobody there
  | { readonly kind: 'remote' } // not ours: mail for it would be relayed
  | { readonly kind: 'loop' } // aliases that lead back to themselves

/** What routing looks at. */
export type Household = {
  readonly hostname: string
  /** In canonical form. */
  readonly domains: readonly string[]
  readonly mail: { readonly catch_all: string; readonly postmaster: string; readonly subaddress: string }
  readonly accounts: {
    list(): readonly Account[]
    find(name: string): Account | undefined
    alias(address: string): readonly string[] | undefined
  }
}

/** `user%elsewhere@here`, `elsewhere!user@here` and `"user@elsewhere"@here` ask to be passed on; nobody here is named so. */
const passOn = /[%!@]/

/** Whether whoever gets mail for this address is asked to pass it on to another. */
export function asksToPassOn({ localPart }: Address): boolean {
  return passOn.test(localPart)
}

/**
 * Finds the accounts that get mail for an address, and the addresses outside that it is forwarded to. An alias wins over an account, a whole address over a name, the
 * exact name over the subaddress, and the catch-all comes last. Postmaster always reaches somebody here.
 */
export function route(address: Address, household: Household): Route {
  const domain = address.domain === '' ? '' : canonicalDomain(address.domain)
  const name = foldName(address.localPart)
  if (name === 'postmaster' && (domain === '' || domain === household.hostname)) return postmaster(household)
  if (domain === undefined || !household.domains.includes(domain) || passOn.test(name)) return { kind: 'remote' }
  for (const candidate of [name, withoutSubaddress(name, household.mail.subaddress)]) {
    const found = expand(candidate, domain, household)
    if (found.kind !== 'unknown') return name === 'postmaster' ? withSomebody(found, household) : found
  }
  if (name === 'postmaster') return postmaster(household)
  return oneAccount(household.accounts.find(household.mail.catch_all))
}

/**
 * Finds the account that someone logs in to: by its name, or by an address that is its alone.
 * @param login as the client sent it
 */
export function loginAccount(login: string, household: Household): Account | undefined {
  const named = household.accounts.find(foldName(login))
  if (named) return named
  const address = parseAddress(login, { utf8: true })
  const domain = address && canonicalDomain(address.domain)
  if (!address || !domain || !household.domains.includes(domain)) return undefined
  const found = expand(foldName(address.localPart), domain, household)
  if (found.kind !== 'local' || found.forwards.length > 0 || found.accounts.length > 1) return undefined
  return found.accounts[0]
}

/** Whether an address is the account's, or an alias that leads to it. */
export function belongs(address: Address, account: Pick<Account, 'id'>, household: Household): boolean {
  const found = route(address, household)
  return found.kind === 'local' && found.accounts.some(({ id }) => id === account.id)
}

function postmaster(household: Household): Route {
  const { accounts, mail } = household
  const aliased = expand('postmaster', household.domains[0] ?? '', household)
  if (aliased.kind !== 'unknown') return withSomebody(aliased, household)
  return oneAccount(accounts.find(mail.postmaster) ?? accounts.list()[0])
}

/** RFC 5321 §4.5.1: mail for postmaster is not to get lost with a host elsewhere. */
function withSomebody(found: Route, { accounts, mail }: Household): Route {
  if (found.kind !== 'local' || found.accounts.length > 0) return found
  const account = accounts.find(mail.postmaster) ?? accounts.list()[0]
  return account ? { ...found, accounts: [account] } : found
}

function oneAccount(account: Account | undefined): Route {
  return account ? { kind: 'local', accounts: [account], forwards: [] } : { kind: 'unknown' }
}

function withoutSubaddress(name: string, separator: string): string {
  const at = separator === '' ? -1 : name.indexOf(separator)
  return at > 0 ? name.slice(0, at) : name
}

/** Follows aliases from one name down to accounts and to addresses outside, each alias once. */
function expand(name: string, domain: string, { accounts, domains }: Household): Route {
  const found = new Map<number, Account>()
  const forwards: string[] = []
  const done = new Set<string>()
  const path = new Set<string>()

  /** @returns false when the aliases lead back to themselves */
  const follow = (target: string): boolean => {
    const [local = '', at = domain] = target.split('@')
    const address = `${local}@${at}`
    if (path.has(address) || path.size === budget.aliasDepth) return false
    if (done.has(address)) return true
    done.add(address)
    if (at !== domain && !domains.includes(at)) {
      forwards.push(address)
      return true
    }
    const targets = accounts.alias(address) ?? accounts.alias(local)
    if (targets === undefined) {
      const account = accounts.find(local)
      if (account) found.set(account.id, account)
      return true
    }
    path.add(address)
    const straight = targets.every(follow)
    path.delete(address)
    return straight
  }

  if (!follow(name)) return { kind: 'loop' }
  if (found.size === 0 && forwards.length === 0) return { kind: 'unknown' }
  return { kind: 'local', accounts: [...found.values()], forwards }
}
