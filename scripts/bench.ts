/**
 * Measures, one scenario after the other, each in a process of its own and with the flags and the environment of the
 * server: `npm run bench [NAME…]`. RUNS=n measures each work n times (5), SCALE=0.1 does a tenth of it.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runtimeFlags, serviceEnvironment } from '../test/bench/service.ts'

const suffix = '.bench.ts'
const folder = join(import.meta.dirname, '../test/bench')
const known = globSync(`*${suffix}`, { cwd: folder })
  .map(file => basename(file, suffix))
  .toSorted()
const asked = process.argv.slice(2)
const unknown = asked.filter(name => !known.includes(name))

if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}. There are: ${known.join(', ')}`)
  process.exitCode = 2
} else {
  for (const name of asked.length > 0 ? asked : known) {
    const words = [...runtimeFlags, '--expose-gc', join(folder, name + suffix)]
    const { status } = spawnSync(process.execPath, words, {
      stdio: 'inherit',
      env: { ...process.env, ...serviceEnvironment() },
    })
    if (status !== 0) process.exitCode = 1
  }
}
