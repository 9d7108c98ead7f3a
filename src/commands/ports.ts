/** Which ports the board's packet filter has to let in: those that somebody listens at, and no others. */

import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Appliance } from '../board/appliance.ts'

type Listening = readonly { readonly name: string }[]

/** Where it is asked by name for machines of the same network: mDNS (RFC 6762 §3). */
const names = '5353/udp'

/**
 * @param listening where the services listen, as `0.0.0.0:25` and `[::]:995`
 * @returns the words of the steward's `ports`; programs of the box itself pass the filter in any case
 */
export function portsOf(listening: Listening): readonly string[] {
  const outside = listening.filter(({ name }) => !/^(?:127\.|\[::1\]|\[::ffff:127\.)/.test(name))
  const ports = new Set(outside.map(({ name }) => Number(name.slice(name.lastIndexOf(':') + 1))))
  return [...[...ports].sort((a, b) => a - b).map(String), names]
}

/** Has the packet filter let in what the server listens at. Where that fails, mail of this box's own goes on. */
export async function openPorts(board: Pick<Appliance, 'steward'>, listening: Listening, log: Log): Promise<void> {
  try {
    await board.steward('ports', ...portsOf(listening))
  } catch (error) {
    log.error({ reason: sentence(error) }, 'the packet filter could not be told which ports are in use')
  }
}
