/** The far end of a serial line, for tests that may ask for socat: a pair of pseudo-terminals, and who sits at the other one. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlink } from 'node:fs/promises'
import { Shown } from './shown.ts'

/** What a VT100 of 80 by 24 answers to the question where its cursor is. */
const enquiry = '\x1b[6n'
const position = '\x1b[24;80R'

export class Teletype implements AsyncDisposable {
  /** The near end, as a server opens it. */
  readonly device: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #shown = new Shown()

  private constructor(device: string, child: ChildProcessWithoutNullStreams, answers: boolean) {
    this.device = device
    this.#child = child
    child.stdin.on('error', () => {})
    let unanswered = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#shown.add(text)
      if (!answers) return
      const questions = (unanswered + text).split(enquiry)
      // An enquiry may come in two pieces.
      unanswered = questions.pop()?.slice(1 - enquiry.length) ?? ''
      for (const _question of questions) child.stdin.write(position)
    })
    child.on('close', () => this.#shown.end())
  }

  /**
   * @param link a path for the near end; what is opened is the device behind it
   * @param kind a VT100, or a printer on paper, which answers nothing
   */
  static async open(link: string, kind: 'vt100' | 'paper'): Promise<Teletype> {
    const child = spawn('socat', ['-d', '-d', `pty,raw,echo=0,link=${link}`, '-'])
    // It says on its standard error when the line is there.
    for (let said = ''; !said.includes('starting data transfer loop'); )
      said += String(await once(child.stderr, 'data'))
    child.stderr.resume()
    return new Teletype(await readlink(link), child, kind === 'vt100')
  }

  /** Everything shown so far. */
  get shown(): string {
    return this.#shown.text
  }

  /** Everything up to the end of what was waited for last. */
  get seen(): string {
    return this.#shown.seen
  }

  /** Waits until it shows this, behind what was waited for before. @returns everything since then, up to its end */
  shows(wanted: string | RegExp): Promise<string> {
    return this.#shown.until(wanted)
  }

  type(keys: string | Buffer): void {
    this.#child.stdin.write(keys)
  }

  /** Pulls the plug. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}
