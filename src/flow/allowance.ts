/** How much mail each account may keep: set at the console, looked at before more comes in from outside. */
import type { Account } from '../store/roster.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Route } from './routing.ts'

const prefix = 'quota.'

/** @returns octets that the account may keep; undefined when nobody has set a bound */
export function allowanceOf({ id }: Pick<Account, 'id'>, settings: Settings): number | undefined {
  const text = settings.get(prefix + id)
  return text === undefined ? undefined : Number(text)
}

/**
 * @param octets undefined for no bound
 * @throws Failure of the store
 */
export function setAllowance(
  { id }: Pick<Account, 'id'>,
  octets: number | undefined,
  settings: Settings,
): Promise<void> {
  return settings.set(prefix + id, octets === undefined ? '' : String(octets))
}

/**
 * Whether nobody that an address leads to has room. Where one has, or the mail goes outside, too, it is taken for all: a
 * message is one. What comes in at the same moment may go beyond the bound by as much.
 * @param octets of the message as declared, or 0
 */
export function isFull(
  { accounts, forwards }: Extract<Route, { kind: 'local' }>,
  octets: number,
  store: Pick<Store, 'settings' | 'mailbox'>,
): boolean {
  if (forwards.length > 0 || accounts.length === 0) return false
  return accounts.every(account => {
    const allowance = allowanceOf(account, store.settings)
    if (allowance === undefined) return false
    const present = store.mailbox(account.id).octets
    return present >= allowance || present + octets > allowance
  })
}
