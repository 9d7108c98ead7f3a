/** A server under siege: crowds of connections from many loopback addresses, a good peer among them, and what the server holds. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { serviceEnvironment } from '../bench/service.ts'
import { deliver, openMaildrop } from '../support/dialogue.ts'
import { ServerProcess } from '../support/process.ts'

// The server has the environment of the household's, and from source as much heap as the executable, which ignores this.
Object.assign(process.env, serviceEnvironment(), { NODE_OPTIONS: '--max-old-space-size=64 --max-semi-space-size=1' })

export const password = 'correct horse'
/** A good peer's message is accepted so soon after it connects, ms. */
const patienceMs = 1000
/** Peers that the server has closed its side to get five seconds to close theirs. */
const calmMs = 15_000
/** What the good peer costs already: 16 MiB for the hash of a password, its messages, and garbage that V8 leaves for later. */
const anywayMiB = 32
const KiB = 1024
const MiB = 1024 * KiB

export class Siege implements AsyncDisposable {
  readonly server: ServerProcess
  readonly #directory: string
  readonly #crowd = new Set<Socket>()
  #came = 0
  #sent = 0
  /** What the server held before anybody came: open sockets, and octets of memory. */
  readonly #quiet: { readonly sockets: number; readonly memory: number }

  private constructor(server: ServerProcess, directory: string, quiet: { sockets: number; memory: number }) {
    this.server = server
    this.#directory = directory
    this.#quiet = quiet
  }

  /** Starts a server on which alice has an account. @param config settings beside the usual ones */
  static async begin(config = ''): Promise<Siege> {
    const directory = await mkdtemp(join(tmpdir(), 'porchlight-siege-'))
    const server = await ServerProcess.start({ data: join(directory, 'data'), config })
    const sockets = await socketsOf(server.pid)
    const { exit, complaint } = await server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
    assert.equal(exit, 0, complaint)
    const siege = new Siege(server, directory, { sockets, memory: await statusOf(server.pid, 'VmRSS') })
    await siege.serves()
    return siege
  }

  /**
   * Opens connections, all at once, and waits until the server has dealt with each: greeted it or turned it away. None of
   * them closes when the server does.
   * @param addresses how many loopback addresses they come from, in turn
   * @returns them, with nothing read yet
   */
  crowd(service: 'smtp' | 'pop3' | 'pop3s', connections: number, addresses: number): Promise<Socket[]> {
    const port = this.server.port(service)
    const coming = Array.from({ length: connections }, () => {
      const from = 1 + (this.#came++ % addresses)
      const localAddress = `127.1.${from >> 8}.${from & 255}`
      const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true })
      this.#crowd.add(socket)
      socket.once('close', () => this.#crowd.delete(socket))
      return dealtWith(socket, service)
    })
    return Promise.all(coming)
  }

  /** A good peer's message is accepted within a second, and its owner finds it. */
  async serves(): Promise<void> {
    const { server } = this
    const begun = performance.now()
    assert.match(await deliver(server.port('smtp'), 'alice@home.example', 'Subject: hello\r\n\r\n'), /^250 /)
    const ms = performance.now() - begun
    assert.ok(ms < patienceMs, `accepted only after ${ms.toFixed(0)} ms`)
    this.#sent += 1
    using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
    assert.match(await pop3.say(`LIST ${this.#sent}`), /^\+OK /)
  }

  /** Everybody leaves; then the server has all its descriptors back, and no fault in its log. */
  async lift(): Promise<void> {
    for (const socket of this.#crowd) socket.destroy()
    const end = performance.now() + calmMs
    let sockets = 0
    for await (const _ of setInterval(50)) {
      sockets = await this.sockets()
      if (sockets === 0 || performance.now() > end) break
    }
    assert.equal(sockets, 0, 'sockets that the server has not closed')
    await this.serves()
    const faults = this.server.log.filter(({ msg }) => /fault/.test(msg))
    assert.deepEqual(faults, [])
  }

  /** Sockets that the server has open beyond those it had when it was quiet. */
  async sockets(): Promise<number> {
    return (await socketsOf(this.server.pid)) - this.#quiet.sockets
  }

  /** The house was full: somebody had to make room. */
  wasFull(): void {
    assert.ok(this.server.log.some(({ msg }) => msg === 'connection closed to make room'))
  }

  /** The server's memory has at no time grown by more than what so many peers may take, each so many KiB. */
  async holds(peers: number, kib: number): Promise<void> {
    const grown = (await statusOf(this.server.pid, 'VmHWM')) - this.#quiet.memory
    const most = anywayMiB * MiB + peers * kib * KiB
    assert.ok(grown < most, `grown by ${(grown / MiB).toFixed(1)} MiB, and ${(most / MiB).toFixed(1)} are allowed`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#crowd) socket.destroy()
    await this.server.kill()
    await rm(this.#directory, { recursive: true })
  }
}

/** @returns the socket once the server has greeted it or closed it; over TLS, once it is connected */
function dealtWith(socket: Socket, service: string): Promise<Socket> {
  socket.on('error', () => {}) // To be cut off is what it came for.
  return new Promise(resolve => {
    for (const event of [service === 'pop3s' ? 'connect' : 'readable', 'close'])
      socket.once(event, () => resolve(socket))
  })
}

async function socketsOf(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`
  // One may be closed between its listing and its reading.
  const links = await Promise.all((await readdir(folder)).map(fd => readlink(join(folder, fd)).catch(() => '')))
  return links.filter(link => link.startsWith('socket:')).length
}

async function statusOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const [, kib] = new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}
