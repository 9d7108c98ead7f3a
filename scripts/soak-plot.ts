/** Draws what scripts/soak.sh has measured: `node scripts/soak-plot.ts FILE [test/soak/soak.svg]`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plot } from '../test/soak/plot.ts'
import type { Sample } from '../test/soak/sample.ts'

const [from, to = join(import.meta.dirname, '../test/soak/soak.svg')] = process.argv.slice(2)
if (from === undefined) {
  console.error('usage: node scripts/soak-plot.ts FILE [SVG]')
  process.exit(2)
}
const samples: Sample[] = readFileSync(from, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line))
const minutes = Math.round((samples.at(-1)?.seconds ?? 0) / 60)
writeFileSync(to, plot(samples, `${minutes} minutes of receiving, reading and deleting`))
