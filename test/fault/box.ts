/** A server on a disk that is under the test's command, and the model of what must be found there. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from '../crash/inspect.ts'
import { type Mailbox, Model, sendingDomain } from '../crash/model.ts'
import { makeBody, Random } from '../crash/random.ts'
import { complain, config, settleIn } from '../crash/rounds.ts'
import { Session } from '../crash/session.ts'
import { dataLines, read } from '../crash/traffic.ts'
import { ServerProcess } from '../support/process.ts'
import { Disk } from './disk.ts'

export class Box implements AsyncDisposable {
  readonly disk: Disk
  readonly model = new Model()
  readonly random = new Random(1)
  readonly #directory: string
  readonly #data: string
  #server: ServerProcess

  private constructor(directory: string, data: string, disk: Disk, server: ServerProcess) {
    this.#directory = directory
    this.#data = data
    this.disk = disk
    this.#server = server
  }

  /** Starts a server; the residents move in. @param parent where it keeps everything */
  static async make(parent = tmpdir()): Promise<Box> {
    const directory = await mkdtemp(join(parent, 'porchlight-fault-'))
    const data = join(directory, 'data')
    const disk = await Disk.make(directory, data)
    const box = new Box(directory, data, disk, await startServer(data, disk))
    await settleIn(box.server, box.model)
    return box
  }

  /** The one that runs now. */
  get server(): ServerProcess {
    return this.#server
  }

  /** Sends a message, which a server in trouble may refuse at any line. @returns the last answer */
  async offer(to: readonly Mailbox[], body = makeBody(this.random)): Promise<string> {
    const { model, random } = this
    using session = await Session.smtp(this.#server, () => {})
    const message = model.compose(body, to)
    const recipients = to.map(({ name }) => `RCPT TO:<${name}@home.example>`)
    for (const line of [`MAIL FROM:<${message.token}@${sendingDomain}> BODY=8BITMIME`, ...recipients, 'DATA']) {
      const answer = await session.say(line)
      if (!/^[23]/.test(answer)) return answer
    }
    for (const part of dataLines(body, random)) await session.send(part)
    message.kept.attempt(true)
    const answer = await session.say('.')
    if (answer.startsWith('250')) message.kept.acknowledge()
    return answer
  }

  /** Deletes all that a mailbox holds. */
  async removeAll(mailbox: Mailbox): Promise<void> {
    await read(mailbox, { server: this.#server, model: this.model, fuse: neverKilled }, this.random, 100, 'quit')
  }

  /** Everything that was acknowledged must be there, once and whole. What was refused may be, from now on for good. */
  async inspect(): Promise<void> {
    complain(await inspect(this.#server, this.model))
  }

  /** Files in which a database writes ahead: a second one while the first is not a table yet. */
  async writeAheadFiles(database: 'log' | 'index'): Promise<number> {
    const names = await readdir(join(this.#data, database))
    return names.filter(name => name.endsWith('.log')).length
  }

  /** Takes all that was not synced, and starts the server again, on a disk that is well. */
  async cutPower(): Promise<void> {
    await this.#server.kill()
    await this.disk.cut()
    await this.#start()
  }

  /** Stops the server properly and starts it again. */
  async restart(): Promise<void> {
    await this.#server.stop()
    await this.#start()
  }

  async #start(): Promise<void> {
    await this.disk.withdraw()
    this.#server = await startServer(this.#data, this.disk)
    await this.inspect()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.kill()
    await rm(this.#directory, { recursive: true })
  }
}

const neverKilled = { step: () => {}, acknowledged: () => {} }

function startServer(data: string, { environment }: Disk): Promise<ServerProcess> {
  return ServerProcess.start({ data, config, environment })
}
