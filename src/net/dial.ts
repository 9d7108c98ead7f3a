/** Opens connections to other programs. */
import { connect, type NetConnectOpts } from 'node:net'
import { Connection } from './connection.ts'

/** Why nobody could be reached. */
export type Unreached = { readonly kind: 'refused' | 'unreachable' | 'timeout' }

/**
 * Connects to another mail host.
 * @param address an IP address
 * @param ms that it may take
 */
export function reach(address: string, port: number, ms: number): Promise<Connection | Unreached> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, noDelay: true })
    const late = setTimeout(() => {
      socket.destroy()
      resolve({ kind: 'timeout' })
    }, ms)
    socket.once('connect', () => {
      clearTimeout(late)
      resolve(new Connection(socket, ms))
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(late)
      resolve({ kind: unreached[error.code ?? ''] ?? 'unreachable' })
    })
  })
}

const unreached: Readonly<Record<string, Unreached['kind']>> = { ECONNREFUSED: 'refused', ETIMEDOUT: 'timeout' }

/**
 * Connects to a host's port or to a Unix socket's path.
 * @param idleMs as for `Connection`
 * @returns undefined when nobody listens there
 */
export function dial(options: NetConnectOpts, idleMs: number): Promise<Connection | undefined> {
  return new Promise(resolve => {
    const socket = connect(options)
    socket.once('connect', () => resolve(new Connection(socket, idleMs)))
    socket.once('error', () => resolve(undefined))
  })
}
