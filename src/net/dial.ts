/** Opens connections to other programs. */
import { connect, type NetConnectOpts } from 'node:net'
import { Connection } from './connection.ts'

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
