/** What is done for the board while the server runs on it: its light says how things are, and a new version stands its trial. */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Appliance } from '../board/appliance.ts'
import { standTrial } from '../board/health.ts'
import { Led } from '../board/led.ts'
import type { House } from '../commands/command.ts'
import { tellFallback } from '../commands/fallback.ts'
import type { World } from '../commands/world.ts'
import { alerts } from '../journal/alerts.ts'
import type { Journal } from '../journal/journal.ts'
import { vitalsOf } from './vitals.ts'

type Tended = Pick<World, 'selftest' | 'dial'> & {
  readonly board: Appliance
  readonly house: House
  readonly journal: Journal
  readonly log: Log
  readonly clock: Clock
}

/** Lines of the log that say that mail moves. */
const moving: ReadonlySet<string> = new Set(['message accepted', 'message posted', 'delivered', 'maildrop opened'])

/** @returns ends it */
export function tendBoard(tended: Tended): () => Promise<void> {
  const { board, house, log, clock } = tended
  const stopping = new AbortController()
  if (board.facts.repaired !== undefined) log.warn({ why: board.facts.repaired }, 'the disk was repaired at the start')
  const clockSet = (set: boolean) => {
    if (set) log.info('the clock is set')
  }
  board.changes.on('clock', clockSet)
  const closeLight = openLight(tended)
  // Nobody waits for its end: at the stop of the server a self-test may be under way.
  if (board.trial) void standTrial({ board, vitals: vitalsOf(tended), log, clock, signal: stopping.signal })
  else void tellFallback(house.household, log)
  return async () => {
    stopping.abort()
    board.changes.off('clock', clockSet)
    await closeLight()
  }
}

/** The light follows the log: what an alert tells of is shown by it for as long. */
function openLight({ board, house, journal, log, clock }: Tended): () => Promise<void> {
  const { led } = board.facts
  if (led === undefined) return async () => {}
  let alertedAt = Number.NEGATIVE_INFINITY
  const light = new Led({
    folder: `/sys/class/leds/${led}`,
    attention: () => clock.elapsed() - alertedAt < budget.alertMs || isIll(house),
    log,
  })
  const endAlerts = alerts(journal, () => (alertedAt = clock.elapsed()))
  const endBlinks = journal.watch(({ msg }) => {
    if (moving.has(msg)) light.blink()
  })
  return async () => {
    endAlerts()
    endBlinks()
    await light.close()
  }
}

/** Whether the mail store takes no mail, or cannot be opened; while it is being opened anew, that is not known. */
function isIll(house: House): boolean {
  try {
    const { closed, patient } = house.household
    return closed !== undefined || patient.store.failure !== undefined
  } catch {
    return false
  }
}
