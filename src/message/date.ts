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
