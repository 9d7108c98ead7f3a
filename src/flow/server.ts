/** The running server: store, certificate and doors, opened in that order and closed in reverse. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import type { Config, Endpoint } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { MtaSts } from '../dns/mta-sts.ts'
import { Resolver } from '../dns/resolver.ts'
import { Admission } from '../net/admission.ts'
import { type Certificate, loadCertificate } from '../net/certificate.ts'
import type { Connection } from '../net/connection.ts'
import { isOwnAddress } from '../net/here.ts'
import type { Identity } from '../net/identity.ts'
import { Listener } from '../net/listener.ts'
import { encodeResponse, response } from '../pop3/response.ts'
import { encodeReply, reply } from '../smtp/reply.ts'
import { Keyring } from '../store/keyring.ts'
import { Store } from '../store/store.ts'
import { type AccessServices, access } from './access.ts'
import { Blockage } from './blockage.ts'
import type { DeliveryServices } from './delivery.ts'
import { Guests, type GuestView } from './guests.ts'
import { Queue } from './queue.ts'
import { Quota } from './quota.ts'
import { type Entrance, entrances, receive } from './receipt.ts'
import { Throttle } from './throttle.ts'
import { Vacation } from './vacation.ts'

type ServerOptions = {
  readonly config: Config
  /** The data directory. */
  readonly directory: string
  readonly log: Log
  readonly clock: Clock
  /** Octets of the disk that stay free; another number for a store that is for a moment. */
  readonly reserve?: number
  /** As of the store. */
  readonly onTrial?: boolean
}

type Door = {
  /** Serves one connection, or turns it away. */
  readonly serve: (connection: Connection, turnedAway: boolean) => Promise<void>
  /** What is said to one that makes room for another. */
  readonly lastWord: string
}

/** The services that listen, by the name of their setting. */
const services = ['smtp', 'submission', 'submissions', 'devices', 'pop3', 'pop3s'] as const
export type Service = (typeof services)[number]

export class Server {
  readonly store: Store
  readonly queue: Queue
  /** What mail goes out with. */
  readonly services: DeliveryServices
  /** Where each service listens, as it came out. */
  readonly listening: { readonly service: Service; readonly name: string }[] = []
  /** Numbers of the accounts whose maildrop is open. */
  readonly openMaildrops = new Set<number>()
  readonly #started: number
  readonly #directory: string
  readonly #log: Log
  readonly #clock: Clock
  readonly #admission: Admission<Connection>
  readonly #listeners: Listener[] = []
  readonly #guests = new Guests()
  readonly #stopping = new AbortController()
  /** Aborts when what is under way has to end at once. */
  readonly #ending = new AbortController()
  /** Answers for those who are away. */
  readonly #vacation: Vacation
  #resolver: Resolver
  /** Keeps its policies when the resolver is another one. */
  readonly #sts: MtaSts
  #config: Config
  #certificate: Certificate

