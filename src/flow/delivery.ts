/** Sends what waits for one domain to its next hop, message after message over one session. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Transaction } from '../smtp/transaction.ts'
import type { Result } from '../store/attempt.ts'
import { idText } from '../store/id.ts'
import { type MessageRecord, notify, type Recipient } from '../store/message.ts'
import type { Waiting } from '../store/queue.ts'
import type { StoredMessage } from '../store/store.ts'
import type { NextHop } from './nexthop.ts'
import { reversePathFor } from './recipients.ts'
import type { Services } from './services.ts'
import { harmless, Session, type SessionServices } from './session.ts'
import type { Found } from './settle.ts'
import { type Ourselves, targetsOf } from './target.ts'
import { type Directory, opportunistic } from './tlspolicy.ts'
import { type Trouble, trouble } from './trouble.ts'

export type DeliveryServices = Services & Directory & SessionServices & { readonly ourselves: Ourselves }

type Targets = ReturnType<typeof targetsOf>

/** What one host said of some recipients; `doubtful` when it may have taken a message of which it says nothing. */
type Transacted = Found & { readonly doubtful: boolean }

/** The sessions with one next hop, kept from one message to the next. */
export class Delivery implements AsyncDisposable {
  readonly #hop: NextHop
  readonly #services: DeliveryServices
  #session: Session | undefined
  /** The session is for messages that may go without TLS: RFC 8689 §3. */
  #lenient = false
  /** The targets behind the session's own. */
  #targets: Targets | undefined

  constructor(hop: NextHop, services: DeliveryServices) {
    this.#hop = hop
    this.#services = services
  }

  /**
   * Makes one attempt.
   * @returns what it came to, or why there is no host that it could be made with
   * @throws Failure STORE_IO when the message cannot be read now
   */
  async attempt(one: Waiting): Promise<Found | Trouble> {
    const message = await this.#message(one.seq)
    if (!message) return { results: allOf(one, trouble.unreadable), remote: '', dsn: true }
    const { record } = message
    const session = await this.#sessionFor(record.tlsOptional)
    if (!(session instanceof Session)) return session
    const remote = session.target.host
    if (record.requireTls && !session.proved)
      return { results: allOf(one, trouble.needsProof(remote)), remote, dsn: true }
    return this.#send(one, message, session)
  }

  /** Ends the session in good order. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#leave()
  }

  async #message(seq: number): Promise<StoredMessage | undefined> {
    try {
      return await this.#services.store.message(seq)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'STORE_DAMAGED') throw error
      this.#services.log.error({ reason: sentence(error) }, 'a message that waits cannot be read')
      return undefined
    }
  }

  /**
   * One transaction, for as many of the recipients as the host wants: what it has taken is written down before anything else
   * is sent.
   */
  async #send(one: Waiting, message: StoredMessage, first: Session): Promise<Found> {
    let session = first
    for (let hosts = 1; ; hosts++) {
      const sent = await this.#transact(session, one.pending.slice(0, session.mostRecipients), message)
      // RFC 5321 §5.1: what one host will not take now, the next one may.
      const refused = !sent.doubtful && sent.results.every(({ outcome }) => outcome === 'deferred')
      const next = refused && hosts < budget.deliveryHosts ? await this.#nextHost() : undefined
      if (next && (next.proved || !message.record.requireTls)) {
        session = next
        continue
      }
      // The next message begins with the best host again.
      if (next || session !== first) await this.#leave()
      return sent
    }
  }

  async #transact(session: Session, recipients: readonly number[], message: StoredMessage): Promise<Transacted> {
    const { record } = message
    const kept = !session.fresh
    const { domains } = this.#services.config()
    const sent = await session.send(transactionOf(record, recipients, domains), () => octetsOf(message))
    if (kept && !session.usable && sent.results.every(({ kind, unsure }) => kind === 'deferred' && !unsure)) {
      // The peer has ended the session between two messages: that says nothing about this one.
      const anew = await this.#sessionFor(record.tlsOptional)
      if (anew instanceof Session) return this.#transact(anew, recipients.slice(0, anew.mostRecipients), message)
      return { results: resultsOf(recipients, anew), remote: anew.remote, dsn: true, doubtful: false }
    }
    const doubtful = sent.results.some(({ unsure }) => unsure)
    const { host } = session.target
    if (doubtful) this.#services.log.warn({ host, id: idText(record.id) }, 'it may arrive twice: the answer was lost')
    const results = sent.results.flatMap(({ kind, answer }, i): Result[] => {
      const recipient = recipients[i]
      return recipient === undefined ? [] : [{ recipient, outcome: kind, answer: harmless(answer) }]
    })
    return { results, remote: host, dsn: sent.dsn, doubtful }
  }

  /** The session that is there, or a new one with the first target that takes us. */
  async #sessionFor(lenient: boolean): Promise<Session | Trouble> {
    if (this.#session?.usable && this.#lenient === lenient) return this.#session
    await this.#leave()
    this.#lenient = lenient
    this.#targets = targetsOf(this.#hop, { ...this.#services, config: this.#services.config() })
    return this.#keep(await this.#open(this.#targets))
  }

  /** Leaves the present host for the next one that takes us, if there is one. */
  async #nextHost(): Promise<Session | undefined> {
    const targets = this.#targets
    const present = this.#session?.target.host
    await this.#session?.quit()
    this.#session = undefined
    const opened = targets && this.#keep(await this.#open(targets, present))
    return opened instanceof Session ? opened : undefined
  }

  #keep(opened: Session | Trouble): Session | Trouble {
    if (opened instanceof Session) this.#session = opened
    return opened
  }

  async #leave(): Promise<void> {
    await this.#session?.quit()
    await this.#targets?.return(undefined)
    this.#session = undefined
    this.#targets = undefined
  }

  /** @param except a host that has had its turn, at whatever address */
  async #open(targets: Targets, except?: string): Promise<Session | Trouble> {
    const problems: Trouble[] = []
    try {
      for (let tried = 0; tried < budget.deliveryTargets && !this.#services.ending.aborted; ) {
        const next = await targets.next()
        if (next.done) {
          if (next.value) problems.push(next.value)
          break
        }
        if (next.value.host === except) continue
        tried += 1
        const lenient = this.#lenient && !next.value.smarthost
        const target = lenient ? { ...next.value, policy: opportunistic } : next.value
        const opened = await Session.open(target, this.#services)
        if ('session' in opened) return opened.session
        const { host, address } = target
        this.#services.log.debug({ host, address, why: opened.trouble.answer.text }, 'no session')
        problems.push(opened.trouble)
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.code === 'NETWORK') return trouble.offline(sentence(error))
      if (error.code !== 'DNS') throw error
      problems.push(trouble.unknownNow(sentence(error)))
    }
    return worst(problems)
  }
}

