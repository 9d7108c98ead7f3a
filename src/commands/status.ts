/** What `status` shows: the server, the store, and the mail that waits to go out. */

import type { X509Certificate } from 'node:crypto'
import { budget } from '../base/budget.ts'
import { type Memory, memoryInUse } from '../base/memory.ts'
import { formatDuration, roundSize } from '../base/units.ts'
import { version } from '../base/version.ts'
import { harmless } from '../base/words.ts'
import { readSensors, type Sensors, type Strain } from '../board/sensors.ts'
import type { Server } from '../flow/server.ts'
import { daysLeft, notedDays } from '../flow/statistics.ts'
import type { Space } from '../store/space.ts'
import type { Store } from '../store/store.ts'
import { applianceStatus } from './appliance.ts'
import type { Household, Status } from './command.ts'
import { counted, moment, roughly, upcoming, zonedMoment } from './shown.ts'
import { todayStatus } from './today.ts'

const dayMs = 24 * 60 * 60_000
/** Days before its end from which on the end of a certificate is worth a word. */
const soonDays = 30
/** Degrees Celsius from which on small boards slow themselves down. */
const hot = 80

type Disk = Pick<Store, 'settings'> & { readonly space: Pick<Space, 'free' | 'hasRoom'> }

const strainWords = {
  'power-low': 'the voltage is too low now; a stronger power supply or a shorter cable helps',
  'power-was-low': 'the voltage was too low at times; a stronger power supply or a shorter cable helps',
  slowed: 'the board is slowed down now, since it is too warm or its power too weak',
  'was-slowed': 'the board was slowed down at times, since it was too warm or its power too weak',
} as const satisfies Record<Strain, string>

/** All of it. @param server undefined where none runs */
export async function wholeStatus(household: Household, store: Store, server: Server | undefined): Promise<Status> {
  return [
    ...(server ? serverStatus(server, await memoryInUse(), household.now()) : []),
    ...boardStatus(await readSensors()),
    ...(await applianceStatus(household)),
    ...storeStatus(store, household.now()),
    ...(await todayStatus(household)),
    ...(await queueStatus(household)),
  ]
}

/** @param now ms since the epoch */
function serverStatus(server: Server, memory: Memory | undefined, now: number): Status {
  const { up, listening, connections } = server
  const { leaf } = server.services.certificate()
  return [
    ['version', version],
    ['up for', formatDuration(Math.floor(up / 1000) * 1000)],
    ...listening.map(({ service, name }) => [service, name] as const),
    ['connections', String(connections)],
    ...(memory ? [['memory', memoryWords(memory)] as const] : []),
    ...(leaf ? [['certificate', certificateWords(leaf, now)] as const] : []),
  ]
}

export function memoryWords({ resident, anonymous }: Memory): string {
  const planned = roundSize(budget.memory)
  if (anonymous > budget.memory) return `${roundSize(resident)}; more than the ${planned} that are planned`
  if (resident <= budget.memory) return `${roundSize(resident)} of ${planned}`
  return `${roundSize(anonymous)} of ${planned}, and ${roundSize(resident - anonymous)} that the system can take back`
}

/** @param now ms since the epoch */
export function certificateWords(
  { validToDate, validFromDate }: Pick<X509Certificate, 'validToDate' | 'validFromDate'>,
  now: number,
): string {
  const [begin, end] = [validFromDate.getTime(), validToDate.getTime()]
  if (end <= now) return `its time was over on ${moment(end)}; programs refuse it`
  if (now < begin) return `its time begins on ${moment(begin)}; is the clock right?`
  const days = Math.floor((end - now) / dayMs)
  return days < soonDays ? `good for ${counted(days, 'day')} only, until ${moment(end)}` : `good for ${days} days`
}

/** What the board tells, and nothing where it does not. */
export function boardStatus({ model, temperature, strains }: Sensors): Status {
  const rows: [label: string, value: string][] = []
  if (model !== undefined) rows.push(['board', model])
  if (temperature !== undefined) {
    rows.push(['temperature', `${temperature.toFixed(1)} degrees Celsius${temperature >= hot ? '; that is hot' : ''}`])
  }
  if (strains?.length === 0) rows.push(['power', 'well'])
  for (const strain of strains ?? []) rows.push(['power', strainWords[strain]])
  return rows
}

/** @param now ms since the epoch */
function storeStatus(store: Store, now: number): Status {
  const { accounts, failure } = store
  const boxes = accounts.list().map(({ id }) => store.mailbox(id))
  const messages = boxes.reduce((sum, { count }) => sum + count, 0)
  const octets = boxes.reduce((sum, box) => sum + box.octets, 0)
  return [
    ['accounts', String(boxes.length)],
    ['messages', `${messages} (${roundSize(octets)})`],
    ['disk', diskWords(store, now)],
    ['store', failure ? `takes no mail: ${failure.message}` : 'well'],
  ]
}

/** @param now ms since the epoch */
export function diskWords({ space, settings }: Disk, now: number): string {
  const free = `${roundSize(space.free)} free`
  if (!space.hasRoom(0)) return `${free}; too little, so mail is refused`
  const days = daysLeft(notedDays(settings), space.free - budget.reserve, now)
  return days === undefined ? free : `${free}; enough for ${counted(days, 'day')} at this rate`
}

/** Cheap however much waits: its front is looked at, and no more. */
export async function queueStatus(household: Household): Promise<Status> {
  const { outbound, delivery } = household
  const rows: [label: string, value: string][] = [['queue', await lengthWords(household)]]
  if (outbound.length > 0 || delivery.suspended) rows.push(['delivery', await deliveryWords(household)])
  const { blocked } = delivery
  if (blocked) rows.push(['port 25', `blocked since ${zonedMoment(blocked.since)}: ${harmless(blocked.why)}`])
  return rows
}

async function lengthWords({ outbound, now }: Household): Promise<string> {
  if (outbound.length === 0) return 'empty'
  for await (const [oldest] of outbound.all()) {
    if (oldest) return `${outbound.length} waiting, the oldest for ${roughly(now() - oldest.date)}`
  }
  return 'empty'
}

async function deliveryWords({ outbound, delivery, now }: Household): Promise<string> {
  if (delivery.suspended) return 'suspended; to go on: porchlight queue resume'
  if (delivery.offline) return 'no name server answers; the network is looked for every minute'
  if (delivery.underWay > 0) return `under way, over ${counted(delivery.underWay, 'connection')}`
  let due = false
  const later = await outbound.takeDue(now(), () => {
    due = true
    return 'left'
  })
  if (due) return 'next attempt now'
  return later === undefined ? 'nothing is due; what waits is held' : `next attempt ${upcoming(later, now())}`
}
