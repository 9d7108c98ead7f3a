/** A real terminal, for tests that may ask for tmux: what stands on its screen, and keys for it. */

import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runProgram } from './process.ts'

/** Milliseconds between two looks at the screen, and after which it will not change any more. */
const lookMs = 20
const patienceMs = 60_000

/** No row of its own, nothing of the person's, and the screen stays when its program has ended. */
const settings = `
set -g status off
set -g remain-on-exit on
set -g remain-on-exit-format ''
set -g escape-time 0
set -g history-limit 5000
`

/** Behind a screen: the column and the row of its cursor, from 0. */
const mark = '=cursor='
const where = `${mark}#{cursor_x},#{cursor_y}`

export type TmuxOptions = {
  readonly columns: number
  readonly rows: number
  /** As the program sees it. */
  readonly environment?: Readonly<Record<string, string>>
}

export class Tmux implements AsyncDisposable {
  readonly columns: number
  readonly rows: number
  readonly #socket: string
  readonly #dispose: () => Promise<void>

  private constructor({ columns, rows }: TmuxOptions, socket: string, dispose: () => Promise<void>) {
    this.columns = columns
    this.rows = rows
    this.#socket = socket
    this.#dispose = dispose
  }

  /** @param command its words */
  static async open(command: readonly string[], options: TmuxOptions): Promise<Tmux> {
    const folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-tmux-'))
    const config = join(folder.path, 'tmux.conf')
    await writeFile(config, settings)
    const terminal = new Tmux(options, join(folder.path, 'socket'), () => folder.remove())
    const size = ['-x', String(options.columns), '-y', String(options.rows)]
    const variables = Object.entries(options.environment ?? {}).flatMap(([name, value]) => ['-e', `${name}=${value}`])
    await terminal.#tmux('-f', config, 'new-session', '-d', ...size, ...variables, ...command)
    return terminal
  }

  /** What is on the screen and what has scrolled off, up to the last row that is not empty, without blanks at their ends. */
  async all(): Promise<string> {
    return trimmed(await this.#tmux('capture-pane', '-p', '-S', '-'))
  }

  /** Waits until this stands on the screen. @returns the screen */
  shows(wanted: string | RegExp): Promise<string> {
    return this.#until(screen => (typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen)), wanted)
  }

  /** Waits until the screen is another one, and has this on it. */
  changes(before: string, wanted: RegExp): Promise<string> {
    return this.#until(screen => screen !== before && wanted.test(screen), wanted)
  }

  /** Waits until the screen, but for what `harmonize` makes the same, is this one. */
  async is(wanted: string, harmonize = (screen: string) => screen): Promise<void> {
    await this.#until(screen => harmonize(screen) === wanted, wanted)
  }

  /** Waits until the row with the cursor is this one, with `|` for it. */
  async lineIs(wanted: string): Promise<void> {
    await this.#until((_screen, line) => line === wanted, wanted)
  }

  /** Types characters as they are. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text)
  }

  /** Presses keys by tmux's names for them: `Enter`, `Up`, `C-a`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys)
  }

  async enter(line: string): Promise<void> {
    await this.type(line)
    await this.press('Enter')
  }

  /** Waits until its program has ended. @returns its exit code */
  async ended(): Promise<number> {
    const end = performance.now() + patienceMs
    for (;;) {
      const [dead, status] = (await this.#tmux('display-message', '-p', '#{pane_dead} #{pane_dead_status}')).split(' ')
      if (dead === '1') return Number(status)
      if (performance.now() > end) throw new Error(`It has not ended:\n${await this.all()}`)
      await setTimeout(lookMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server')
    await this.#dispose()
  }

  async #until(suits: (screen: string, line: string) => boolean, wanted: string | RegExp): Promise<string> {
    const end = performance.now() + patienceMs
    for (;;) {
      const { screen, line } = await this.#look()
      if (suits(screen, line)) return screen
      if (performance.now() > end) throw new Error(`It never showed this:\n${wanted}\nbut this:\n${screen}\n${line}`)
      await setTimeout(lookMs)
    }
  }

  async #look(): Promise<{ readonly screen: string; readonly line: string }> {
    const [screen = '', cursor = ''] = (
      await this.#tmux('capture-pane', '-p', ';', 'display-message', '-p', where)
    ).split(mark)
    const [column = 0, row = 0] = cursor.split(',').map(Number)
    const cells = screen.split('\n')[row] ?? ''
    return {
      screen: trimmed(screen),
      line: `${cells.slice(0, column).padEnd(column)}|${cells.slice(column).trimEnd()}`,
    }
  }

  async #tmux(...words: readonly string[]): Promise<string> {
    const { exit, out, complaint } = await runProgram(['tmux', '-u', '-S', this.#socket, ...words])
    if (exit !== 0) throw new Error(`tmux ${words.join(' ')}: ${complaint}`)
    return out
  }
}

function trimmed(screen: string): string {
  return screen
    .split('\n')
    .map(row => row.trimEnd())
    .join('\n')
    .trimEnd()
}
