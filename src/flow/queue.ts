/**
 * The outbound queue at work: reads the schedule from its front, gives each domain to its next hop, and rests where nobody
 * answers. What waits is in the store; here is only what is under way.
 */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Waiting } from '../store/queue.ts'
import type { Blockage } from './blockage.ts'
import { allOf, Delivery, type DeliveryServices } from './delivery.ts'
import { hopKey, type NextHop, nextHop } from './nexthop.ts'
import { givesUp, nextAttempt, tellsOfDelay } from './schedule.ts'
import { type Found, settle } from './settle.ts'
import type { Trouble } from './trouble.ts'

/** The name of the setting that stops all delivery, and its value. */
const suspension = { setting: 'delivery:suspended', value: 'yes' } as const

/** A next hop that mail is on its way to. */
type Hop = { readonly domains: string[]; workers: number }

/** A domain whose hosts could not be reached. */
type Rest = { readonly failures: number; readonly until: number; readonly why: Trouble }

/** Milliseconds that are waited at most: the clock may have been set meanwhile. */
const longestWaitMs = 60_000

export class Queue {
  readonly #services: DeliveryServices
  readonly #blockage: Blockage
  readonly #hops = new Map<string, Hop>()
  /** Domains that are being seen to. */
  readonly #active = new Set<string>()
  readonly #resting = new Map<string, Rest>()
  /** Until when the network is taken to be away, ms since the epoch. */
  #offlineUntil = 0
  #changed = Promise.withResolvers<void>()
  #running: Promise<void> | undefined
  readonly #workers = new Set<Promise<void>>()
  #stopped = false

  constructor(services: DeliveryServices, blockage: Blockage) {
    this.#services = services
    this.#blockage = blockage
  }

  /** Delivery is stopped until somebody lets it go on; what is under way comes to its end. */
  get suspended(): boolean {
    return this.#services.store.settings.get(suspension.setting) !== undefined
  }

  /** @throws Failure of the store */
  async suspend(suspended: boolean): Promise<void> {
    await this.#services.store.settings.set(suspension.setting, suspended ? suspension.value : '')
    this.#wake()
  }

  /** No name server answers, so that nothing is tried for a moment. */
  get offline(): boolean {
    return this.#services.clock.now() < this.#offlineUntil
  }

  /** Why and since when mail does not go out directly; undefined when it does. */
  get blocked(): Blockage['present'] {
    return this.#blockage.present
  }

  /** Connections that mail is sent over now, at most. */
  get underWay(): number {
    return this.#workers.size
  }