/** One that goes back counts only by itself: while any host may take the message later, it waits. */
function worst(problems: readonly Trouble[]): Trouble {
  const waiting = problems.filter(({ answer }) => answer.code < 500)
  const [first = trouble.unknownNow('No host could be asked')] = waiting.length > 0 ? waiting : problems
  // Where there is no way, nobody could have answered.
  const reached = problems.filter(({ noWay }) => !noWay)
  const silent = reached.length > 0 && reached.every(problem => problem.silent)
  return { answer: first.answer, remote: first.remote, ...(silent ? { silent } : {}) }
}

/** Everything that is pending gets the same. */
export function allOf({ pending }: Waiting, why: Trouble): readonly Result[] {
  return resultsOf(pending, why)
}

function resultsOf(recipients: readonly number[], { answer }: Trouble): readonly Result[] {
  const outcome = answer.code < 500 ? 'deferred' : 'bounced'
  return recipients.map(recipient => ({ recipient, outcome, answer }))
}

function transactionOf(record: MessageRecord, part: readonly number[], domains: readonly string[]): Transaction {
  const recipients = part.map(index => record.recipients[index]).filter(recipient => recipient !== undefined)
  const { eightBit, smtputf8, requireTls, dotted } = record
  const reversePath = reversePathFor(record, part[0] ?? 0, domains)
  // RFC 3461 §5.2.7.1: how the sender wants its reports is nothing to those who send in another name.
  const { ret, envid } = reversePath === record.reversePath ? record : { ret: 'HDRS' as const, envid: '' }
  const octets = Buffer.byteLength(record.trace) + record.octets
  return {
    reversePath,
    recipients: recipients.map(({ path, notify, orcpt }) => ({ path, notify: wishesOf(notify), orcpt })),
    octets,
    eightBit,
    smtputf8,
    requireTls,
    dotted,
    ret,
    envid,
  }
}

function wishesOf(bits: Recipient['notify']): string {
  const words = [
    [notify.never, 'NEVER'],
    [notify.success, 'SUCCESS'],
    [notify.failure, 'FAILURE'],
    [notify.delay, 'DELAY'],
  ] as const
  return words.flatMap(([bit, word]) => ((bits & bit) === 0 ? [] : [word])).join(',')
}

/** A message as it leaves: without Return-Path, which only the last host puts before it (RFC 5321 §4.4). */
async function* octetsOf({ record, blocks }: StoredMessage): AsyncGenerator<Buffer> {
  if (record.trace !== '') yield Buffer.from(record.trace)
  yield* blocks()
}
