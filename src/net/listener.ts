/** A door: listens on an endpoint and hands connections on. */
import { rm } from 'node:fs/promises'
import { createServer, type ListenOptions, type Server } from 'node:net'
import { budget } from '../base/budget.ts'
import type { Endpoint } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import { Connection } from './connection.ts'

/** What happens to a connection; the connection is closed when this resolves. */
export type Serve = (connection: Connection) => Promise<void>

/** Octets of a Unix socket's path: sun_path of unix(7), less its final NUL. */
const longestPath = 107

export class Listener {
  readonly #server: Server
  readonly #name: string

  private constructor(server: Server, name: string) {
    this.#server = server
    this.#name = name
  }

  /**
   * @param idleMs asked for each connection, since the setting may change
   * @throws Failure NETWORK when the endpoint cannot be listened on, with words about why
   */
  static async open(endpoint: Endpoint, idleMs: () => number, serve: Serve): Promise<Listener> {
    const server = makeServer(idleMs, serve)
    await listen(server, endpoint, `${endpoint.host}:${endpoint.port}`)
    const bound = server.address()
    const port = bound !== null && typeof bound === 'object' ? bound.port : endpoint.port
    const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
    return new Listener(server, `${host}:${port}`)
  }

  /**
   * Listens on a Unix socket that only its owner may open. The caller makes sure that no other process serves there.
   */
  static async openUnix(path: string, idleMs: number, connections: number, serve: Serve): Promise<Listener> {
    if (Buffer.byteLength(path) > longestPath) {
      throw new Failure('NETWORK', `${path} is too long for a socket: ${longestPath} octets are possible.`)
    }
    await rm(path, { force: true }).catch(error => {
      throw new Failure('NETWORK', `${path} cannot be listened on (${error.message}).`, { cause: error })
    })
    const server = makeServer(() => idleMs, serve)
    server.maxConnections = connections
    const mask = process.umask(0o177)
    try {
      await listen(server, { path }, path)
    } finally {
      process.umask(mask)
    }
    return new Listener(server, path)
  }

  /** Address and port as they came out, for instance `127.0.0.1:2525`, or the socket's path. */
  get name(): string {
    return this.#name
  }

  /** Takes no more connections; those under way go on. */
  close(): void {
    this.#server.close()
  }
}

function makeServer(idleMs: () => number, serve: Serve): Server {
  const leaving = new Set<Connection>()
  return createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    const connection = new Connection(socket, idleMs())
    // An error in `serve` is a bug: it stays unhandled, ends the process, and the supervisor starts it again.
    void serve(connection).finally(() => leave(connection, leaving))
  })
}

/** Closes a connection in good order. Peers that take their time over it are cut off when there are too many of them. */
async function leave(connection: Connection, leaving: Set<Connection>): Promise<void> {
  leaving.add(connection)
  const [longest] = leaving
  if (longest && leaving.size > budget.leaving) {
    leaving.delete(longest)
    longest.destroy()
  }
  await connection.close()
  leaving.delete(connection)
}

function listen(server: Server, options: ListenOptions, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new Failure('NETWORK', problem(error, name), { cause: error })))
    server.listen({ ...options, backlog: budget.backlog }, () => {
      server.removeAllListeners('error')
      // Later errors (no descriptors left to accept with) pass; the door stays open.
      server.on('error', () => {})
      resolve()
    })
  })
}

function problem(error: Error, name: string): string {
  const code = 'code' in error ? error.code : ''
  if (code === 'EADDRINUSE') return `${name} is in use by another program.`
  if (code === 'EACCES') return `${name} may not be used: ports below 1024 need the right to bind them.`
  if (code === 'EADDRNOTAVAIL') return `${name} is not an address of this machine.`
  return `${name} cannot be listened on (${error.message}).`
}
