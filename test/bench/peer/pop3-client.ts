/** A POP3 client that does hardly more than count: what it takes must not be taken for the server's time. */
import { connect, type Socket } from 'node:net'

const end = Buffer.from('\r\n.\r\n')
/** Octets a socket is read by. */
const readOctets = 256 * 1024

/** What is waited for: takes octets as they come, and says true when it has all. */
type Wait = {
  readonly take: (octets: Buffer) => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Pop3Client {
  readonly #socket: Socket
  #wait: Wait | undefined

  private constructor(port: number) {
    const take = (length: number, octets: Uint8Array) => {
      const wait = this.#wait
      if (wait?.take(Buffer.from(octets.buffer, octets.byteOffset, length))) {
        this.#wait = undefined
        wait.resolve()
      }
      return true
    }
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: Buffer.alloc(readOctets), callback: take },
    })
    this.#socket.on('error', () => {}) // 'close' follows.
    this.#socket.on('close', () => this.#wait?.reject(new Error('the server has closed')))
  }

  static async connect(port: number): Promise<Pop3Client> {
    const client = new Pop3Client(port)
    await client.#line()
    return client
  }

  /** @returns milliseconds from the password to the answer */
  async login(user: string, password: string): Promise<number> {
    await this.#command(`USER ${user}`)
    const begun = performance.now()
    await this.#command(`PASS ${password}`)
    return performance.now() - begun
  }

  /** @returns the number of messages */
  async count(): Promise<number> {
    return Number((await this.#command('STAT')).split(' ')[1])
  }

  /**
   * Retrieves messages, so many commands at a time, and counts.
   * @returns octets that came
   */
  async retrieve(messages: number, pipelined: number): Promise<number> {
    let octets = 0
    for (let first = 1; first <= messages; first += pipelined) {
      const length = Math.min(pipelined, messages - first + 1)
      const commands = Array.from({ length }, (_, i) => `RETR ${first + i}\r\n`).join('')
      const counter = new MessageCounter(length)
      await this.#ask(commands, chunk => counter.take(chunk))
      octets += counter.octets
    }
    return octets
  }

  async quit(): Promise<void> {
    await this.#command('QUIT')
    this.#socket.destroy()
  }

  async #command(line: string): Promise<string> {
    const answer = this.#line()
    this.#socket.write(`${line}\r\n`)
    const said = await answer
    if (!said.startsWith('+OK')) throw new Error(`${line.split(' ')[0]}: ${said}`)
    return said
  }

  async #line(): Promise<string> {
    let text = ''
    await this.#ask('', octets => {
      text += octets.toString('latin1')
      return text.endsWith('\r\n')
    })
    return text
  }

  #ask(commands: string, take: Wait['take']): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#wait = { take, resolve, reject }
    if (commands !== '') this.#socket.write(commands)
    return promise
  }
}

/** Counts messages by their ends, wherever the chunks are cut. */
class MessageCounter {
  octets = 0
  #left: number
  /** The last octets of the chunks before, fewer than an end has. */
  #tail = Buffer.alloc(0)

  constructor(messages: number) {
    this.#left = messages
  }

  take(chunk: Buffer): boolean {
    if (this.octets === 0 && chunk[0] !== 0x2b) throw new Error(`RETR: ${chunk.toString('latin1', 0, 80)}`)
    this.octets += chunk.length
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, end.length - 1)])
    if (seam.includes(end)) this.#left -= 1
    if (this.#left === 1) {
      // Nothing comes behind the last message, so its end needs no search.
      if (chunk.length >= end.length && chunk.subarray(-end.length).equals(end)) this.#left -= 1
    } else {
      for (let at = chunk.indexOf(end); at >= 0; at = chunk.indexOf(end, at + end.length)) this.#left -= 1
    }
    this.#tail = Buffer.from(
      chunk.length >= end.length ? chunk.subarray(1 - end.length) : seam.subarray(1 - end.length),
    )
    return this.#left <= 0
  }
}
