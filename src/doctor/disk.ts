/** Whether the disk has room: mail is refused long before there is none. */
import { budget } from '../base/budget.ts'
import { roundSize } from '../base/units.ts'
import { daysLeft, notedDays } from '../flow/statistics.ts'
import { advice, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'
import { counted } from './span.ts'

/** Days that a household needs to see to it. */
const soonDays = 30

export const disk: Check = {
  name: 'disk',
  meaning: 'whether the disk has room for mail',
  look: async visit => [look(visit)],
}

function look({ store, clock }: Visit): Symptom {
  const { free } = store.space
  return judgeDisk(free, daysLeft(notedDays(store.settings), free - budget.reserve, clock.now()))
}

/**
 * @param free octets
 * @param days for which that does, if it is known
 */
export function judgeDisk(free: number, days: number | undefined): Symptom {
  const room = free - budget.reserve
  const knownBy = 'The file system of the data directory was asked for its free space.'
  const fix = advice(
    'Delete mail that nobody needs, let old mail be removed by itself, or use a larger disk.',
    'porchlight user list',
  )
  if (room < 0) {
    const says = `Only ${roundSize(free)} of the disk are free, less than the reserve of ${roundSize(budget.reserve)}. Mail is refused, and its senders try again later.`
    return { state: 'trouble', says, knownBy, fix }
  }
  if (days !== undefined && days < soonDays) {
    const says = `${roundSize(room)} are left for mail. As the disk filled in the last weeks, that does for ${counted(days, 'day')}.`
    return { state: 'warning', says, knownBy: `${knownBy} What was free is noted every night.`, fix }
  }
  if (room < budget.reserve) {
    return { state: 'warning', says: `Only ${roundSize(room)} are left for mail.`, knownBy, fix }
  }
  const rate = days === undefined ? '' : ` As it filled in the last weeks, that does for ${counted(days, 'day')}.`
  return { state: 'well', says: `${roundSize(room)} are left for mail.${rate}`, knownBy }
}
