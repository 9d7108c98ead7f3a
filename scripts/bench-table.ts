/**
 * Draws the table of figures in README.md, between `<!-- bench:begin -->` and `<!-- bench:end -->`, from what
 * scripts/bench-peer.sh has measured: `node scripts/bench-table.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, short, spread } from '../test/bench/figures.ts'
import { type Machine, machineLine } from '../test/bench/machine.ts'

const root = join(import.meta.dirname, '..')
const readme = join(root, 'README.md')
const [begin, end] = ['<!-- bench:begin -->', '<!-- bench:end -->']

/** What scripts/bench-peer.ts has written. */
type Results = {
  readonly peer: string
  readonly rounds: number
  readonly machine: Machine
  readonly rows: readonly {
    readonly work: string
    readonly unit: string
    readonly porchlight: Figure
    readonly peer?: Figure
    readonly ratio?: number
  }[]
}

function table({ peer, rounds, machine, rows }: Results): string {
  const lines = rows.map(row => {
    const ratio = row.ratio === undefined ? '' : `${short(row.ratio)}×`
    return `| ${row.work} | ${row.unit} | ${spread(row.porchlight)} | ${row.peer ? spread(row.peer) : ''} | ${ratio} |`
  })
  const head = `| work | unit | Porchlight | ${peer} | ratio |\n|---|---|---|---|---|`
  return `${head}\n${lines.join('\n')}\n\nMedians of ${rounds} rounds and their spread. ${machineLine(machine)}.`
}

const results: Results = JSON.parse(readFileSync(join(root, 'test/bench/results/peer.json'), 'utf8'))
const text = readFileSync(readme, 'utf8')
const [from, to] = [text.indexOf(begin), text.indexOf(end)]
if (from < 0 || to < from) {
  console.error(`README.md has no place for the table: it needs ${begin} and, below it, ${end}.`)
  process.exitCode = 1
} else {
  writeFileSync(readme, `${text.slice(0, from + begin.length)}\n${table(results)}\n${text.slice(to)}`)
}
