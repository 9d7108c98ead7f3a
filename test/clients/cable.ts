/** A serial cable with a terminal at its other end: a pseudo-terminal of socat. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'

/** A cable with a terminal at its other end. */
export class Cable implements AsyncDisposable {
  readonly path: string
  readonly #socat: ChildProcessWithoutNullStreams
  readonly #ended: Promise<void>
  #seen = ''

  private constructor(path: string, socat: ChildProcessWithoutNullStreams) {
    this.path = path
    this.#socat = socat
    this.#ended = new Promise(resolve => socat.on('close', () => resolve()))
  }

  /** @param path of the near end; nothing is set on it, as on a line that was just plugged in */
  static async plug(path: string): Promise<Cable> {
    const socat = spawn('socat', ['-d', '-d', 'STDIO', `PTY,link=${path}`])
    socat.stdin.on('error', () => {})
    const cable = new Cable(path, socat)
    socat.stderr.setEncoding('utf8')
    for await (const text of socat.stderr) if (String(text).includes('starting data transfer')) break
    return cable
  }

  type(octets: string | Buffer): void {
    this.#socat.stdin.write(octets)
  }

  /** Waits until this was shown, behind what was waited for before. @returns what came before it */
  async shows(text: string): Promise<string> {
    for (;;) {
      const at = this.#seen.indexOf(text)
      if (at >= 0) {
        const before = this.#seen.slice(0, at)
        this.#seen = this.#seen.slice(at + text.length)
        return before
      }
      this.#seen += String(await this.next())
    }
  }

  async next(): Promise<Buffer> {
    for (;;) {
      const chunk: Buffer | null = this.#socat.stdout.read()
      if (chunk) return chunk
      await new Promise(resolve => this.#socat.stdout.once('readable', resolve))
    }
  }

  /** As when somebody pulls it out. */
  async unplug(): Promise<void> {
    this.#socat.kill('SIGKILL')
    await this.#ended
    await rm(this.path, { force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unplug()
  }
}
