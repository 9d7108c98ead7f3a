/** How much mail each account may keep: set at the console, looked at before more comes in from outside. */
import type { Account } from '../store/roster.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

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
 * Whether none of these accounts has room. Where one has, or the mail goes outside, too, it is taken for all: a message is
 * one. What comes in at the same moment may go beyond the bound by as much.
 * @param accounts their numbers, at least one
 * @param octets of the message: as declared, or 0, and as they are once they have come
 */
export function areFull(
  accounts: readonly number[],
  octets: number,
  store: Pick<Store, 'settings' | 'mailbox'>,
): boolean {
  return accounts.every(id => {
    const allowance = allowanceOf({ id }, store.settings)
    if (allowance === undefined) return false
    const present = store.mailbox(id).octets
    return present >= allowance || present + octets > allowance
  })
}
