/** How commands write what they show: times, spans, counts, and the words of strangers. */
import { harmless } from '../base/words.ts'
import type { Answer } from '../store/attempt.ts'

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** How the household writes its times: `console.clock` and `console.time_zone` of the configuration. */
type ClockSettings = {
  readonly clock: 'iso' | 'european' | 'american'
  /** Empty for that of this machine. */
  readonly time_zone: string
}

/** The parts of a moment, each with its leading zero. */
type Written = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>>

const forms = {
  iso: ({ year, month, day, hour, minute, second }) => `${year}-${month}-${day} ${hour}:${minute}:${second}`,
  european: ({ year, month, day, hour, minute, second }) => `${day}.${month}.${year} ${hour}:${minute}:${second}`,
  american: ({ year, month, day, hour, minute, second }) =>
    `${month}/${day}/${year} ${String(Number(hour) % 12 || 12)}:${minute}:${second} ${Number(hour) < 12 ? 'AM' : 'PM'}`,
} as const satisfies Record<ClockSettings['clock'], (written: Written) => string>

const dayMs = 24 * 60 * 60_000

/** One for the process, since a process serves one household. UTC until it is told. */
let form: keyof typeof forms = 'iso'
let zone = 'UTC'
/** Made when the first time is written: it brings the time zones of the world along. */
let formatter: Intl.DateTimeFormat | undefined

/** Has all times written so from now on: `Configuration` sees to it, whenever the settings are read. */
export function useClock({ clock, time_zone }: ClockSettings): void {
  form = clock
  zone = time_zone
  formatter = undefined
}

/** A moment as the household writes it: `2026-11-22 08:10:22`. @param ms since the epoch */
export function moment(ms: number): string {
  return forms[form](parts(ms))
}

/** The same with its zone, for where others may read it: `2026-11-22 08:10:22 UTC+1`. */
export function zonedMoment(ms: number): string {
  return `${moment(ms)} ${zoneWords(ms)}`
}

/** Characters of the longest `moment`. */
export function momentWidth(): number {
  return form === 'american' ? '11/22/2026 08:10:22 AM'.length : '2026-11-22 08:10:22'.length
}

/** The last second of a day on the household's clock, ms since the epoch; undefined when the calendar has no such day. */
export function endOfDay(year: number, month: number, day: number): number | undefined {
  const asUtc = Date.UTC(year, month - 1, day, 23, 59, 59)
  const written = new Date(asUtc)
  if (written.getUTCMonth() !== month - 1 || written.getUTCDate() !== day) return undefined
  // The offset from UTC is that of the evening, whichever side of midnight a first guess comes to lie on.
  const guess = asUtc - offsetMs(asUtc)
  return asUtc - offsetMs(guess)
}

function offsetMs(ms: number): number {
  const { year, month, day, hour, minute, second } = parts(ms)
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - ms
}

/** How far the household's clock is from UTC at that moment: `UTC`, `UTC+1`, `UTC-3:30`. */
export function zoneWords(ms: number): string {
  const minutes = Math.round(offsetMs(ms) / 60_000)
  if (minutes === 0) return 'UTC'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}

/** When the household's day began that a moment is in. @param ms since the epoch @returns ms since the epoch */
export function startOfDay(ms: number): number {
  const begun = ms - sinceMidnight(ms)
  // Where the clock was changed on that day, this is an hour beside it; one step more is right.
  const beside = sinceMidnight(begun)
  return beside < dayMs / 2 ? begun - beside : begun + dayMs - beside
}

function sinceMidnight(ms: number): number {
  const { hour, minute, second } = parts(ms)
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + (ms % 1000)
}

function parts(ms: number): Written {
  formatter ??= new Intl.DateTimeFormat('en-US', {
    ...(zone === '' ? {} : { timeZone: zone }),
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const found = new Map<string, string>(formatter.formatToParts(ms).map(({ type, value }) => [type, value]))
  const part = (name: keyof Written) => (found.get(name) ?? '').padStart(2, '0')
  return {
    year: part('year').padStart(4, '0'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}

/** A span in its largest unit, for a table: `3h`. */
export function roughly(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['s', 1000]
  return `${Math.floor(Math.max(0, ms) / size)}${unit}`
}

/** When something comes: `now`, `in 5m`. */
export function upcoming(due: number, now: number): string {
  return due <= now ? 'now' : `in ${roughly(due - now)}`
}

/** `1 message`, `2 messages`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

export function mailboxes(count: number): string {
  return `${count} ${count === 1 ? 'mailbox' : 'mailboxes'}`
}

/** @returns a text of at most so many characters */
export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

/** A host's answer as it said it: `451 4.4.1 Try again later`. */
export function answerWords({ code, enhanced, text }: Answer): string {
  return harmless([String(code), enhanced, text].filter(word => word !== '').join(' '))
}

/** A reverse-path for people; reports come from the null one. */
export function senderWords(reversePath: string): string {
  return reversePath === '' ? '<> (a report)' : harmless(reversePath)
}