  private constructor(store: Store, certificate: Certificate, { config, directory, log, clock }: ServerOptions) {
    this.store = store
    this.#started = clock.elapsed()
    this.#directory = directory
    this.#log = log
    this.#clock = clock
    this.#admission = new Admission(config.limits)
    this.#config = config
    this.#certificate = certificate
    this.#resolver = new Resolver({ servers: config.dns.servers, clock })
    this.#sts = new MtaSts({ names: { query: (name, type) => this.#resolver.query(name, type) }, clock })
    this.services = this.#makeServices()
    this.#vacation = new Vacation(this.services)
    store.onDelivery = (seq, accounts) => this.#vacation.note(seq, accounts)
    this.queue = new Queue(this.services, this.#makeBlockage())
    setMaxListeners(0, this.#stopping.signal, this.#ending.signal)
  }

  /**
   * Opens store and certificate; nobody comes in and nothing goes out before `listen`.
   * @throws Failure of the store or TLS; everything opened before is closed again
   */
  static async open(options: ServerOptions): Promise<Server> {
    const { config, directory, log, clock, onTrial = false, reserve = budget.reserve } = options
    const store = await Store.open(directory, { clock, log, reserve, recovers: true, onTrial })
    try {
      return new Server(store, await loadCertificate(certificateOptions(config, directory)), options)
    } catch (error) {
      await store.close()
      throw error
    }
  }

  get config(): Config {
    return this.#config
  }

  #makeBlockage(): Blockage {
    return new Blockage({
      settings: () => this.store.settings,
      log: this.#log,
      now: () => this.#clock.now(),
      smarthost: () => this.#config.relay.mode === 'auto' && this.#config.relay.host !== '',
    })
  }

  #makeServices(): DeliveryServices {
    const server = this
    return {
      store: this.store,
      config: () => this.#config,
      certificate: () => this.#certificate,
      clock: this.#clock,
      log: this.#log,
      throttle: new Throttle(),
      quota: new Quota(),
      keyring: new Keyring(join(this.#directory, 'dkim')),
      stopping: this.#stopping.signal,
      get resolver() {
        return server.#resolver
      },
      sts: this.#sts,
      ourselves: {
        get hostname() {
          return server.#config.hostname
        },
        isHere: (address, port) => isOwnAddress(address) && this.#smtpPorts().includes(port),
      },
      ending: this.#ending.signal,
    }
  }

  /** Ports at which the world's mail comes in. */
  #smtpPorts(): readonly number[] {
    return this.listening.flatMap(({ service, name }) =>
      service === 'smtp' ? [Number(name.slice(name.lastIndexOf(':') + 1))] : [],
    )
  }

  /** Milliseconds since it was opened. */
  get up(): number {
    return this.#clock.elapsed() - this.#started
  }

  /** What this host shows of itself by TLS. */
  get identity(): Identity {
    return {
      options: certificateOptions(this.#config, this.#directory),
      inUse: this.#certificate.leaf,
      now: () => this.#clock.now(),
      reload: () => this.reload(this.#config),
    }
  }

  /** Connections open now. */
  get connections(): number {
    return this.#guests.size
  }

  /** The same, one by one, the longest first. */
  get guests(): readonly GuestView[] {
    return this.#guests.list(this.#clock.elapsed())
  }

  /** Closes a connection at once. @param number as in `guests` @returns false when there is none */
  drop(number: number): boolean {
    return this.#guests.drop(number)
  }

  /**
   * Takes a changed configuration and reads the certificate again. Doors stay where they are.
   * @throws Failure TLS, and then nothing has changed
   */
  async reload(config: Config): Promise<void> {
    this.#certificate = await loadCertificate(certificateOptions(config, this.#directory))
    const moved = services.filter(
      service => JSON.stringify(config.listen[service]) !== JSON.stringify(this.#config.listen[service]),
    )
    if (moved.length > 0) this.#log.warn({ settings: moved }, 'listen takes effect at the next start')
    if (JSON.stringify(config.dns) !== JSON.stringify(this.#config.dns)) {
      // The old one answers what it has been asked: closed, it would seem that the network is away.
      this.#resolver = new Resolver({ servers: config.dns.servers, clock: this.#clock })
    }
    this.#config = config
    this.#admission.limits = config.limits
    this.#log.level = config.log.level
  }

  /** Takes no more connections, lets running bodies finish within a bound, closes the store. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.#breakOff(), budget.drainMs)
    await Promise.all([this.#closeDoors(), this.queue.stop()])
    clearTimeout(late)
    this.#breakOff()
    await this.#vacation.stop()
    await this.store.close()
  }

  /** What goes out is broken off, and what it waits to know. */
  #breakOff(): void {
    this.#ending.abort()
    this.#sts.close()
    this.#resolver.close()
  }

  /**
   * Opens the doors and begins to deliver. Accounts of a first start are there before it: a letter that comes in between
   * would be refused for good.
   * @throws Failure NETWORK; the server is to be stopped then
   */
  async listen(): Promise<void> {
    const receipt = this.services
    const fetching: AccessServices = { ...receipt, open: this.openMaildrops }
    const fetch = (implicitTls: boolean): Door => ({
      serve: (connection, turnedAway) =>
        access(connection, fetching, { implicitTls, refusal: turnedAway ? response.tooManyConnections : undefined }),
      lastWord: encodeResponse(response.tooManyConnections),
    })
    const hand = (entrance: Entrance): Door => ({
      serve: (connection, turnedAway) =>
        receive(connection, receipt, entrance, turnedAway ? reply.tooManyConnections : undefined),
      lastWord: encodeReply(reply.tooManyConnections),
    })
    const doors: Record<Service, Door> = {
      smtp: hand(entrances.smtp),
      submission: hand(entrances.submission),
      submissions: hand(entrances.submissions),
      devices: hand(entrances.devices),
      pop3: fetch(false),
      pop3s: fetch(true),
    }
    for (const service of services) {
      for (const endpoint of this.#config.listen[service]) await this.#open(service, endpoint, doors[service])
    }
    this.queue.start()
  }

  async #open(service: Service, endpoint: Endpoint, door: Door): Promise<void> {
    const idleMs = () => this.#config.limits[service.startsWith('pop3') ? 'pop3_idle' : 'smtp_idle']
    const listener = await Listener.open(endpoint, idleMs, connection => this.#admit(connection, service, door))
    this.#listeners.push(listener)
    this.listening.push({ service, name: listener.name })
    this.#log.info({ service, address: listener.name }, 'listening')
  }

  async #admit(connection: Connection, service: Service, door: Door): Promise<void> {
    const entry = this.#admission.enter(connection, performance.now())
    const turnedAway = typeof entry === 'string'
    if (turnedAway) this.#log.warn({ client: connection.address, refusal: entry }, 'connection turned away')
    else if (entry.insteadOf) this.#displace(entry.insteadOf)
    const served = door.serve(connection, turnedAway).finally(() => {
      this.#admission.leave(connection)
      this.#guests.leave(connection)
    })
    this.#guests.enter(connection, { service, came: this.#clock.elapsed(), lastWord: door.lastWord, served })
    await served
  }

  #displace(connection: Connection): void {
    this.#log.warn({ client: connection.address }, 'connection closed to make room')
    connection.dismiss(this.#guests.lastWord(connection))
  }

  async #closeDoors(): Promise<void> {
    for (const listener of this.#listeners) listener.close()
    this.#stopping.abort()
    const bound = setTimeout(() => this.#guests.dropAll(), budget.drainMs)
    await this.#guests.gone()
    clearTimeout(bound)
  }
}

/** Where the certificate of a household is, or is made. */
export function certificateOptions({ tls, hostname }: Config, directory: string) {
  return { certificate: tls.certificate, key: tls.key, directory, hostname }
}
