/** Opens connections to other programs. */
import { connect, type NetConnectOpts } from 'node:net'
import { Connection } from './connection.ts'

/** Why nobody could be reached. */
export type Unreached = { readonly kind: 'refused' | 'unreachable' | 'timeout' }

/**
 * Connects to another mail host.
 * @param address an IP address
 * @param ms that it may take
 * @param signal gives up at once
 */
export function reach(address: string, port: number, ms: number, signal: AbortSignal): Promise<Connection | Unreached> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, noDelay: true })
    const end = (outcome: Connection | Unreached) => {
      clearTimeout(late)
      signal.removeEventListener('abort', giveUp)
      resolve(outcome)
    }
    const giveUp = () => {
      socket.destroy()
      end({ kind: signal.aborted ? 'unreachable' : 'timeout' })
    }
    const late = setTimeout(giveUp, ms)
    signal.addEventListener('abort', giveUp)
    socket.once('connect', () => end(new Connection(socket, ms)))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end({ kind: unreached[error.code ?? ''] ?? 'unreachable' })
    })
    if (signal.aborted) giveUp()
  })
}

const unreached: Readonly<Record<string, Unreached['kind']>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timeout',
}

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
