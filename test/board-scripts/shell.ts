/** Runs functions of board/root/usr/lib/porchlight in a shell on this machine, against a temporary first partition. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const library = join(import.meta.dirname, '../../board/root/usr/lib/porchlight')

/**
 * Sources the named parts, then runs `script`, which may kill its shell and finds `operands` in $1, $2, and so on.
 * @returns what it printed, without the last line end
 */
export function runShell(
  parts: readonly string[],
  script: string,
  operands: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): string {
  const sources = parts.map(part => `. '${library}/${part}.sh'`)
  const { status, signal, stdout, stderr } = spawnSync(
    'sh',
    ['-c', [...sources, script].join('\n'), 'sh', ...operands],
    {
      env: { PATH: process.env.PATH, ...environment },
      encoding: 'latin1',
      timeout: 20_000,
    },
  )
  assert.ok(status !== null || signal === 'SIGKILL', `the shell ended by ${signal}: ${stderr}`)
  return stdout.replace(/\n$/, '')
}

/** The files of the first partition: name and content. */
export type Files = Readonly<Record<string, string>>

/** A first partition in a temporary folder. */
export class FirstPartition {
  readonly #folder = mkdtempSync(join(tmpdir(), 'porchlight-select-'))

  constructor(files: Files) {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.#folder, name), content)
  }

  /** Runs functions of choice.sh on it. */
  run(script: string, ...operands: readonly string[]): string {
    return runShell(['words', 'files', 'select', 'choice'], script, operands, { SELECT_FOLDER: this.#folder })
  }

  /** What lies on it, but for files that a cut left half written. */
  get files(): Files {
    const names = readdirSync(this.#folder).filter(name => !name.endsWith('.new'))
    return Object.fromEntries(names.map(name => [name, readFileSync(join(this.#folder, name), 'latin1')]))
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}
