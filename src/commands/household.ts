/** The household as commands see it: that of the running server, or of a store that no server has open. */
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { silentLog } from '../base/log.ts'
import type { Appliance } from '../board/appliance.ts'
import { MtaSts } from '../dns/mta-sts.ts'
import { Resolver } from '../dns/resolver.ts'
import type { Jobs } from '../doctor/job.ts'
import { blockedSince } from '../flow/blockage.ts'
import type { DeliveryServices } from '../flow/delivery.ts'
import { expunge } from '../flow/expunge.ts'
import { post } from '../flow/posting.ts'
import { overdue } from '../flow/retention.ts'
import { certificateOptions, type Server } from '../flow/server.ts'
import { isSuspended, suspend } from '../flow/suspension.ts'
import { withdraw } from '../flow/withdraw.ts'
import type { Journal } from '../journal/journal.ts'
import { isOwnAddress } from '../net/here.ts'
import type { Identity } from '../net/identity.ts'
import { Keyring } from '../store/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Household } from './command.ts'
import type { Configuration } from './configuration.ts'
import { wholeStatus } from './status.ts'

/** What a household is made of. */
type Parts = Pick<
  DeliveryServices,
  'store' | 'config' | 'clock' | 'log' | 'keyring' | 'resolver' | 'sts' | 'ourselves'
> & {
  readonly delivery: Household['delivery']
  /** Numbers of the accounts whose maildrop a mail program has open. */
  readonly maildrops: Set<number>
  /** Undefined where none runs. */
  readonly server: Server | undefined
  readonly configuration: Configuration | undefined
  readonly identity: () => Identity
  readonly journal: Journal | undefined
  readonly board: Appliance | undefined
  readonly written: Household['written']
  readonly local: Household['local']
  readonly jobs: (() => Jobs) | undefined
}

/** What a household has where it lives, and a test does without. */
type Furniture = Partial<Pick<Household, 'configuration' | 'journal' | 'board' | 'local' | 'written'>>
type Served = Furniture & { readonly server: Server; readonly jobs?: () => Jobs }
type Stored = Furniture & {
  readonly store: Store
  readonly config: Config
  /** The data directory. */
  readonly directory: string
}

/** The household of the running server. */
export function servedHousehold(served: Served): Household {
  const { server, configuration, journal, board, local, written, jobs } = served
  const identity = () => server.identity
  // Made anew for each use: the resolver is another one after a reload.
  const parts = () => ({
    ...server.services,
    delivery: server.queue,
    maildrops: server.openMaildrops,
    server,
    configuration,
    identity,
    journal,
    board,
    local,
    written,
    jobs,
  })
  return householdOf(parts)
}

/** The household of a store that no server has open, which is closed with it. */
export function storedHousehold(stored: Stored): Household & AsyncDisposable {
  const { store, config, directory, configuration, journal, board, local } = stored
  const resolver = new Resolver({ servers: config.dns.servers, clock: systemClock })
  const sts = new MtaSts({ names: resolver, clock: systemClock })
  const ports = config.listen.smtp.map(({ port }) => port)
  const parts: Parts = {
    store,
    config: () => configuration?.config ?? config,
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
    maildrops: new Set(),
    server: undefined,
    configuration,
    identity: () => ({
      options: certificateOptions(parts.config(), directory),
      inUse: undefined,
      now: systemClock.now,
      reload: async () => {},
    }),
    journal,
    board,
    local,
    written: undefined,
    jobs: undefined,
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
  const { store, clock, keyring, delivery, server, configuration, journal, board, local, written, jobs } = parts()
  const household: Household = {
    get config() {
      return parts().config()
    },
    get surroundings() {
      const { resolver, sts, ourselves } = parts()
      return { resolver, sts, ourselves, config: household.config }
    },
    get identity() {
      return parts().identity()
    },
    journal,
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
    mail: {
      mailbox: account => store.mailbox(account),
      entries: (account, limit, before) => store.entries(account, limit, before),
      mark: (account, uids, change) => store.mark(account, uids, change),
      expunge: (account, uids) => expunge(account, uids, { store, open: parts().maildrops }),
    },
    overdue: (account, ageMs) => overdue(store, account, ageMs, clock.now()),
    verify: watch => store.verify(watch),
    post: draft => post(draft, parts()),
    configuration,
    withdraw: (waiting, tells) => withdraw(waiting, tells, parts()),
    server,
    get patient() {
      const { config, surroundings, identity } = household
      const { directory } = identity.options
      const throttle = server?.services.throttle
      return { config, clock, store, keyring, surroundings, delivery, throttle, directory, root: '/', board }
    },
    board,
    local,
    written,
    get jobs() {
      return jobs?.()
    },
    status: () => wholeStatus(household, store, server),
  }
  return household
}
