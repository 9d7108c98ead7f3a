/** How the disk fills: one note a day, from which follows for how many days it will do. */
import { budget } from '../base/budget.ts'
import type { Settings } from '../store/settings.ts'
import type { Space } from '../store/space.ts'
import type { Store } from '../store/store.ts'

/** What was noted on one day. */
export type Day = {
  /** Days since 1970 began, in UTC. */
  readonly day: number
  /** Octets in all mailboxes. */
  readonly mail: number
  /** Octets that the file system had free. */
  readonly free: number
}

/** What is looked at. */
type Noted = Pick<Store, 'accounts' | 'mailbox' | 'settings'> & { readonly space: Pick<Space, 'free'> }

const setting = 'statistics.days'
const dayMs = 24 * 60 * 60_000
/** Fewer days say nothing about the next ones. */
const fewest = 4
/** Days that are looked at: a month has its weekends and its bills. */
const looked = 30
/** Days left beyond which nobody has to care: ten years. */
const most = 3650

/** What was noted, the oldest day first. What makes no sense is left out. */
export function notedDays(settings: Pick<Settings, 'get'>): readonly Day[] {
  return readList(settings.get(setting)).flatMap(item => {
    if (!Array.isArray(item)) return []
    const [day, mail, free]: unknown[] = item
    return isCount(day) && isCount(mail) && isCount(free) ? [{ day, mail, free }] : []
  })
}

/**
 * Notes how it is today, in place of what was noted today before.
 * @param now ms since the epoch
 * @throws Failure of the store
 */
export async function noteDay(store: Noted, now: number): Promise<void> {
  const { accounts, space, settings } = store
  const today = Math.floor(now / dayMs)
  const mail = accounts.list().reduce((sum, { id }) => sum + store.mailbox(id).octets, 0)
  // Days to come were noted under a clock that was wrong.
  const before = notedDays(settings).filter(({ day }) => day < today && day > today - budget.statisticsDays)
  const days = [...before, { day: today, mail, free: space.free }]
  await settings.set(setting, JSON.stringify(days.map(({ day, mail, free }) => [day, mail, free])))
}

/**
 * For how many days the disk will do when it goes on filling as in the last weeks: along the straight line that is nearest to
 * what was noted (least squares), so that what the last day alone brought does not count for all.
 * @param room octets that may still be written
 * @param now ms since the epoch
 * @returns whole days; undefined when too little is known, when it does not fill, or not in the next ten years
 */
export function daysLeft(days: readonly Day[], room: number, now: number): number | undefined {
  const today = Math.floor(now / dayMs)
  const recent = days.filter(({ day }) => day <= today && day > today - looked)
  if (recent.length < fewest) return undefined
  const middle = mean(recent.map(({ day }) => day))
  const free = mean(recent.map(one => one.free))
  const spread = recent.reduce((sum, { day }) => sum + (day - middle) ** 2, 0)
  const slope = recent.reduce((sum, one) => sum + (one.day - middle) * (one.free - free), 0) / spread
  if (!(slope < 0)) return undefined
  const left = Math.floor(Math.max(0, room) / -slope)
  return left > most ? undefined : left
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function readList(text: string | undefined): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}
