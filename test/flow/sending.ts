/** A household that sends: a real store and queue, a name server and a clock of the test's own, hosts on loopback addresses. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Answer } from 'dns-packet'
import { pino } from 'pino'
import { budget } from '../../src/base/budget.ts'
import { type Config, readConfig } from '../../src/base/config.ts'
import { MtaSts } from '../../src/dns/mta-sts.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { Blockage } from '../../src/flow/blockage.ts'
import type { DeliveryServices } from '../../src/flow/delivery.ts'
import { Queue } from '../../src/flow/queue.ts'
import type { Ourselves } from '../../src/flow/target.ts'
import { idText } from '../../src/store/id.ts'
import type { Recipient } from '../../src/store/message.ts'
import type { Waiting } from '../../src/store/queue.ts'
import type { Envelope } from '../../src/store/spool.ts'
import type { Store } from '../../src/store/store.ts'
import { a, mx, NameServer, type Say, zone } from '../dns/name-server.ts'
import { StillClock } from '../dns/still-clock.ts'
import { Household } from '../support/household.ts'

/** How long a test waits for what has to come, ms of the real clock. */
const boundMs = 20_000

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** A still clock of our days that knows who waits. */
class QueueClock extends StillClock {
  sleepers = 0
  /** How long something takes is measured in truth, for hosts that take their time. */
  measures = false
  /** Milliseconds that the wall's clock is off by: somebody has set it. */
  wrong = 0
  guesses = false

  constructor() {
    super()
    this.pass(Date.UTC(2026, 10, 21, 22, 15, 52) - this.now())
  }

  override now(): number {
    return super.now() + this.wrong
  }

  unset(): boolean {
    return this.guesses
  }

  override elapsed(): number {
    return this.measures ? performance.now() : super.elapsed()
  }

  override async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleepers += 1
    try {
      await super.sleep(ms, signal)
    } finally {
      this.sleepers -= 1
    }
  }
}

