/** What a soak has shown: figures, and what is wrong with them. */
import { MB } from '../bench/mail.ts'
import type { Sample } from './sample.ts'

/** What a soak must keep to. */
export const bounds = {
  /** Octets on disk for each octet of mail that is left. */
  disk: 1.7,
  /** Octets written to disk for each octet received. */
  written: 3.2,
  /** Milliseconds that the event loop may stand still. */
  stallMs: 100,
  /** Octets of anonymous memory more at the end of the second half than at its beginning, beside what is noise. */
  growth: 4 * MB,
  /** Octets of anonymous memory at any time: what grows and then stays is too much all the same. */
  anonymous: 110 * MB,
  /** Times the mail was replaced, in three minutes and more. */
  turnovers: 5,
} as const

/** Standard errors that the memory's slope may be off by chance. */
const noise = 3

export type Figures = {
  /** Times that the mail in the mailboxes was replaced once it was all there. */
  readonly turnovers: number
  readonly messagesPerSecond: number
  /** Octets on disk for each octet of mail that is left: the mean and the highest. */
  readonly disk: { readonly mean: number; readonly max: number }
  readonly writtenPerOctet: number
  /** Octets of anonymous memory that the second half added, by its trend, and by how much chance may have moved that. */
  readonly growth: { readonly octets: number; readonly noise: number }
  readonly p99Ms: number
  readonly stallMs: number
  readonly acceptMaxMs: number
  readonly filesMax: number
  readonly descriptorsMax: number
  readonly rssMax: number
  readonly anonymousMax: number
}

/** @returns undefined when there was not enough mail soon enough for anything to be said */
export function figuresOf(samples: readonly Sample[]): Figures | undefined {
  const full = samples.filter(sample => sample.full)
  const [first, last] = [full[0], full.at(-1)]
  if (!first || !last || full.length < 4) return undefined
  const most = (of: (sample: Sample) => number) => Math.max(...full.map(of))
  const ratios = full.map(({ disk, live }) => disk / live)
  const received = last.received - first.received
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    turnovers: received / mean(full.map(({ live }) => live)),
    messagesPerSecond: (last.messages - first.messages) / (last.seconds - first.seconds),
    disk: { mean: mean(ratios), max: Math.max(...ratios) },
    writtenPerOctet: (last.written - first.written) / received,
    growth: growthOf(full.slice(Math.floor(full.length / 2)).map(({ seconds, anonymous }) => [seconds, anonymous])),
    p99Ms: most(({ p99Ms }) => p99Ms),
    stallMs: most(({ maxMs }) => maxMs),
    acceptMaxMs: most(({ acceptMaxMs }) => acceptMaxMs),
    filesMax: most(({ files }) => files),
    descriptorsMax: most(({ descriptors }) => descriptors),
    rssMax: most(({ rss }) => rss),
    anonymousMax: most(({ anonymous }) => anonymous),
  }
}

/** @returns sentences; none when all is well */
export function faultsOf(figures: Figures | undefined, minutes: number): string[] {
  if (!figures) return ['The mailboxes did not fill in time, so that nothing was measured.']
  const { turnovers, disk, writtenPerOctet, growth, stallMs, anonymousMax } = figures
  const faults: string[] = []
  if (minutes >= 3 && turnovers < bounds.turnovers) {
    faults.push(`The mail was replaced ${turnovers.toFixed(1)} times; ${bounds.turnovers} are needed.`)
  }
  if (disk.max > bounds.disk) {
    faults.push(`The disk held ${disk.max.toFixed(2)} times the mail that was left; ${bounds.disk} are allowed.`)
  }
  if (writtenPerOctet > bounds.written) {
    faults.push(`For each octet received ${writtenPerOctet.toFixed(2)} were written; ${bounds.written} are allowed.`)
  }
  if (growth.octets - growth.noise > bounds.growth) {
    faults.push(`Memory grew by ${(growth.octets / MB).toFixed(1)} MB, ± ${(growth.noise / MB).toFixed(1)} by chance.`)
  }
  if (anonymousMax > bounds.anonymous) {
    faults.push(`Memory reached ${(anonymousMax / MB).toFixed(0)} MB; ${bounds.anonymous / MB} are allowed.`)
  }
  if (stallMs > bounds.stallMs) {
    faults.push(`The event loop stood still for ${stallMs.toFixed(0)} ms; ${bounds.stallMs} are allowed.`)
  }
  return faults
}

/** Fits a line (least squares). @returns what it climbs from the first point to the last, and how far that may be off by chance */
function growthOf(points: readonly (readonly [number, number])[]): Figures['growth'] {
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const sum = (of: (x: number, y: number) => number) =>
    points.reduce((all, [x, y]) => all + of(x - meanX, y - meanY), 0)
  const spread = sum(x => x * x)
  const slope = sum((x, y) => x * y) / spread
  const rest = sum((x, y) => (y - slope * x) ** 2)
  const error = Math.sqrt(rest / Math.max(1, points.length - 2) / spread)
  const span = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)
  return { octets: slope * span, noise: noise * error * span }
}
