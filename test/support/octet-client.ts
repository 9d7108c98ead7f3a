/** A client for messages of any size: over a real socket, octets go and come as they are, and few of them are held. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Listener } from '../../src/net/listener.ts'
import type { Household } from './household.ts'
import { type Protocol, serve } from './transcript.ts'

const idleMs = 30_000

export class OctetClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  readonly #listener: Listener
  #unread: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket, listener: Listener) {
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]()
    this.#listener = listener
  }

  static async dial(household: Household, protocol: Protocol): Promise<OctetClient> {
    const listener = await Listener.open(
      { host: '127.0.0.1', port: 0 },
      () => idleMs,
      connection => serve(connection, household, { protocol, door: 'smtp', implicitTls: false }),
    )
    const port = Number(listener.name.split(':').at(-1))
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new OctetClient(socket, listener)
  }

  /** Resolves when the octets are on their way. */
  async send(octets: Buffer | string): Promise<void> {
    if (!this.#socket.write(octets)) await once(this.#socket, 'drain')
  }

  /** @returns the next line without its CRLF, in Latin-1 */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#unread.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#unread.toString('latin1', 0, end)
        this.#unread = this.#unread.subarray(end + 2)
        return line
      }
      this.#unread = Buffer.concat([this.#unread, await this.#chunk()])
    }
  }

  /** @returns just so many octets */
  async octets(count: number): Promise<Buffer> {
    const octets = Buffer.alloc(count)
    let used = 0
    while (used < count) {
      if (this.#unread.length === 0) this.#unread = await this.#chunk()
      const copied = this.#unread.copy(octets, used)
      this.#unread = this.#unread.subarray(copied)
      used += copied
    }
    return octets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close()
    this.#socket.destroy()
  }

  async #chunk(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next()
    if (done) throw new Error('the server has closed')
    return value
  }
}