type Options = {
  /** Of porchlight.toml, beside delivery.port. */
  readonly config?: string
  readonly records?: readonly Answer[]
  readonly names?: Say
  readonly secure?: boolean
  readonly ourselves?: Partial<Ourselves>
  readonly services?: Partial<DeliveryServices>
  /** Of the hosts; those of a first one by itself. */
  readonly port?: number
  readonly sts?: { readonly port: number; readonly ca: string }
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

export class Sending implements AsyncDisposable {
  readonly clock = new QueueClock()
  readonly log: LogLine[] = []
  readonly names: NameServer
  readonly port: number
  readonly #ending = new AbortController()
  config: Config
  household: Household
  queue: Queue
  blockage: Blockage
  readonly #options: Options
  readonly #resolver: Resolver
  readonly #sts: MtaSts

  private constructor(household: Household, names: NameServer, port: number, options: Options) {
    this.household = household
    this.names = names
    this.port = port
    this.#options = options
    this.config = readConfig(`hostname = "mail.home.example"\n[delivery]\nport = ${port}\n${options.config ?? ''}`, '/')
    household.config = this.config
    this.#resolver = new Resolver({ servers: [names.address], clock: this.clock })
    this.#sts = new MtaSts({ names: this.#resolver, clock: this.clock, ...options.sts })
    this.blockage = this.#makeBlockage()
    this.queue = new Queue(this.services, this.blockage)
  }

  static async make(options: Options = {}): Promise<Sending> {
    const say = options.names ?? zone(options.records ?? [], { secure: options.secure ?? false })
    const [household, names] = await Promise.all([Household.make('alice'), NameServer.start(say)])
    return new Sending(household, names, options.port ?? 25, options)
  }

  get store(): Store {
    return this.household.store
  }

  get services(): DeliveryServices {
    const lines = this.log
    return {
      ...this.household.receipt,
      config: () => this.config,
      clock: this.clock,
      log: pino({ level: 'debug', base: null }, { write: line => void lines.push(JSON.parse(line)) }),
      resolver: this.#resolver,
      sts: this.#sts,
      ourselves: { hostname: 'mail.home.example', isHere: () => false, ...this.#options.ourselves },
      ending: this.#ending.signal,
      ...this.#options.services,
    }
  }

  #makeBlockage(): Blockage {
    return new Blockage({
      settings: () => this.store.settings,
      log: this.services.log,
      now: () => this.clock.now(),
      smarthost: () => this.config.relay.mode === 'auto' && this.config.relay.host !== '',
    })
  }

  /** What is under way ends at once. */
  end(): void {
    this.#ending.abort()
  }

  /** Stops, opens the store anew, and begins with a new queue. */
  async restart(): Promise<void> {
    await this.queue.stop()
    await this.household.restart()
    this.renew()
  }

  /** Begins with a new queue, which has not started. */
  renew(): void {
    this.blockage = this.#makeBlockage()
    this.queue = new Queue(this.services, this.blockage)
  }

  /** Accepts a message of alice's. @returns its id in text form */
  async submit(
    to: readonly (string | Recipient)[],
    changes: Partial<Envelope> & { body?: string } = {},
  ): Promise<string> {
    const { body = 'Subject: hello\r\n\r\nGood evening.\r\n', ...envelope } = changes
    await using incoming = this.store.incoming(body.length)
    await incoming.append(Buffer.from(body, 'latin1'))
    const recipients = to.map(each => (typeof each === 'string' ? { path: each, notify: 0, orcpt: '' } : each))
    await incoming.commit({
      reversePath: 'alice@home.example',
      recipients,
      accounts: [],
      queued: [...to.keys()],
      trace: 'Received: by mail.home.example; Sat, 21 Nov 2026 22:15:52 +0000\r\n',
      ret: '',
      envid: '',
      eightBit: false,
      smtputf8: false,
      requireTls: false,
      tlsOptional: false,
      messageId: '<1@home.example>',
      dotted: /^\./m.test(body),
      headerOctets: body.indexOf('\r\n\r\n') + 4,
      date: this.clock.now(),
      ...envelope,
    })
    this.store.outbound.onChange()
    return idText(incoming.id)
  }

  /** Starts the queue, if that was not done, and waits until there is nothing to do. */
  async settle(ms = boundMs): Promise<void> {
    this.queue.start()
    await until(() => this.idle, 'the queue is at rest', ms)
  }

  /** Lets time pass, and waits until there is nothing to do again. */
  async pass(ms: number): Promise<void> {
    this.clock.pass(ms)
    await this.settle()
  }

  /** Lets the name servers' time run out until there is nothing to do: none answers. */
  async despair(): Promise<void> {
    await until(() => {
      if (!this.idle && this.clock.sleepers > 1) this.clock.pass(budget.dnsAnswerMs)
      return this.idle
    }, 'the queue has given up')
  }

  /** Somebody wants everything tried now. */
  async retry(): Promise<void> {
    await this.store.outbound.decide(await this.waiting(), { kind: 'retry', now: this.clock.now() }, this.clock.now())
    await this.settle()
  }

  /** Between two turns of the event loop the queue sleeps only when it has looked and found nothing. */
  get idle(): boolean {
    return this.queue.underWay === 0 && this.clock.sleepers === 1
  }

  /** Everything that is not done. */
  async waiting(): Promise<readonly Waiting[]> {
    return (await Array.fromAsync(this.store.outbound.all())).flat()
  }

  /** The one dispatch that waits: what was said last, its attempts, and minutes until the next one. */
  async lone(): Promise<{
    last: string
    attempts: number
    dueIn: number
    pending: readonly number[]
    noticed: boolean
  }> {
    const [one, ...others] = await this.waiting()
    assert.ok(one && others.length === 0, `${others.length + (one ? 1 : 0)} dispatches wait`)
    const { last, attempts, due, pending, noticed } = one
    return { last, attempts, dueIn: (due - this.clock.now()) / minute, pending, noticed }
  }

  /** Reports in alice's mailbox. */
  async reports(): Promise<readonly string[]> {
    const messages = await this.household.inbox('alice')
    return messages.map(({ octets }) => octets.toString('latin1'))
  }

  logged(msg: string): readonly LogLine[] {
    return this.log.filter(line => line.msg === msg)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
    this.#sts.close()
    this.#resolver.close()
    await this.queue.stop()
    await this.household[Symbol.asyncDispose]()
    await this.names[Symbol.asyncDispose]()
  }
}

/** Waits for something that no event tells of. @param what in words, should it not come */
export async function until(condition: () => boolean, what: string, ms = boundMs): Promise<void> {
  const end = performance.now() + ms
  // The first look comes after what is under way has had its turn.
  do {
    await setImmediate()
    if (performance.now() > end) assert.fail(`it did not come to this: ${what}`)
  } while (!condition())
}

/** A domain with one mail host: its records. */
export function domain(name: string, address = '127.0.0.1'): Answer[] {
  return [mx(name, 10, `mail.${name}`), a(`mail.${name}`, address)]
}
