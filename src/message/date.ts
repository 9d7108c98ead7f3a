/** Dates as mail writes them: RFC 5322 §3.3, always in UTC, which needs no table of time zones. */

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * @param ms since the epoch
 * @returns for instance `Sat, 21 Nov 2026 22:15:52 +0000`
 */
export function formatDate(ms: number): string {
  const at = new Date(ms)
  const day = `${days[at.getUTCDay()]}, ${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`
  return `${day} ${at.toISOString().slice(11, 19)} +0000`
}

/** The obsolete zones (RFC 5322 §4.3); other letters say nothing and count as UTC. */
const zones: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
}

const written =
  /^(?:[a-z]{2,9}\.?,?[ \t]+)?(\d{1,2})[ \t-]+([a-z]{3})[a-z]{0,6}[ \t-]+(\d{2,4})[ \t]+(\d{1,2}):(\d{2})(?::(\d{2}))?[ \t]*([+-]\d{4}|[a-z]{1,5})?/i

/**
 * Reads a date as mail has it, obsolete forms and all (RFC 5322 §3.3 and §4.3).
 * @returns ms since the epoch, or undefined when it is none
 */
export function parseDate(text: string): number | undefined {
  const [found, day, name = '', yearText = '', hour, minute, second = '0', zone = ''] = written.exec(text.trim()) ?? []
  const month = months.findIndex(known => known.toLowerCase() === name.toLowerCase())
  if (found === undefined || month < 0) return undefined
  const year =
    Number(yearText) + (yearText.length === 4 ? 0 : yearText.length === 3 || Number(yearText) > 49 ? 1900 : 2000)
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  if (d < 1 || d > 31 || h > 23 || m > 59 || s > 60) return undefined
  return Date.UTC(year, month, d, h, m, s) - zoneMinutes(zone) * 60_000
}

function zoneMinutes(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? []
  if (sign === undefined) return (zones[zone.toUpperCase()] ?? 0) * 60
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
