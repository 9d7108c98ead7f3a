/** A box with serial lines: a server whose ttys are pseudo-terminals of socat, and what people at them ask and answer. */
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configPath, program, ServerProcess } from '../support/process.ts'
import { Teletype } from '../support/teletype.ts'
import { Tmux, type TmuxOptions } from '../support/tmux.ts'

export const prompt = 'porchlight> '

const more = '--More--'

/** What is waited for, and what is typed then, with Enter behind it. */
export type Exchange = readonly [shows: string | RegExp, typed: string]

type BoxOptions = {
  /** Serial lines that are plugged in before it starts, each with who is at it. */
  readonly lines?: readonly ('vt100' | 'paper')[]
  /** Accounts with `password`; where there are none, the first one to come is led through the set-up. */
  readonly people?: readonly string[]
  /** Settings, without those of `[console] ttys` and `listen`. */
  readonly settings?: string
}

/** Of every account that `people` names. */
export const password = 'correct horse'

export class Box implements AsyncDisposable {
  readonly folder: string
  /** Ports, chosen before it starts, since the set-up writes them into settings for phones. */
  readonly ports: { readonly smtp: number; readonly pop3s: number; readonly submissions: number }
  server: ServerProcess
  readonly #lines: Teletype[]
  readonly #dispose: () => Promise<void>

  private constructor(
    server: ServerProcess,
    ports: Box['ports'],
    folder: string,
    lines: Teletype[],
    dispose: () => Promise<void>,
  ) {
    this.server = server
    this.ports = ports
    this.folder = folder
    this.#lines = lines
    this.#dispose = dispose
  }

  static async open({ lines = [], people = [], settings = '' }: BoxOptions = {}): Promise<Box> {
    const folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    const data = join(folder.path, 'data')
    const [smtp = 0, pop3s = 0, submissions = 0] = await freePorts(3)
    const links = lines.map((_kind, i) => linkOf(folder.path, i))
    const config = `
log.format = "json"
listen = { smtp = ["*:${smtp}"], submission = [], submissions = ["*:${submissions}"], pop3 = [], pop3s = ["*:${pop3s}"] }
console.ttys = ${JSON.stringify(links)}
${settings}`
    await writeFile(configPath(data), config)
    const teletypes = await Promise.all(lines.map((kind, i) => Teletype.open(linkOf(folder.path, i), kind)))
    try {
      const server = await ServerProcess.start({ data })
      for (const name of people) await server.command(['user', 'add', name, '--password-stdin'], `${password}\n`)
      return new Box(server, { smtp, pop3s, submissions }, folder.path, teletypes, () => folder.remove())
    } catch (error) {
      for (const teletype of teletypes) await teletype[Symbol.asyncDispose]()
      throw error
    }
  }

  get data(): string {
    return this.server.data
  }

  /** Who is at a line. */
  at(line: number): Teletype {
    const teletype = this.#lines[line]
    if (!teletype) throw new Error(`Nobody is at line ${line}.`)
    return teletype
  }

  /** Pulls the plug of a line, and puts another one in, with somebody else at it. */
  async replug(line: number, kind: 'vt100' | 'paper' = 'vt100'): Promise<Teletype> {
    await this.#lines[line]?.[Symbol.asyncDispose]()
    const teletype = await Teletype.open(linkOf(this.folder, line), kind)
    this.#lines[line] = teletype
    return teletype
  }

  /** Starts the server again after its end. */
  async start(): Promise<void> {
    this.server = await ServerProcess.start({ data: this.data })
  }

  config(): Promise<string> {
    return readFile(configPath(this.data), 'utf8')
  }

  /** The log as it lies on the disk, and as it was written to standard error. */
  async journal(): Promise<string> {
    const folder = join(this.data, 'journal')
    const files = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
    return [...files, JSON.stringify(this.server.log)].join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    for (const line of this.#lines) await line[Symbol.asyncDispose]()
    await this.#dispose()
  }
}

/** Somebody at a serial line, or at a terminal. */
type Person = { shows(wanted: string | RegExp): Promise<string>; type(keys: string): void }

/** Answers one question after the other. @returns what was shown from the first to the last of them */
export async function talk(person: Person, exchanges: readonly Exchange[]): Promise<string> {
  let shown = ''
  for (const [wanted, typed] of exchanges) {
    shown += await person.shows(wanted)
    person.type(`${typed}\r`)
  }
  return shown
}

/** Types a command at the prompt that is there, and turns its pages. @returns what was shown until the next prompt */
export async function command(person: Person, line: string, next = prompt): Promise<string> {
  person.type(`${line}\r`)
  // A terminal that has just said what it is has its prompt drawn again.
  await person.shows(`${line}\r\n`)
  return leaf(person, next)
}

/** Turns pages until the next prompt. @returns what was shown, without the places where a page ended */
export async function leaf(person: Person, next = prompt): Promise<string> {
  let shown = ''
  for (;;) {
    const page = await person.shows(new RegExp(`${RegExp.escape(next)}|${more}`))
    if (!page.endsWith(more)) return shown + page
    shown += page.slice(0, -more.length)
    person.type(' ')
  }
}

function linkOf(folder: string, line: number): string {
  return join(folder, `tty${line}`)
}

/** Ports that nobody listens at. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0))
  const ports = await Promise.all(
    servers.map(server => new Promise<number>(resolve => server.on('listening', () => resolve(portOf(server))))),
  )
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** A console of the box as `porchlight console` gives it, in a real terminal. */
export function consoleOf(box: Box, options: TmuxOptions): Promise<Tmux> {
  return Tmux.open(consoleWords(box), options)
}

/** The command line of it. */
export function consoleWords({ data }: Box): readonly string[] {
  return [...program, 'console', '--data', data, '--config', configPath(data)]
}
