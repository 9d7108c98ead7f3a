/** A server that sends mail on to hosts of this process by fixed routes, and is killed and started again. */
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Waiting } from '../../src/store/queue.ts'
import { Store } from '../../src/store/store.ts'
import { configPath, ServerProcess } from '../support/process.ts'
import type { Arrival, MailHost } from './mailhost.ts'
import { type Inbox, type Letter, type Postbag, readInbox, sender, type Tally } from './postbag.ts'
import type { Random } from './random.ts'
import { complain } from './rounds.ts'
import { command, Session } from './session.ts'
import { Submitter } from './submitter.ts'

/** By then what is due has been seen to. */
const patienceMs = 30_000

const password = 'the word of alice'

/** Variables of a process's environment. */
type Environment = Readonly<Record<string, string>>

export type OutboxOptions = {
  /** Every domain, and who takes its mail. */
  readonly hosts: ReadonlyMap<string, MailHost>
  /** `delivery.retry` */
  readonly retry?: string
  /** Makes what goes below the server, and says what its environment must hold. */
  readonly below?: (directory: string, data: string) => Promise<Environment>
}

export class Outbox implements AsyncDisposable {
  readonly data: string
  readonly hosts: ReadonlyMap<string, MailHost>
  readonly #directory: string
  readonly #environment: Environment
  #server: ServerProcess
  #kept = false

  private constructor(directory: string, options: OutboxOptions, environment: Environment, server: ServerProcess) {
    this.#directory = directory
    this.data = server.data
    this.hosts = options.hosts
    this.#environment = environment
    this.#server = server
  }

  /** Starts a server; the sender moves in. */
  static async make(options: OutboxOptions): Promise<Outbox> {
    const directory = await mkdtemp(join(tmpdir(), 'porchlight-outbound-'))
    const data = join(directory, 'data')
    const environment = (await options.below?.(directory, data)) ?? {}
    await writeFile(configPath(data), configOf(options))
    const server = await ServerProcess.start({ data, environment })
    await command(server, ['user', 'add', sender], password)
    return new Outbox(directory, options, environment, server)
  }

  /** The one that runs now, or ran last. */
  get server(): ServerProcess {
    return this.#server
  }

  /** What all hosts took, each in its order. */
  get arrivals(): readonly Arrival[] {
    return [...new Set(this.hosts.values())].flatMap(host => host.arrivals)
  }

  async start(): Promise<void> {
    this.#server = await ServerProcess.start({ data: this.data, environment: this.#environment })
  }

  /** Kills the server where it is. */
  strike(): void {
    this.#server.signal('SIGKILL')
    this.cut()
  }

  /** Tells the hosts that whoever they speak with is killed now. */
  cut(): void {
    for (const host of this.hosts.values()) host.cut()
  }

  /** Waits for the end that `strike` made. An error in the log is a fault. */
  async fallen(): Promise<void> {
    const exit = await this.#server.ended
    if (exit !== 'SIGKILL') throw new Error(`The server ended by itself: ${exit}.`)
    this.#complain()
  }

  async stop(): Promise<void> {
    const exit = await this.#server.stop()
    if (exit !== 0) throw new Error(`Asked to stop, the server ended with ${exit}.`)
    this.#complain()
  }

  submitter(step?: () => void): Promise<Submitter> {
    return Submitter.open(portOf(this.#server, 'submission'), password, step)
  }

  /** Hands in one message in a session of its own. */
  async hand(letter: Letter, random: Random): Promise<void> {
    using submitter = await this.submitter()
    await submitter.hand(letter, random)
  }

  /**
   * What waits in the queue of a server that does not run. A copy is looked at, so that the next start finds the data as
   * it was left.
   * @param indexLost whether the index is made anew from the log for that
   */
  async waiting(indexLost = false): Promise<readonly Waiting[]> {
    const copy = join(this.#directory, 'copy')
    for (const database of indexLost ? ['log'] : ['log', 'index']) {
      const from = join(this.data, database)
      if (existsSync(from)) await cp(from, join(copy, database), { recursive: true })
    }
    const found: Waiting[] = []
    {
      await using closing = new AsyncDisposableStack()
      const store = await Store.open(copy, { clock: systemClock, log: silentLog, reserve: 0 })
      closing.defer(() => store.close())
      for await (const list of store.outbound.all()) found.push(...list)
    }
    await rm(copy, { recursive: true })
    return found
  }

  /**
   * Has a server that does not run send on all that waits, and judges what has become of everything.
   * @throws what is wrong
   */
  async finish(postbag: Postbag): Promise<{ readonly tally: Tally; readonly inbox: Inbox }> {
    const waiting = await this.waiting()
    await this.start()
    await this.#settle(waiting)
    const inbox = await this.inbox()
    await this.stop()
    const { faults, tally } = postbag.judge(this.arrivals, inbox)
    const left = (await this.waiting()).map(({ id, domain }) => `${id} still waits for ${domain}`)
    complain([...faults, ...left])
    return { tally, inbox }
  }

  /** What lies in the sender's mailbox. */
  async inbox(): Promise<Inbox> {
    const opened = await Session.pop3(this.#server, sender, password, () => {})
    if (typeof opened === 'string') throw new Error(`${sender} cannot log in: ${opened}`)
    using session = opened
    const messages = []
    for (const number of (await session.uidls()).keys()) {
      const message = await session.retrieve(number)
      if (typeof message === 'string') throw new Error(message)
      messages.push(message.toString('latin1'))
    }
    await session.ask('QUIT', '+OK')
    return readInbox(messages)
  }

  /** Leaves the data behind, for somebody to look at. */
  keep(): void {
    this.#kept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.kill()
    if (!this.#kept) await rm(this.#directory, { recursive: true })
  }

  /** Waits until the running server has said in its log what became of all that waited when it started. */
  async #settle(waiting: readonly Waiting[]): Promise<void> {
    const counts = new Map<unknown, number>()
    for (const { id, pending } of waiting) counts.set(id, (counts.get(id) ?? 0) + pending.length)
    await until('all that waited is settled', () => {
      const said = this.#server.log.filter(({ msg }) => msg === 'delivered' || msg === 'bounced')
      return [...counts].every(([waits, count]) => said.filter(({ id }) => id === waits).length >= count)
    })
  }

  #complain(): void {
    const errors = this.#server.log.filter(({ level }) => Number(level) >= 50)
    complain(errors.map(entry => JSON.stringify(entry)))
  }
}

function configOf({ hosts, retry = '1s' }: OutboxOptions): string {
  const routes = Array.from(hosts, ([domain, { port }]) => `${domain}=127.0.0.1:${port}`)
  return `
hostname = "mail.home.example"
log.format = "json"
log.level = "debug"
login.plaintext = "loopback"
limits.connections_per_address = 200
submission.recipients_per_hour = 100000
delivery.retry = ["${retry}"]
relay.routes = ${JSON.stringify(routes)}
[listen]
smtp = []
submission = ["127.0.0.1:0"]
submissions = []
pop3 = ["127.0.0.1:0"]
pop3s = []
`
}

function portOf({ log }: ServerProcess, service: string): number {
  const door = log.find(entry => entry.msg === 'listening' && entry.service === service)
  return Number(String(door?.address).split(':').at(-1))
}

/** Looks again and again: nothing else tells how far another process has come. @throws when it takes too long */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const bound = Date.now() + patienceMs
  while (!holds()) {
    if (Date.now() > bound) throw new Error(`This did not come about: ${what}.`)
    await setTimeout(20)
  }
}
