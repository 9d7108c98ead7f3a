/**
 * The outbound queue at work: reads the schedule from its front, gives each domain to its next hop, and rests where nobody
 * answers. What waits is in the store; here is only what is under way.
 */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Waiting } from '../store/queue.ts'
import type { Blockage } from './blockage.ts'
import { bringForward } from './bringforward.ts'
import { allOf, Delivery, type DeliveryServices } from './delivery.ts'
import { hopKey, type NextHop, nextHop } from './nexthop.ts'
import { Rests } from './rests.ts'
import { givesUp, nextAttempt, nextNews, tellsOfDelay } from './schedule.ts'
import { type Found, settle } from './settle.ts'
import { isSuspended, suspend } from './suspension.ts'
import type { Trouble } from './trouble.ts'
import { Waits } from './waits.ts'

/** A next hop that mail is on its way to. */
type Hop = { readonly domains: string[]; workers: number }

/** Milliseconds that are waited at most: the clock may have been set meanwhile. */
const longestWaitMs = 60_000
/** Milliseconds between looks at a store that takes nothing now. */
const reopenMs = 5000
/** Milliseconds until a domain is seen to again whose outcomes could not be noted: its hosts are not to be pestered. */
const unnotedMs = 60_000

export class Queue {
  readonly #services: DeliveryServices
  readonly #blockage: Blockage
  readonly #hops = new Map<string, Hop>()
  /** Domains that are being seen to. */
  readonly #active = new Set<string>()
  readonly #rests = new Rests()
  readonly #waits: Waits
  readonly #since = (date: number) => this.#waits.since(date)
  /** The look at the schedule that is under way. */
  #looking: Promise<number> | undefined
  #changed = Promise.withResolvers<void>()
  #running: Promise<void> | undefined
  readonly #workers = new Set<Promise<void>>()
  #stopped = false

  constructor(services: DeliveryServices, blockage: Blockage) {
    this.#services = services
    this.#blockage = blockage
    this.#waits = new Waits(() => services.store.settings, services.clock)
  }

