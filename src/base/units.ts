/** Sizes and durations as people write them: "50 MiB", "64 KiB", "10 MB"; "5m", "90s", "1h30m". Both ways exact. */

// Largest first, so that the first one that divides gives the shortest number.
const sizeUnits = [
  ['TiB', 1024 ** 4],
  ['TB', 1000 ** 4],
  ['GiB', 1024 ** 3],
  ['GB', 1000 ** 3],
  ['MiB', 1024 ** 2],
  ['MB', 1000 ** 2],
  ['KiB', 1024],
  ['kB', 1000],
  ['B', 1],
] as const

const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const octetsOf = new Map<string, number>(sizeUnits.map(([unit, octets]) => [unit.toLowerCase(), octets]))
const durationPattern = new RegExp(`^${durationUnits.map(([unit]) => `(?:(\\d+) ?${unit} ?)?`).join('')}$`)

/**
 * Reads a size. The unit may be left out for octets, and its case does not matter.
 * @returns octets, or undefined when the text is no size or more than a number holds exactly
 */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = /^(\d+) ?([a-z]*)$/i.exec(text.trim()) ?? []
  if (count === undefined || unit === undefined) return undefined
  return exact(Number(count) * (octetsOf.get(unit.toLowerCase() || 'b') ?? Number.NaN))
}

/** Writes octets so that `parseSize` gives the same number back. */
export function formatSize(octets: number): string {
  const [unit, size] = sizeUnits.find(([, size]) => octets >= size && octets % size === 0) ?? ['B', 1]
  return `${octets / size} ${unit}`
}

/** Writes octets for a table, rounded to one decimal: "3.4 MiB". */
export function roundSize(octets: number): string {
  const [unit, size] = sizeUnits.find(([unit, size]) => unit.endsWith('iB') && octets >= size) ?? ['B', 1]
  return size === 1 ? `${octets} B` : `${(octets / size).toFixed(1)} ${unit}`
}

/**
 * Reads a duration: whole numbers with the units d, h, m, s and ms, each at most once and the largest first.
 * @returns milliseconds, or undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const counts = durationPattern.exec(text.trim())?.slice(1)
  if (!counts?.some(count => count !== undefined)) return undefined
  return exact(durationUnits.reduce((sum, [, ms], i) => sum + Number(counts[i] ?? 0) * ms, 0))
}

/** Writes milliseconds so that `parseDuration` gives the same number back. */
export function formatDuration(durationMs: number): string {
  let rest = durationMs
  let text = ''
  for (const [unit, ms] of durationUnits) {
    if (rest >= ms) text += `${Math.floor(rest / ms)}${unit}`
    rest %= ms
  }
  return text || '0s'
}

function exact(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined
}
