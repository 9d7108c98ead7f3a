/** Joins the board with its name on its own network: announced wherever the network is, and as long as the house is open. */
import { hostname } from 'node:os'
import { budget } from '../base/budget.ts'
import { systemClock } from '../base/clock.ts'
import { hostLabel } from '../base/fixed.ts'
import type { Log } from '../base/log.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Network } from '../board/network.ts'
import { Announcer } from '../dns/announcer.ts'
import type { LocalName } from './command.ts'

/** The name of a box that nobody has named. */
const standard = 'porchlight'

/** Announces the box until it is disposed of. */
export function announceBox(board: Pick<Appliance, 'network' | 'changes'>, log: Log): LocalName & AsyncDisposable {
  const announcer = new Announcer({ label: ownLabel(hostname()), clock: systemClock, log })
  const use = (network: Network | undefined) => announcer.use(network)
  let named = hostname()
  // The file on the card names the box, too, and the steward tells nobody.
  const look = setInterval(() => {
    if (hostname() === named) return
    named = hostname()
    announcer.rename(ownLabel(named))
  }, budget.boardLookMs).unref()
  board.changes.on('network', use)
  use(board.network)
  return {
    get name() {
      return announcer.name
    },
    rename: label => announcer.rename(label),
    [Symbol.asyncDispose]: async () => {
      board.changes.off('network', use)
      clearInterval(look)
      await announcer.close()
    },
  }
}

/** What the system is called, where that is a name, and a box's own: `localhost` is what nobody has named. */
function ownLabel(name: string): string {
  try {
    return hostLabel(name.split('.', 1).join(''))
  } catch {
    return standard
  }
}
