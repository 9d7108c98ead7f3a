/** What every scenario shares: one run to warm up, several that count, a table, and the figures as JSON. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Figure, figures, type Run, spread } from './figures.ts'
import { machine, machineLine } from './machine.ts'

/** Measured runs of each work; the machine is never quite quiet. */
export const runs = Math.max(Number(process.env.RUNS ?? 5), 1)
/** Work is this much of the whole: 0.1 shows quickly whether all is well. */
export const scale = Math.min(Math.max(Number(process.env.SCALE ?? 1), 0.01), 1)

const results = join(import.meta.dirname, 'results')

export type Bench = {
  /** For the scenario's files; removed at the end. */
  readonly directory: string
  /** Does the work once to warm up, then as often as it counts. */
  measure(work: string, once: () => Run | Promise<Run>): Promise<void>
}

/**
 * Measures one scenario, prints its table and writes it to `results/NAME.json`.
 * @param about one sentence that says what is measured
 */
export async function bench(name: string, about: string, scenario: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'porchlight-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
  const found: Figure[] = []
  console.log(`${name}: ${about}`)
  await scenario({
    directory,
    measure: async (work, once) => {
      await once()
      const measured: Run[] = []
      while (measured.length < runs) measured.push(await once())
      for (const figure of figures(work, measured)) {
        found.push(figure)
        console.log(`  ${work.padEnd(52)} ${spread(figure).padEnd(28)} ${figure.unit}`)
      }
    },
  })
  writeResults(name, { about, scale, machine: machine(directory), figures: found })
  console.log(`  ${machineLine(machine(directory))}\n`)
}

/** Writes `results/NAME.json` as Biome would format it: a list of numbers on one line. */
export function writeResults(name: string, value: object): void {
  const rounded = (_: string, item: unknown) => (typeof item === 'number' ? Number(item.toPrecision(4)) : item)
  const text = JSON.stringify(value, rounded, 2)
  const lists = text.replace(/\[\s+([-\d.e,\s]+?)\s+\]/g, (_, items) => `[${items.replace(/\s+/g, ' ')}]`)
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, `${name}.json`), `${lists}\n`)
}

/** Runs `once` for at least a third of a second. @returns how often a second it ran */
export function rate(once: () => void): number {
  const begun = performance.now()
  const leastMs = 333 * scale
  let rounds = 0
  let ms = 0
  while (ms < leastMs) {
    once()
    rounds += 1
    ms = performance.now() - begun
  }
  return (rounds / ms) * 1000
}

/** @returns seconds that `work` took, and what it gave */
export async function timed<Value>(work: () => Promise<Value>): Promise<{ seconds: number; value: Value }> {
  const begun = performance.now()
  const value = await work()
  return { seconds: (performance.now() - begun) / 1000, value }
}
