/** Runs the programs that the build is made with, and says what to install when one is missing. */
import { execFile } from 'node:child_process'

type Options = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program and returns what it printed. Throws its own words when it fails. */
export function run(program: string, words: readonly string[], { cwd, env }: Options = {}): Promise<string> {
  // Some of them are for the superuser by habit only, and lie where an ordinary PATH does not look.
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
  const options = { cwd, env: { ...process.env, ...env, PATH, TZ: 'UTC', LC_ALL: 'C' }, maxBuffer: 64 << 20 }
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, out, problems) => {
      if (error === null) return resolve(out)
      if (error.code === 'ENOENT') return reject(new Error(`${program} is not installed. Run: scripts/board-tools.sh`))
      reject(new Error(`${program} ${words.slice(0, 4).join(' ')} … failed:\n${problems || out || error.message}`))
    })
  })
}