  /** How the mail of a domain goes now. */
  hopOf(domain: string): NextHop {
    return nextHop(domain, this.#services.config(), this.#blockage.present !== undefined)
  }

  /** Forgets that hosts could not be reached: somebody knows better. */
  forgetRests(): void {
    this.#resting.clear()
    this.#offlineUntil = 0
    this.#wake()
  }

  start(): void {
    this.#services.store.outbound.onChange = () => this.#wake()
    this.#running ??= this.#run()
  }

  /** Begins nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running
    await Promise.all(this.#workers)
  }

  #wake(): void {
    this.#changed.resolve()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#changed = Promise.withResolvers()
      const waitMs = await this.#look()
      if (this.#stopped) return
      await this.#wait(waitMs)
    }
  }

  /** @returns for how long there is nothing to do, ms */
  async #look(): Promise<number> {
    const { store, clock, log } = this.#services
    const now = clock.now()
    if (this.suspended) return longestWaitMs
    if (store.failure) return reopenMs
    if (now < this.#offlineUntil) return this.#offlineUntil - now
    const later: [domain: string, due: number][] = []
    try {
      const next = await store.outbound.takeDue(now, domain => {
        if (this.#active.has(domain)) return 'struck' // Whoever sees to it looks once more before it is done.
        const { until } = this.#resting.get(domain) ?? { until: 0 }
        if (until > now) {
          later.push([domain, until])
          return 'struck'
        }
        return this.#assign(domain) ? 'taken' : 'left'
      })
      for (const [domain, due] of later) await store.outbound.wake(domain, due)
      const soonest = Math.min(next ?? Number.POSITIVE_INFINITY, ...later.map(([, due]) => due))
      return Math.max(0, Math.min(soonest - now, longestWaitMs))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.error({ reason: sentence(error) }, 'the queue cannot be read')
      return reopenMs
    }
  }

  async #wait(ms: number): Promise<void> {
    const woken = new AbortController()
    const { promise } = this.#changed
    void promise.then(() => woken.abort())
    await this.#services.clock.sleep(ms, woken.signal)
  }

  /** @returns false when its next hop has enough to do */
  #assign(domain: string): boolean {
    const next = this.hopOf(domain)
    const key = hopKey(next)
    const hop = this.#hops.get(key) ?? { domains: [], workers: 0 }
    if (!this.#hops.has(key)) {
      if (this.#hops.size >= budget.nextHops) return false
      this.#hops.set(key, hop)
    }
    if (hop.domains.length >= budget.scheduleWindow) return false
    hop.domains.push(domain)
    this.#active.add(domain)
    if (hop.workers < budget.hopConnections) this.#employ(key, hop, next)
    return true
  }

  #employ(key: string, hop: Hop, next: NextHop): void {
    hop.workers += 1
    const work = this.#work(hop, next).finally(() => {
      hop.workers -= 1
      if (hop.workers === 0 && hop.domains.length === 0) this.#hops.delete(key)
      this.#workers.delete(work)
      this.#wake()
    })
    this.#workers.add(work)
  }

  async #work(hop: Hop, next: NextHop): Promise<void> {
    await using delivery = new Delivery(next, this.#services)
    for (let domain = hop.domains.shift(); domain !== undefined; domain = hop.domains.shift()) {
      await this.#see(domain, delivery, next)
    }
  }

  /** Sees to all that waits for a domain and is due. */
  async #see(domain: string, delivery: Delivery, next: NextHop): Promise<void> {
    const { store, log } = this.#services
    let due: number | undefined
    try {
      await this.#deliver(domain, delivery, next)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.error({ domain, reason: sentence(error) }, 'mail for a domain could not be seen to')
      due = this.#services.clock.now() + reopenMs
    } finally {
      this.#active.delete(domain)
    }
    try {
      const first = await store.outbound.firstOf(domain)
      if (first !== undefined) await store.outbound.wake(domain, Math.max(first, due ?? 0, this.#restOf(domain)))
    } catch (error) {
      // When the store is opened anew, the schedule is made anew.
      if (!(error instanceof Failure)) throw error
    }
    this.#wake()
  }

  #restOf(domain: string): number {
    return Math.max(this.#resting.get(domain)?.until ?? 0, this.#offlineUntil)
  }

  async #deliver(domain: string, delivery: Delivery, next: NextHop): Promise<void> {
    const { store, clock } = this.#services
    while (!this.#stopped && !this.suspended) {
      const waiting = await store.outbound.waiting(domain, clock.now(), budget.dispatches)
      if (waiting.length === 0) return
      for (const one of waiting) {
        if (this.#stopped || this.suspended) return
        const found = await delivery.attempt(one)
        if ('results' in found) {
          await this.#succeed(domain, one, found, next)
          continue
        }
        if (found.offline) return this.#goOffline(found, waiting)
        await this.#rest(domain, found, next)
        return this.#deferAll(domain, found)
      }
    }
  }

  async #succeed(domain: string, one: Waiting, found: Found, next: NextHop): Promise<void> {
    this.#resting.delete(domain)
    await settle([{ ...found, one }], this.#services)
    if (next.kind !== 'mx' || found.remote === '') return
    await this.#blockage.note({ kind: 'answered' })
    const refused = found.results.find(({ outcome }) => outcome !== 'delivered')
    if (refused) await this.#blockage.note({ kind: 'refused', domain, answer: refused.answer })
  }

  /** Nothing was tried, so nothing counts as an attempt; who has waited too long hears of it all the same. */
  async #goOffline(why: Trouble, waiting: readonly Waiting[]): Promise<void> {
    const { clock, config, log } = this.#services
    const now = clock.now()
    if (!this.offline) log.warn({ why: why.answer.text }, 'nothing is sent for a moment')
    this.#offlineUntil = now + budget.offlineMs
    const { delivery } = config()
    const late = waiting.filter(
      ({ date, noticed }) => givesUp(date, now, delivery) || (!noticed && tellsOfDelay(date, now, delivery)),
    )
    const found = late.map(one => ({ one, results: allOf(one, why), remote: '', dsn: true }))
    if (found.length > 0) await settle(found, this.#services)
  }

  async #rest(domain: string, why: Trouble, next: NextHop): Promise<void> {
    const { clock, config } = this.#services
    const now = clock.now()
    const failures = (this.#resting.get(domain)?.failures ?? 0) + 1
    this.#resting.delete(domain)
    if (why.answer.code < 500) {
      this.#resting.set(domain, { failures, why, until: nextAttempt(failures, now, config().delivery, 0) })
    }
    const [oldest] = this.#resting.keys()
    if (this.#resting.size > budget.restingDomains && oldest !== undefined) this.#resting.delete(oldest)
    if (next.kind !== 'mx') return
    if (why.silent) await this.#blockage.note({ kind: 'silent', domain })
    else if (why.remote !== '') await this.#blockage.note({ kind: 'refused', domain, answer: why.answer })
  }

  /** What is due has been tried with the first of it: the others need not knock at the same door. */
  async #deferAll(domain: string, why: Trouble): Promise<void> {
    const { store, clock } = this.#services
    while (!this.#stopped) {
      const waiting = await store.outbound.waiting(domain, clock.now(), budget.dispatches)
      if (waiting.length === 0) return
      const found = waiting.map(one => ({ one, results: allOf(one, why), remote: why.remote, dsn: true }))
      await settle(found, this.#services)
    }
  }
}

/** Milliseconds between looks at a store that takes nothing now. */
const reopenMs = 5000
