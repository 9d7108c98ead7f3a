/** A client's connection that takes little of the machine: what it spends is missing from the server. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class Peer implements Disposable {
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]()
  }

  /** Connects to a port of the loopback. */
  static async open(port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Peer(socket)
  }

  send(octets: Buffer | string): void {
    this.#socket.write(octets)
  }

  /** Says a line. @returns the last line of the answer. @throws when it does not begin as expected */
  ask(line: string, expected: string): Promise<string> {
    this.send(`${line}\r\n`)
    return this.expect(expected, line)
  }

  /** Reads an answer to its last line. @throws when that does not begin as expected */
  async expect(expected: string, line = 'connecting'): Promise<string> {
    for (;;) {
      const answer = await this.#line()
      if (/^\d{3}-/.test(answer)) continue
      if (!answer.startsWith(expected)) throw new Error(`"${line}" was answered "${answer}"`)
      return answer
    }
  }

  /** @returns what comes before the line of a single dot, still stuffed; it has at least one line */
  async text(): Promise<string> {
    const parts: string[] = []
    for (;;) {
      const end = this.#held.indexOf('\r\n.\r\n')
      const taken = end >= 0 ? end + 2 : Math.max(0, this.#held.length - 4)
      parts.push(this.#held.toString('latin1', 0, taken))
      this.#held = this.#held.subarray(end >= 0 ? end + 5 : taken)
      if (end >= 0) return parts.join('')
      await this.#more()
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#held.toString('latin1', 0, end)
        this.#held = this.#held.subarray(end + 2)
        return line
      }
      await this.#more()
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next()
    if (done) throw new Error('the server has closed')
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value])
  }
}
