/** Checks the whole tree without running it: Biome (format and lint), TypeScript and knip (what nobody uses), side by side. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const options = { cwd: root, maxBuffer: 64 << 20 }

const checks = [
  { name: 'Biome', command: 'biome', words: ['check', '--error-on-warnings', '.'] },
  { name: 'TypeScript', command: 'tsc', words: ['--project', '.'] },
  { name: 'knip', command: 'knip', words: ['--no-progress'] },
] as const

type Result = { readonly passed: boolean; readonly said: string; readonly seconds: string }

function run({ command, words }: (typeof checks)[number]): Promise<Result> {
  const begun = performance.now()
  return new Promise(resolve => {
    execFile(`${root}/node_modules/.bin/${command}`, words, options, (error, out, problems) => {
      const seconds = ((performance.now() - begun) / 1000).toFixed(1)
      resolve({ passed: error === null, said: `${out}${problems}`.trim() || (error?.message ?? ''), seconds })
    })
  })
}

const results = await Promise.all(checks.map(async check => ({ ...check, ...(await run(check)) })))
for (const { name, passed, said, seconds } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name}  ${seconds} s`)
  if (passed) continue
  console.log(`\n${said}\n`)
  process.exitCode = 1
}
