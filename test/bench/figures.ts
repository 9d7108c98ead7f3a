/** A figure: the same thing measured again and again, told by its median and its spread. */

/** What one run gave, by unit: `{ 'messages/s': 4100 }`. */
export type Run = Readonly<Record<string, number>>

export type Figure = {
  /** What was done. */
  readonly work: string
  readonly unit: string
  readonly median: number
  readonly low: number
  readonly high: number
  /** In the order in which they were measured. */
  readonly runs: readonly number[]
}

/** @returns a figure for each unit that the runs have */
export function figures(work: string, runs: readonly Run[]): Figure[] {
  const units = new Set(runs.flatMap(run => Object.keys(run)))
  return Array.from(units, unit => {
    const values = runs.flatMap(run => run[unit] ?? [])
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return { work, unit, median: median(values), low, high, runs: values }
  })
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [below = Number.NaN, above = below] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  return (below + above) / 2
}

/** Writes a number with two or three figures: 0.012, 1.23, 45.6, 789, 12300. */
export function short(value: number): string {
  if (Math.abs(value) < 0.1) return String(Number(value.toPrecision(2)))
  const digits = Math.floor(Math.log10(Math.abs(value)))
  const step = 10 ** Math.max(digits - 2, 0)
  return digits < 2 ? value.toFixed(2 - Math.max(digits, 0)) : String(Math.round(value / step) * step)
}

/** `4100 (3900 to 4300)`. */
export function spread({ median, low, high }: Omit<Figure, 'work' | 'unit'>): string {
  return `${short(median)} (${short(low)} to ${short(high)})`
}
