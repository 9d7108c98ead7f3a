/**
 * Whether the date may be believed, before mail is removed by its age. The clock of a board without a battery may be years
 * ahead one day, and then everything would be old.
 */
import type { Settings } from '../store/settings.ts'

const setting = 'clock.believed'
const dayMs = 86_400_000
/** Off by so much, a clock is believed no more: mail would go by more than a night too early. */
const wrongMs = dayMs / 2
/** As far as a clock may go from one night to another where nobody else tells the time: one night may be left out. */
const nightsMs = 2 * dayMs

/** Notes that the clock was right. @param now what it shows, ms since the epoch @throws Failure of the store */
export function believe(settings: Pick<Settings, 'set'>, now: number): Promise<void> {
  return settings.set(setting, `${now}`)
}

/**
 * Looks whether the clock may be believed, and notes it if so. A time server decides; where none can be asked, a clock that was
 * right a night ago is right still.
 * @param now what it shows, ms since the epoch
 * @param offset milliseconds that it is behind a time server's; undefined when there is no answer
 * @returns why not, as a sentence
 * @throws Failure of the store
 */
export async function doubtOf(
  settings: Pick<Settings, 'get' | 'set'>,
  now: number,
  offset: number | undefined,
): Promise<string | undefined> {
  if (offset !== undefined && Math.abs(offset) > wrongMs) {
    const side = offset < 0 ? 'ahead of' : 'behind'
    const days = Math.max(1, Math.round(Math.abs(offset) / dayMs))
    return `The clock is ${days} ${days === 1 ? 'day' : 'days'} ${side} the time server.`
  }
  const before = settings.get(setting)
  const gone = before === undefined ? Number.NaN : Math.abs(now - Number(before))
  if (offset === undefined && !(gone <= nightsMs)) {
    return 'No time server can be asked, and the clock has gone further than from one night to the next.'
  }
  await believe(settings, now)
  return undefined
}
