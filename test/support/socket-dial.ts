/** Dials a household over real sockets and real TLS. */
import { connect as dialPlain, type Socket } from 'node:net'
import { connect as dialTls } from 'node:tls'
import { Listener } from '../../src/net/listener.ts'
import { type Client, type Dial, serve } from './transcript.ts'

const idleMs = 30_000

export const overSocket: Dial = async (household, way) => {
  await household.useCertificate()
  const served = Promise.withResolvers<void>()
  const listener = await Listener.open(
    { host: '127.0.0.1', port: 0 },
    () => idleMs,
    async connection => {
      await serve(connection, household, way)
      served.resolve()
    },
  )
  const port = Number(listener.name.split(':').at(-1))
  const client = new SocketClient(
    dialPlain({ port, host: '127.0.0.1' }),
    served.promise.then(() => listener.close()),
  )
  if (way.implicitTls) await client.secure()
  return client
}

class SocketClient implements Client {
  readonly done: Promise<void>
  #socket: Socket
  #lines: AsyncIterator<string>

  constructor(socket: Socket, done: Promise<void>) {
    this.#socket = socket
    this.#lines = lines(socket)
    this.done = done
  }

  send(octets: Buffer): void {
    this.#socket.write(octets)
  }

  async line(): Promise<string | undefined> {
    const next = await this.#lines.next()
    return next.done ? undefined : next.value
  }

  async secure(): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('readable')
    this.#socket = dialTls({ socket: plain, rejectUnauthorized: false })
    this.#lines = lines(this.#socket)
    await new Promise((resolve, reject) => {
      this.#socket.once('secureConnect', resolve)
      this.#socket.once('error', reject)
    })
  }

  end(): void {
    this.#socket.end()
    // What nobody reads any more must not keep the connection open.
    this.#socket.resume()
  }
}

/** Lines without their CRLF; listens without reading more than is asked for. */
export async function* lines(socket: Socket): AsyncGenerator<string> {
  let held = Buffer.alloc(0)
  for (;;) {
    const end = held.indexOf('\r\n')
    if (end >= 0) {
      yield held.toString('utf8', 0, end)
      held = held.subarray(end + 2)
      continue
    }
    const chunk: Buffer | null = socket.read()
    if (chunk !== null) held = Buffer.concat([held, chunk])
    else if (socket.readableEnded || socket.destroyed) return
    else await readable(socket)
  }
}

function readable(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const events = ['readable', 'end', 'close', 'error'] as const
    const done = () => {
      for (const event of events) socket.off(event, done)
      resolve()
    }
    for (const event of events) socket.on(event, done)
  })
}
