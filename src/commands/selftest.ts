/** The self-test: a fresh store, a message in by SMTP over a real socket with STARTTLS, and out by POP3, octet for octet. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePassword, hashPassword } from '../auth/password.ts'
import type { Clock } from '../base/clock.ts'
import { readConfig } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import { silentLog } from '../base/log.ts'
import { Server, type Service } from '../flow/server.ts'
import { keptPaths } from '../net/certificate.ts'
import type { Connection } from '../net/connection.ts'
import { dial } from '../net/dial.ts'
import { Input } from '../wire/input.ts'
import { DotEncoder } from '../wire/stuffing.ts'
import type { Lines } from './command.ts'

const account = 'selftest'
const host = '127.0.0.1'
const idleMs = 30_000
/** Octets a line may have that a server says, or that the test message holds. */
const longestLine = 4096

const settings = `listen = { smtp = ["${host}:0"], submission = [], submissions = [], pop3 = ["${host}:0"], pop3s = ["${host}:0"] }`

/**
 * Runs the whole way of a message in a temporary directory, on free ports, and leaves nothing behind.
 * @returns what was done, a line each
 * @throws Failure that says which step went wrong
 */
export async function selftest(clock: Clock): Promise<Lines> {
  const directory = await mkdtemp(join(tmpdir(), 'porchlight-selftest-'))
  try {
    const config = readConfig(settings, directory)
    // A board keeps its temporary files in memory, where less is free than a household's mail has to leave.
    const server = await Server.open({ config, directory, log: silentLog, clock, reserve: 0 })
    try {
      await server.listen()
      return await sendAndFetch(server, directory)
    } finally {
      await server.stop()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function sendAndFetch(server: Server, directory: string): Promise<Lines> {
  const password = generatePassword()
  await server.store.accounts.add(account, await hashPassword(password))
  const ca = await readFile(keptPaths(directory).certificate, 'utf8')
  const message = testMessage()
  await send(await Dialogue.open(server, 'smtp', ca), message)
  const received = await fetch(await Dialogue.open(server, 'pop3s', ca), password)
  if (!received.endsWith(message)) throw new Failure('STORE_DAMAGED', 'The message came back changed.')
  return [
    'A fresh store was opened.',
    `A message of ${message.length} octets came in by SMTP with STARTTLS.`,
    'It was read back by POP3 over TLS, octet for octet.',
    'The self-test has passed.',
  ]
}

/** More than a block of the store, with dots where they have to be stuffed. */
function testMessage(): string {
  const lines = Array.from({ length: 2000 }, (_, i) => `${'.'.repeat(i % 3)}${randomBytes(24).toString('base64')}`)
  return ['Subject: self-test', '', ...lines, ''].join('\r\n')
}

async function send(smtp: Dialogue, message: string): Promise<void> {
  await smtp.expect('220 ')
  await smtp.say('EHLO localhost', '250 ')
  await smtp.say('STARTTLS', '220 ')
  await smtp.secure()
  await smtp.say('EHLO localhost', '250 ')
  await smtp.say(`MAIL FROM:<> SIZE=${message.length}`, '250 ')
  await smtp.say(`RCPT TO:<${account}@${smtp.domain}>`, '250 ')
  await smtp.say('DATA', '354 ')
  await smtp.say(`${new DotEncoder().encode(Buffer.from(message))}.`, '250 ')
  await smtp.say('QUIT', '221 ')
  await smtp.close()
}

async function fetch(pop3: Dialogue, password: string): Promise<string> {
  await pop3.secure()
  await pop3.expect('+OK')
  await pop3.say(`USER ${account}`, '+OK')
  await pop3.say(`PASS ${password}`, '+OK')
  await pop3.say('RETR 1', '+OK')
  const lines: string[] = []
  for (let line = await pop3.line(); line !== '.'; line = await pop3.line()) {
    lines.push(line.startsWith('.') ? line.slice(1) : line)
  }
  await pop3.say('DELE 1', '+OK')
  await pop3.say('QUIT', '+OK')
  await pop3.close()
  return `${lines.join('\r\n')}\r\n`
}

/** A client's side of a line protocol: says a line, expects an answer. */
class Dialogue {
  readonly domain: string
  readonly #connection: Connection
  readonly #ca: string
  readonly #hostname: string
  readonly #input = new Input()

  private constructor(connection: Connection, { config }: Server, ca: string) {
    this.domain = config.domains[0] ?? ''
    this.#connection = connection
    this.#ca = ca
    this.#hostname = config.hostname
  }

  static async open(server: Server, service: Service, ca: string): Promise<Dialogue> {
    const door = server.listening.find(door => door.service === service)
    const port = Number(door?.name.split(':').at(-1))
    const connection = await dial({ host, port }, idleMs)
    if (!connection) throw new Failure('NETWORK', `Nobody answers at ${door?.name}.`)
    return new Dialogue(connection, server, ca)
  }

  async secure(): Promise<void> {
    const version = await this.#connection.secureAsClient(this.#hostname, this.#ca)
    if (!version || version.problem !== undefined) throw new Failure('TLS', 'The TLS handshake failed.')
  }

  async say(line: string, answer: string): Promise<void> {
    await this.#connection.write(`${line}\r\n`)
    await this.expect(answer)
  }

  /** Reads an answer to its last line, which begins in this way. */
  async expect(answer: string): Promise<void> {
    const line = await this.line()
    if (line.startsWith(`${answer.trim()}-`)) return this.expect(answer)
    if (!line.startsWith(answer)) throw new Failure('NETWORK', `The server said "${line}" instead of ${answer.trim()}.`)
  }

  async line(): Promise<string> {
    for (;;) {
      const line = this.#input.line(longestLine)
      if (line) return line.octets.toString()
      const chunk = await this.#connection.read()
      if (typeof chunk === 'string') throw new Failure('NETWORK', 'The server closed the connection.')
      this.#input.feed(chunk)
    }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
