/** How the server is run in a household, so that it is measured in the same way. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The flags that `build.mjs` puts into the executable, as far as they touch speed. */
export const runtimeFlags = ['--optimize-for-size']

/** The environment that `board/porchlight.service` gives it: the allocator's settings and the number of threads. */
export function serviceEnvironment(): Record<string, string> {
  const unit = readFileSync(join(import.meta.dirname, '../../board/porchlight.service'), 'utf8')
  const lines = unit.matchAll(/^Environment=(\w+)=(.*)$/gm)
  return Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value]))
}