  /** Delivery is stopped until somebody lets it go on; what is under way comes to its end. */
  get suspended(): boolean {
    return isSuspended(this.#services.store.settings)
  }

  /** @throws Failure of the store */
  async suspend(suspended: boolean): Promise<void> {
    await suspend(this.#services.store.settings, suspended)
    this.#wake()
  }

  /** No name server answers, so that nothing is tried for a moment. */
  get offline(): boolean {
    return this.#rests.everywhere(this.#services.clock.now()) !== undefined
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
    this.#rests.clear()
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
      this.#looking = this.#look()
      const waitMs = await this.#looking
      this.#looking = undefined
      if (this.#stopped) return
      await this.#wait(waitMs)
    }
  }

  /** @returns for how long there is nothing to do, ms */
  async #look(): Promise<number> {
    const { store, clock, log } = this.#services
    const now = clock.now()
    if (store.failure) return reopenMs
    if (await this.#waits.look(store.outbound.length > 0)) {
      log.info({ waiting: store.outbound.length }, 'the clock was set; what waits counts from now on')
      this.#rests.clear()
      await bringForward(this.#services, now)
    }
    if (this.suspended) return longestWaitMs
    const away = this.#rests.everywhere(now)
    if (away) return Math.min(away.until - now, longestWaitMs)
    const later: [domain: string, due: number][] = []
    try {
      const next = await store.outbound.takeDue(now, domain => {
        if (this.#active.has(domain)) return 'struck' // Whoever sees to it looks once more before it is done.
        const rest = this.#rests.at(hopKey(this.hopOf(domain)), now)
        if (rest) {
          later.push([domain, rest.until])
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
      this.#workers.delete(work)
      // While its last session was being ended, mail for it may have come to be due.
      if (hop.domains.length > 0) this.#employ(key, hop, next)
      else if (hop.workers === 0) this.#hops.delete(key)
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
    let due = 0
    try {
      await this.#deliver(domain, delivery, next)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.error({ domain, reason: sentence(error) }, 'mail for a domain could not be seen to')
      due = this.#services.clock.now() + unnotedMs
    }
    // A look that sees the domain active strikes out its row: the one that is put here has to come after that.
    while (this.#looking) await this.#looking
    this.#active.delete(domain)
    try {
      const first = await store.outbound.firstOf(domain)
      const rest = this.#rests.at(hopKey(this.hopOf(domain)), this.#services.clock.now())
      if (first !== undefined) await store.outbound.wake(domain, Math.max(first, due, rest?.until ?? 0))
    } catch (error) {
      // When the store is opened anew, the schedule is made anew.
      if (!(error instanceof Failure)) throw error
    }
    this.#wake()
  }

  async #deliver(domain: string, delivery: Delivery, next: NextHop): Promise<void> {
    const { store, clock, ending } = this.#services
    while (!this.#stopped && !this.suspended) {
      const waiting = await store.outbound.waiting(domain, clock.now(), budget.dispatches)
      if (waiting.length === 0) return
      // What has just been found out with the mail of another domain holds for this one, too.
      const rest = this.#rests.at(hopKey(next), clock.now())
      if (rest) return rest.why.offline ? this.#tellLate(waiting, rest.why) : this.#deferAll(domain, rest.why)
      for (const one of waiting) {
        if (this.#stopped || this.suspended) return
        if (!(await this.#stands(one))) continue
        const found = await delivery.attempt(one)
        if ('results' in found) {
          await this.#succeed(domain, one, found, next)
          continue
        }
        if (ending.aborted) return
        if (found.offline) return this.#goOffline(found, waiting)
        await this.#rest(domain, found, waiting, next)
        return this.#deferAll(domain, found)
      }
    }
  }

  /** Somebody may have held or withdrawn it since the list was read. */
  async #stands({ seq, dispatch, due }: Waiting): Promise<boolean> {
    const present = await this.#services.store.outbound.find(seq, dispatch)
    return present !== undefined && !present.held && present.due === due
  }

  async #succeed(domain: string, one: Waiting, found: Found, next: NextHop): Promise<void> {
    this.#rests.end(hopKey(next))
    await settle([{ ...found, one }], this.#services, this.#since)
    if (next.kind !== 'mx' || found.remote === '') return
    await this.#blockage.note({ kind: 'answered' })
    const refused = found.results.find(({ outcome }) => outcome !== 'delivered')
    if (refused) await this.#blockage.note({ kind: 'refused', domain, answer: refused.answer })
  }

  /** Nothing was tried, so nothing counts as an attempt. */
  async #goOffline(why: Trouble, waiting: readonly Waiting[]): Promise<void> {
    const { clock, log } = this.#services
    if (!this.offline) log.warn({ why: why.answer.text }, 'nothing is sent for a moment')
    this.#rests.beginEverywhere(why, clock.now() + budget.offlineMs)
    await this.#tellLate(waiting, why)
  }

  /** Who has waited too long hears of it, though nothing was tried. */
  async #tellLate(waiting: readonly Waiting[], why: Trouble): Promise<void> {
    const { clock, config } = this.#services
    const now = clock.now()
    const { delivery } = config()
    const late = waiting.filter(({ date, noticed }) => {
      const since = this.#since(date)
      return givesUp(since, now, delivery) || (!noticed && tellsOfDelay(since, now, delivery))
    })
    const found = late.map(one => ({ one, results: allOf(one, why), remote: '', dsn: true }))
    if (found.length > 0) await settle(found, this.#services, this.#since)
  }

  async #rest(domain: string, why: Trouble, waiting: readonly Waiting[], next: NextHop): Promise<void> {
    const now = this.#services.clock.now()
    const { delivery } = this.#services.config()
    const news = Math.min(...waiting.map(({ date }) => nextNews(this.#since(date), now, delivery)))
    const key = hopKey(next)
    if (why.answer.code >= 500) this.#rests.end(key)
    else this.#rests.begin(key, why, now, failures => Math.min(news, nextAttempt(failures, now, delivery, 0)))
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
      await settle(found, this.#services, this.#since)
    }
  }
}
