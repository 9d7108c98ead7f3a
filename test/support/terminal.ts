/** A program at a terminal: what it shows, and keys for it. For tests that may ask for `script` of util-linux. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Exit } from './process.ts'
import { Shown } from './shown.ts'

export class Terminal implements AsyncDisposable {
  /** Resolves when the program is no more. */
  readonly ended: Promise<Exit>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #shown = new Shown()

  /** @param command as one types it into a shell */
  constructor(command: string, cwd: string) {
    // -e hands the program's exit code on, -f does not wait with what it shows. `exec`, and always the same shell:
    // a shell that stays between the two hears Ctrl-C as well, and dash then ends with 130, whatever the program says.
    const child = spawn('/usr/bin/script', ['-qefc', `exec ${command}`, '/dev/null'], {
      cwd,
      env: { ...process.env, SHELL: '/bin/sh' },
      stdio: 'pipe',
    })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', text => this.#shown.add(text))
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => {
        this.#shown.end()
        resolve(code ?? signal ?? 'SIGKILL')
      })
    })
  }

  /** Everything shown so far. */
  get shown(): string {
    return this.#shown.text
  }

  /** Waits until it shows this, behind what was waited for before. @returns everything up to its end */
  async shows(text: string): Promise<string> {
    await this.#shown.until(text)
    return this.#shown.seen
  }

  type(keys: string): void {
    this.#child.stdin.write(keys)
  }

  /** Closing the terminal tells the program SIGHUP. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}
