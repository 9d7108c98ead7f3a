/** What `status` shows: the server, the store, and the mail that waits to go out. */
import { formatDuration, roundSize } from '../base/units.ts'
import { version } from '../base/version.ts'
import type { Server } from '../flow/server.ts'
import type { Store } from '../store/store.ts'
import type { Household, Status } from './command.ts'
import { counted, harmless, moment, roughly, upcoming } from './shown.ts'

export function serverStatus({ up, listening, connections }: Server): Status {
  return [
    ['version', version],
    ['up for', formatDuration(Math.floor(up / 1000) * 1000)],
    ...listening.map(({ service, name }) => [service, name] as const),
    ['connections', String(connections)],
  ]
}

export function storeStatus(store: Store): Status {
  const { accounts, space, failure } = store
  const boxes = accounts.list().map(({ id }) => store.mailbox(id))
  const messages = boxes.reduce((sum, { count }) => sum + count, 0)
  const octets = boxes.reduce((sum, box) => sum + box.octets, 0)
  return [
    ['accounts', String(boxes.length)],
    ['messages', `${messages} (${roundSize(octets)})`],
    ['disk', `${roundSize(space.free)} free${space.hasRoom(0) ? '' : '; too little, so mail is refused'}`],
    ['store', failure ? `takes no mail: ${failure.message}` : 'well'],
  ]
}

/** Cheap however much waits: its front is looked at, and no more. */
export async function queueStatus(household: Household): Promise<Status> {
  const { outbound, delivery } = household
  const rows: [label: string, value: string][] = [['queue', await lengthWords(household)]]
  if (outbound.length > 0 || delivery.suspended) rows.push(['delivery', await deliveryWords(household)])
  const { blocked } = delivery
  if (blocked) rows.push(['port 25', `blocked since ${moment(blocked.since)} UTC: ${harmless(blocked.why)}`])
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
