/** Porchlight as people run it: a server in a process of its own, and the commands beside it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** A process that is there for longer has hung. */
const patienceMs = 120_000

const main = join(import.meta.dirname, '../../src/main.ts')

/** The words of a shell that run Porchlight: the executable that PORCHLIGHT_EXECUTABLE names, or else the source. */
export const program: readonly string[] = process.env.PORCHLIGHT_EXECUTABLE
  ? [process.env.PORCHLIGHT_EXECUTABLE]
  : [process.execPath, main]

/** Any free port of each service, and a log that a program can read. Comes before the settings a test writes. */
const standing = `
listen = { smtp = ["127.0.0.1:0"], submission = [], submissions = [], pop3 = ["127.0.0.1:0"], pop3s = ["127.0.0.1:0"] }
log.format = "json"
`

/** One line of the log; what is no JSON, such as the trace of a fault, stands in `msg`. */
export type Entry = { readonly msg: string; readonly [field: string]: unknown }

/** How a process ended: an exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals

export type Finished = { readonly exit: Exit; readonly out: string; readonly complaint: string }

/** The configuration file that goes with a data directory: beside it, so that a test can make it first. */
export function configPath(data: string): string {
  return `${data}.toml`
}

/** Writes the configuration: free ports and a log in JSON, then these settings. */
export async function writeConfig(data: string, settings = ''): Promise<void> {
  await writeFile(configPath(data), standing + settings)
}

/** Runs a command of Porchlight to its end. */
export function run(words: readonly string[], input?: string): Promise<Finished> {
  return runProgram([...program, ...words], input)
}

/**
 * Runs any program to its end.
 * @param words the whole command line
 * @param input what it reads from standard input, which is no terminal
 */
export async function runProgram(words: readonly string[], input = ''): Promise<Finished> {
  const child = launch(words)
  child.stdin.on('error', () => {}) // It need not read all of it.
  child.stdin.end(input)
  const [exit, out, complaint] = await Promise.all([ended(child), text(child.stdout), text(child.stderr)])
  return { exit, out, complaint }
}

type ServerOptions = {
  readonly data: string
  readonly config?: string
  readonly environment?: NodeJS.ProcessEnv
  /** What it says at the end of its start. */
  readonly until?: string
  /** Further words of the command line. */
  readonly words?: readonly string[]
}

/** A running server. */
export class ServerProcess implements AsyncDisposable {
  readonly data: string
  /** Every line so far. */
  readonly log: Entry[] = []
  /** Resolves when the process is no more. */
  readonly ended: Promise<Exit>
  readonly #child: ChildProcess
  #text = ''
  #read = 0
  #wake = Promise.withResolvers<void>()
  #silent = false

  private constructor(data: string, child: ChildProcess & { readonly stderr: Readable }) {
    this.data = data
    this.#child = child
    const lines = createInterface({ input: child.stderr })
    lines.on('line', line => {
      this.#text += `${line}\n`
      this.log.push(readEntry(line))
      this.#rouse()
    })
    const closed = new Promise<void>(resolve => lines.on('close', resolve))
    this.ended = Promise.all([ended(child), closed]).then(([exit]) => {
      this.#silent = true
      this.#rouse()
      return exit
    })
  }

  /**
   * Starts a server on a data directory, and waits until it is ready.
   * @param config settings for a new configuration file; without it the file from before holds
   * @param environment variables beside those of this process
   */
  static async start({
    data,
    config,
    environment,
    until = 'ready',
    words: more = [],
  }: ServerOptions): Promise<ServerProcess> {
    if (config !== undefined) await writeConfig(data, config)
    const words = [...program, 'serve', '--data', data, '--config', configPath(data), ...more]
    const server = new ServerProcess(data, launch(words, environment))
    await server.logs(until)
    return server
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The port of a service, as the log names it. */
  port(service: 'smtp' | 'submission' | 'submissions' | 'pop3' | 'pop3s'): number {
    const door = this.log.find(entry => entry.msg === 'listening' && entry.service === service)
    return Number(String(door?.address).split(':').at(-1))
  }

  /** Waits for the next line with this sentence, behind the one that was waited for before. Fails when the log ends first. */
  async logs(sentence: string): Promise<Entry> {
    for (;;) {
      const entry = this.log[this.#read]
      if (entry) {
        this.#read += 1
        if (entry.msg === sentence) return entry
        continue
      }
      if (this.#silent) throw new Error(`The log ended without "${sentence}":\n${this.#text}`)
      await this.#wake.promise
    }
  }

  /** Runs a command with the data and the configuration of this server. */
  command(words: readonly string[], input?: string): Promise<Finished> {
    return command(this.data, words, input)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal to stop and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal)
    return this.ended
  }

  /** Ends it at once, as a power cut would. */
  kill(): Promise<Exit> {
    return this.stop('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #rouse(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }
}

/** Runs a command with a data directory and its configuration, whether a server runs there or not. */
export function command(data: string, words: readonly string[], input?: string): Promise<Finished> {
  return run([...words, '--data', data, '--config', configPath(data)], input)
}

function launch([file = '', ...words]: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...environment }
  return spawn(file, words, { stdio: 'pipe', env, timeout: patienceMs, killSignal: 'SIGKILL' })
}

function ended(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
  })
}

function readEntry(line: string): Entry {
  try {
    return JSON.parse(line)
  } catch {
    return { msg: line }
  }
}
