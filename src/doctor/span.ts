/** Spans of time in words, since a finding is read at any hour and in any zone. */

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** `3 days`, `1 hour`, `less than a minute`. */
export function span(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size) ?? []
  return unit === undefined ? 'less than a minute' : counted(Math.floor(ms / size), unit)
}

/** `1 message`, `2 messages`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
