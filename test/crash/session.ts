/** A client that insists: the server answers as expected, or it is gone. */
import { setImmediate } from 'node:timers/promises'
import { controlPath } from '../../src/commands/places.ts'
import { askControl } from '../../src/console/control.ts'
import { dial } from '../../src/net/dial.ts'
import { Dialogue } from '../support/dialogue.ts'
import type { ServerProcess } from '../support/process.ts'

/** The server went away before it answered: no finding by itself, since it is killed here. */
export class Lost extends Error {}

/** Called when octets have left, so that the server may be anywhere in what it does. */
type Step = () => void

/** A server as its clients know it: in a process of this machine, or in one that is emulated. */
type Doors = { port(service: 'smtp' | 'pop3' | 'pop3s'): number }

/** Whether the conversation is held over TLS, by STARTTLS or at the port for it. */
type How = { readonly tls?: boolean }

const controlIdleMs = 30_000

export class Session implements Disposable {
  readonly #who: string
  readonly #dialogue: Dialogue
  readonly #step: Step

  private constructor(who: string, dialogue: Dialogue, step: Step) {
    this.#who = who
    this.#dialogue = dialogue
    this.#step = step
  }

  /** Begins an SMTP session. */
  static async smtp(server: Doors, step: Step, { tls = false }: How = {}): Promise<Session> {
    const session = new Session('smtp', await Dialogue.open(server.port('smtp')), step)
    await session.expect('220')
    await session.ask('EHLO client.example', '250')
    if (!tls) return session
    await session.ask('STARTTLS', '220')
    await secured(session.#dialogue)
    await session.ask('EHLO client.example', '250')
    return session
  }

  /** Begins a POP3 session. @returns the answer to PASS when it is a refusal */
  static async pop3(
    server: Doors,
    name: string,
    password: string,
    step: Step,
    { tls = false }: How = {},
  ): Promise<Session | string> {
    const dialogue = await Dialogue.open(server.port(tls ? 'pop3s' : 'pop3'))
    if (tls) await secured(dialogue)
    const session = new Session(name, dialogue, step)
    await session.expect('+OK')
    await session.ask(`USER ${name}`, '+OK')
    const answer = await session.say(`PASS ${password}`)
    if (answer.startsWith('+OK')) return session
    session[Symbol.dispose]()
    return answer
  }

  /** Says a line. @returns the last line of the answer, whatever it is */
  async say(line: string): Promise<string> {
    await this.send(`${line}\r\n`)
    return this.expect('', line)
  }

  /** Says a line. @returns the last line of the answer, which begins as expected */
  async ask(line: string, expected: string): Promise<string> {
    await this.send(`${line}\r\n`)
    return this.expect(expected, line)
  }

  /** Sends, and lets the others go on. */
  async send(octets: string | Buffer): Promise<void> {
    this.#dialogue.send(octets)
    this.#step()
    await setImmediate()
  }

  /** Reads an answer to its last line. */
  async expect(expected: string, line = 'connecting'): Promise<string> {
    const answer = await this.#dialogue.answer()
    if (answer === 'closed') throw new Lost(`${this.#who}: the server closed the connection`)
    if (!answer.startsWith(expected)) throw new Error(`${this.#who}: "${line}" was answered "${answer}"`)
    return answer
  }

  /** Every message's UIDL, by its number. */
  async uidls(): Promise<Map<number, string>> {
    await this.ask('UIDL', '+OK')
    const lines = (await this.#text()).split('\r\n').slice(0, -1)
    return new Map(lines.map(line => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']))
  }

  /** @returns a message's octets, or what is wrong: they must be as many as LIST says */
  async retrieve(message: number): Promise<Buffer | string> {
    const listed = await this.ask(`LIST ${message}`, `+OK ${message} `)
    const answer = await this.say(`RETR ${message}`)
    if (!answer.startsWith('+OK')) return `${this.#who}: "RETR ${message}" was answered "${answer}"`
    const octets = Buffer.from(await this.#text(), 'latin1')
    if (listed === `+OK ${message} ${octets.length}`) return octets
    return `${this.#who}: RETR ${message} gave ${octets.length} octets, but LIST says "${listed}"`
  }

  [Symbol.dispose](): void {
    this.#dialogue[Symbol.dispose]()
  }

  /** The lines up to a single dot, unstuffed. */
  async #text(): Promise<string> {
    let text = ''
    for (;;) {
      const line = await this.#dialogue.line()
      if (line === undefined) throw new Lost(`${this.#who}: the connection ended inside an answer`)
      if (line === '.') return text
      text += `${line.startsWith('.') ? line.slice(1) : line}\r\n`
    }
  }
}

async function secured(dialogue: Dialogue): Promise<void> {
  await dialogue.secure().catch(error => {
    throw new Lost('the server went away in the handshake', { cause: error })
  })
}

/** Has the running server do a command, over its control socket. @returns what it printed */
export async function command(server: ServerProcess, words: readonly string[], password?: string): Promise<string[]> {
  const connection = await dial({ path: controlPath(server.data) }, controlIdleMs)
  if (!connection) throw new Lost('nobody listens on the control socket')
  const [printed, complained]: [string[], string[]] = [[], []]
  const transport = {
    open: true,
    read: async () => {
      const chunk = await connection.read()
      return typeof chunk === 'string' ? undefined : chunk
    },
    write: (octets: Buffer) => connection.write(octets),
    close: () => connection.destroy(),
  }
  const exit = await askControl(
    transport,
    { words: [...words], password },
    { print: line => printed.push(line), complain: line => complained.push(line) },
  ).catch(error => {
    throw new Lost('the control socket closed', { cause: error })
  })
  if (exit !== 0) throw new Error(`"${words.join(' ')}" was refused: ${complained.join(' ')}`)
  return printed
}
