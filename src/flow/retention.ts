/** Mail that is kept for a while only: at night an account loses what is older than the account's own setting says. */
import { Failure } from '../base/failure.ts'
import { roundSize } from '../base/units.ts'
import type { Account } from '../store/roster.ts'
import type { EntryValue } from '../store/row.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { AccessServices } from './access.ts'
import { doubtOf } from './calendar.ts'

type RetentionServices = Pick<AccessServices, 'store' | 'clock' | 'log' | 'open'> & {
  /** Asks how late it is. @returns ms that the clock is behind a time server's; undefined when none answers */
  readonly offset: (signal: AbortSignal) => Promise<number | undefined>
}

/** Messages, and their octets as POP3 sends them. */
export type Overdue = { readonly messages: number; readonly octets: number }

/** What an account has lost. `busy` when its owner came to read meanwhile: the rest goes another night. */
export type Expired = Overdue & { readonly account: string; readonly busy: boolean }

/** The shortest age: whoever was away for a night still finds the mail of the day. */
export const leastAgeMs = 86_400_000

/** Messages looked at together, and removed in one commit. */
const slice = 1000
const prefix = 'expire.'
/** Before Porchlight was there: a clock that shows such a day was wrong. */
const beginning = Date.UTC(2026, 0, 1)

/** @param account its number @returns milliseconds that its mail is kept; undefined when it stays */
export function keptFor(settings: Settings, account: number): number | undefined {
  const value = settings.get(prefix + account)
  return value === undefined ? undefined : Number(value)
}

/**
 * @param account its number
 * @param ageMs how long its mail is kept; undefined for ever
 * @throws Failure of the store
 */
export async function keepFor(settings: Settings, account: number, ageMs: number | undefined): Promise<void> {
  if (keptFor(settings, account) !== ageMs) await settings.set(prefix + account, ageMs === undefined ? '' : `${ageMs}`)
}

/** @returns what would go now if mail were kept for so long */
export async function overdue(store: Store, account: Account, ageMs: number, now: number): Promise<Overdue> {
  const total = { messages: 0, octets: 0 }
  for await (const entries of oldEntries(store, account, ageMs, now)) add(total, entries)
  return total
}

/**
 * Removes what is too old, oldest first, in commits of a bounded size. An account whose maildrop is open is left alone.
 * @param signal stops it between two commits
 * @returns what each account has lost, of those that have such a setting
 * @throws Failure REFUSED when the clock cannot be believed, and then nothing is removed; STORE_FULL or STORE_IO
 */
export async function expire(services: RetentionServices, signal: AbortSignal): Promise<readonly Expired[]> {
  const { store, log, clock, offset } = services
  const expired: Expired[] = []
  if (store.settings.list(prefix).length === 0) return expired
  if (clock.unset?.() === true) throw new Failure('REFUSED', 'The clock is not set yet. So no mail was removed.')
  const doubt = await doubtOf(store.settings, clock.now(), await offset(signal))
  if (doubt !== undefined) {
    const way = 'If porchlight time shows the right time, set the age once more: porchlight user expire NAME AGE'
    throw new Failure('REFUSED', `${doubt} So no mail was removed. ${way}`)
  }
  for (const [name] of store.settings.list(prefix)) {
    if (signal.aborted) break
    const id = Number(name.slice(prefix.length))
    const account = store.accounts.list().find(account => account.id === id)
    const ageMs = keptFor(store.settings, id)
    if (!account) await keepFor(store.settings, id, undefined)
    if (!account || ageMs === undefined) continue
    const lost = await expireAccount(account, ageMs, services, signal)
    if (lost.messages > 0 || lost.busy) log.info(lost, 'messages removed that were too old')
    expired.push(lost)
  }
  return expired
}

/** One sentence or two for people. */
export function expiredWords(expired: readonly Expired[]): string {
  const words = expired.flatMap(({ account, messages, octets, busy }) => {
    const lost = `${messages} ${messages === 1 ? 'message' : 'messages'} (${roundSize(octets)}) of ${account} removed.`
    const waits = `${account} was being read, so its old messages wait.`
    return [...(messages > 0 ? [lost] : []), ...(busy ? [waits] : [])]
  })
  return words.length > 0 ? words.join(' ') : 'No message was too old.'
}

async function expireAccount(
  account: Account,
  ageMs: number,
  { store, clock, open }: RetentionServices,
  signal: AbortSignal,
): Promise<Expired> {
  const total = { messages: 0, octets: 0 }
  let busy = false
  for await (const entries of oldEntries(store, account, ageMs, clock.now())) {
    busy = open.has(account.id)
    // Somebody may have thought better of it.
    if (busy || signal.aborted || keptFor(store.settings, account.id) !== ageMs) break
    // For the moment of one commit: who logs in then is told to come again.
    open.add(account.id)
    try {
      await store.remove(
        account.id,
        entries.map(({ uid }) => uid),
      )
    } finally {
      open.delete(account.id)
    }
    add(total, entries)
  }
  return { account: account.name, ...total, busy }
}

function add(total: { messages: number; octets: number }, entries: readonly EntryValue[]): void {
  total.messages += entries.length
  for (const { octets } of entries) total.octets += octets
}

/**
 * Walks what is too old, a list at a time, up to the first that is not.
 *
 * The clock of a board may start years behind, or have been ahead. So a date before the account's own, before there was a
 * Porchlight, or after now, tells nothing: such a message goes together with one that came after it.
 */
async function* oldEntries(
  store: Store,
  { id, created }: Account,
  ageMs: number,
  now: number,
): AsyncGenerator<readonly EntryValue[]> {
  for (let after = 0; ; ) {
    const entries = await store.oldest(id, slice, after)
    const credible = entries.filter(({ date }) => date >= Math.max(created, beginning) && date <= now)
    const young = credible.find(({ date }) => date > now - ageMs)?.uid ?? Number.POSITIVE_INFINITY
    const last = credible.findLast(({ uid }) => uid < young)?.uid ?? 0
    const old = entries.filter(({ uid }) => uid <= last)
    if (old.length > 0) yield old
    if (entries.length < slice || young < Number.POSITIVE_INFINITY) return
    after = entries.at(-1)?.uid ?? after
  }
}
