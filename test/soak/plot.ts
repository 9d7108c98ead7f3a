/** Draws the samples of a soak as SVG: a few small charts. Each point stands for the ten seconds before it. */
import { MB } from '../bench/mail.ts'
import type { Sample } from './sample.ts'
import { bounds } from './verdict.ts'

/** One line of a chart; its colour is the place in `colours`. */
type Series = { readonly name: string; readonly of: (sample: Sample, before: Sample | undefined) => number }

type Chart = {
  readonly title: string
  readonly unit: string
  readonly series: readonly Series[]
  /** A value that must not be passed. */
  readonly bound?: number
}

const charts: readonly Chart[] = [
  {
    title: 'Mail left and disk used',
    unit: 'MB',
    series: [
      { name: 'mail left', of: ({ live }) => live / MB },
      { name: 'data directory', of: ({ disk }) => disk / MB },
    ],
  },
  {
    title: 'Disk for each octet left',
    unit: 'octets',
    bound: bounds.disk,
    series: [{ name: '', of: ({ disk, live }) => disk / live }],
  },
  {
    title: 'Written for each octet received',
    unit: 'octets',
    bound: bounds.written,
    series: [{ name: '', of: growthOf('written', 'received') }],
  },
  {
    title: 'Memory',
    unit: 'MB',
    series: [
      { name: 'anonymous', of: ({ anonymous }) => anonymous / MB },
      { name: 'with file pages', of: ({ rss }) => rss / MB },
    ],
  },
  {
    title: 'Event loop delay',
    unit: 'ms',
    bound: bounds.stallMs,
    series: [
      { name: 'p99', of: ({ p99Ms }) => p99Ms },
      { name: 'longest', of: ({ maxMs }) => maxMs },
    ],
  },
  {
    title: 'Files and descriptors',
    unit: '',
    series: [
      { name: 'descriptors', of: ({ descriptors }) => descriptors },
      { name: 'files', of: ({ files }) => files },
    ],
  },
  { title: 'Messages accepted', unit: '/s', series: [{ name: '', of: growthOf('messages', 'seconds') }] },
  {
    title: 'Wait for a 250',
    unit: 'ms',
    series: [
      { name: 'p99', of: ({ acceptP99Ms }) => acceptP99Ms },
      { name: 'longest', of: ({ acceptMaxMs }) => acceptMaxMs },
    ],
  },
]

type Sum = 'written' | 'received' | 'messages' | 'seconds'

/** @returns by how much one sum grew from sample to sample, for each that another one grew by */
function growthOf(one: Sum, another: Sum): Series['of'] {
  return (sample, before) => (sample[one] - (before?.[one] ?? 0)) / (sample[another] - (before?.[another] ?? 0))
}

// Pixels. Two charts beside each other.
const [width, height] = [380, 130]
const margin = { left: 50, right: 16, top: 34, bottom: 36 } as const
const columns = 2
/** Both are told apart in grey, too. */
const colours = ['#0b6e99', '#d9822b'] as const
const steps = [1, 2, 5, 10] as const
const ticks = 4

/** @returns the picture */
export function plot(samples: readonly Sample[], title: string): string {
  const [cellWidth, cellHeight] = [margin.left + width + margin.right, margin.top + height + margin.bottom]
  const rows = Math.ceil(charts.length / columns)
  const head = 34
  const [totalWidth, totalHeight] = [columns * cellWidth, head + rows * cellHeight]
  const cells = charts.map((chart, i) => {
    const [x, y] = [(i % columns) * cellWidth + margin.left, head + Math.floor(i / columns) * cellHeight + margin.top]
    return `<g transform="translate(${x} ${y})">\n${draw(chart, samples)}\n</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${totalWidth} ${totalHeight}" font-family="sans-serif" font-size="11" fill="#333">
<title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${margin.left}" y="22" font-size="14">${title}</text>
${cells.join('\n')}
</svg>
`
}

function draw({ title, unit, series, bound }: Chart, samples: readonly Sample[]): string {
  const lines = series.map(({ of }) => samples.map((sample, i) => of(sample, samples[i - 1])))
  const [endMinutes, top] = [(samples.at(-1)?.seconds ?? 60) / 60, Math.max(...lines.flat(), bound ?? 0)]
  const [across, up] = [axis(endMinutes), axis(top)]
  const x = (minutes: number) => ((minutes / endMinutes) * width).toFixed(1)
  const y = (value: number) => (height - (value / (up.at(-1) ?? 1)) * height).toFixed(1)
  const points = (line: readonly number[]) =>
    line.map((value, i) => `${x((samples[i]?.seconds ?? 0) / 60)},${y(value)}`).join(' ')
  return [
    `<text y="-14" font-size="12" font-weight="bold">${title}</text>`,
    ...up.map(value => `<path d="M0 ${y(value)}h${width}" stroke="#ddd"/>`),
    ...up.map(value => `<text x="-6" y="${y(value)}" dy="4" text-anchor="end">${value}</text>`),
    ...across
      .filter(minutes => minutes <= endMinutes)
      .map(minutes => `<text x="${x(minutes)}" y="${height + 14}" text-anchor="middle">${minutes}</text>`),
    `<text x="${width / 2}" y="${height + 28}" text-anchor="middle">minutes</text>`,
    `<text x="-36" y="${height / 2}" text-anchor="middle" transform="rotate(-90 -36 ${height / 2})">${unit}</text>`,
    bound === undefined ? '' : `<path d="M0 ${y(bound)}h${width}" stroke="#c23030" stroke-dasharray="5 4"/>`,
    bound === undefined
      ? ''
      : `<text x="${width}" y="${y(bound)}" dy="12" text-anchor="end" fill="#c23030">${bound}</text>`,
    ...lines.map(
      (line, i) => `<polyline points="${points(line)}" fill="none" stroke="${colours[i]}" stroke-width="1.5"/>`,
    ),
    ...legend(series),
  ].join('\n')
}

function legend(series: readonly Series[]): string[] {
  return series
    .filter(({ name }) => name !== '')
    .map(({ name }, i) => `<text x="${width - 100 * i}" y="-14" text-anchor="end" fill="${colours[i]}">${name}</text>`)
}

/** @returns round values from 0 to the first that is not below `top` */
function axis(top: number): number[] {
  const rough = Math.max(top, 1e-9) / ticks
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = (steps.find(step => step * power >= rough) ?? 10) * power
  const count = Math.max(1, Math.ceil(top / step))
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)))
}
