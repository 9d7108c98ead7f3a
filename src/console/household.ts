/** The household as commands see it: that of the running server, or of a store that no server has open. */
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { silentLog } from '../base/log.ts'
import { MtaSts } from '../dns/mta-sts.ts'
import { Resolver } from '../dns/resolver.ts'
import { blockedSince } from '../flow/blockage.ts'
import type { DeliveryServices } from '../flow/delivery.ts'
import type { Server } from '../flow/server.ts'
import { isSuspended, suspend } from '../flow/suspension.ts'
import { withdraw } from '../flow/withdraw.ts'
import { isOwnAddress } from '../net/here.ts'
import { Keyring } from '../store/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Household } from './command.ts'
import { queueStatus, serverStatus, storeStatus } from './status.ts'

/** What a household is made of. */
type Parts = Pick<
  DeliveryServices,
  'store' | 'config' | 'clock' | 'log' | 'keyring' | 'resolver' | 'sts' | 'ourselves'
> & {
  readonly delivery: Household['delivery']
  readonly serverStatus: () => Awaited<ReturnType<Household['status']>>
}

/** The household of the running server. */
export function servedHousehold(server: Server): Household {
  // Made anew for each use: the resolver is another one after a reload.
  const parts = () => ({ ...server.services, delivery: server.queue, serverStatus: () => serverStatus(server) })
  return householdOf(parts)
}

/**
 * The household of a store, which is closed with it.
 * @param directory the data directory
 */
export function storedHousehold(store: Store, config: Config, directory: string): Household & AsyncDisposable {
  const resolver = new Resolver({ servers: config.dns.servers, clock: systemClock })
  const sts = new MtaSts({ names: resolver, clock: systemClock })
  const ports = config.listen.smtp.map(({ port }) => port)
  const parts: Parts = {
    store,
    config: () => config,
    clock: systemClock,
    log: silentLog,
    keyring: new Keyring(join(directory, 'dkim')),
    resolver,
    sts,
    ourselves: {
      hostname: config.hostname,
      isHere: (address, port) => isOwnAddress(address) && ports.includes(port),
    },
    delivery: stoppedDelivery(store),
    serverStatus: () => [],
  }
  const close = async () => {
    sts.close()
    resolver.close()
    await store.close()
  }
  return Object.assign(
    householdOf(() => parts),
    { [Symbol.asyncDispose]: close },
  )
}

/** What can be said of delivery, and to it, while no server runs. */
function stoppedDelivery({ settings }: Store): Household['delivery'] {
  return {
    get suspended() {
      return isSuspended(settings)
    },
    suspend: suspended => suspend(settings, suspended),
    get blocked() {
      return blockedSince(settings, systemClock.now())
    },
    offline: false,
    underWay: 0,
    forgetRests: () => {},
  }
}

function householdOf(parts: () => Parts): Household {
  const { store, clock, keyring, delivery } = parts()
  const household: Household = {
    get config() {
      return parts().config()
    },
    get surroundings() {
      const { resolver, sts, ourselves } = parts()
      return { resolver, sts, ourselves, config: household.config }
    },
    now: () => clock.now(),
    accounts: store.accounts,
    settings: store.settings,
    outbound: store.outbound,
    keyring,
    delivery,
    mailbox: name => {
      const account = store.accounts.find(name)
      const { count, octets } = account ? store.mailbox(account.id) : { count: 0, octets: 0 }
      return { messages: count, octets }
    },
    message: seq => store.message(seq),
    verify: watch => store.verify(watch),
    withdraw: (waiting, tells) => withdraw(waiting, tells, parts()),
    status: async () => [...parts().serverStatus(), ...storeStatus(store), ...(await queueStatus(household))],
  }
  return household
}
