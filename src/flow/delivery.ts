/** Sends what waits for one domain to its next hop, message after message over one session. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Transaction } from '../smtp/transaction.ts'
import type { Result } from '../store/attempt.ts'
import { type MessageRecord, notify, type Recipient } from '../store/message.ts'
import type { Waiting } from '../store/queue.ts'
import type { StoredMessage } from '../store/store.ts'
import type { NextHop } from './nexthop.ts'
import type { Services } from './services.ts'
import { harmless, Session, type SessionServices } from './session.ts'
import type { Found } from './settle.ts'
import { type Ourselves, targetsOf } from './target.ts'
import { type Directory, opportunistic } from './tlspolicy.ts'
import { type Trouble, trouble } from './trouble.ts'

export type DeliveryServices = Services & Directory & SessionServices & { readonly ourselves: Ourselves }

/** The sessions with one next hop, kept from one message to the next. */
export class Delivery implements AsyncDisposable {
  readonly #hop: NextHop
  readonly #services: DeliveryServices
  #session: Session | undefined
  /** The session is for messages that may go without TLS: RFC 8689 §5. */
  #lenient = false

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
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.quit()
    this.#session = undefined
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

  async #send(one: Waiting, message: StoredMessage, first: Session): Promise<Found> {
    const { record } = message
    const remote = first.target.host
    const results: Result[] = []
    let dsn = true
    let session: Session | Trouble = first
    let left = one.pending
    while (left.length > 0) {
      if (!(session instanceof Session)) {
        results.push(...resultsOf(left, session))
        break
      }
      const part = left.slice(0, session.mostRecipients)
      left = left.slice(part.length)
      const sent = await session.send(transactionOf(record, part), () => octetsOf(message))
      dsn &&= sent.dsn
      for (const [i, { kind, answer, unsure }] of sent.results.entries()) {
        const recipient = part[i]
        if (recipient === undefined) continue
        if (unsure)
          this.#services.log.warn({ host: remote, record: one.seq }, 'it may arrive twice: the answer was lost')
        results.push({ recipient, outcome: kind, answer: harmless(answer) })
      }
      if (left.length > 0 && !session.usable) session = await this.#sessionFor(record.tlsOptional)
    }
    return { results, remote, dsn }
  }

  /** The session that is there, or a new one with the first target that takes us. */
  async #sessionFor(lenient: boolean): Promise<Session | Trouble> {
    if (this.#session?.usable && this.#lenient === lenient) return this.#session
    await this.#session?.quit()
    this.#session = undefined
    this.#lenient = lenient
    const found = await this.#open(lenient)
    if (found instanceof Session) this.#session = found
    return found
  }

  async #open(lenient: boolean): Promise<Session | Trouble> {
    const { config } = this.#services
    const problems: Trouble[] = []
    try {
      const targets = targetsOf(this.#hop, { ...this.#services, config: config() })
      for (let tried = 0; tried < budget.deliveryTargets && !this.#services.ending.aborted; tried++) {
        const next = await targets.next()
        if (next.done) {
          if (next.value) problems.push(next.value)
          break
        }
        const target = lenient && !next.value.smarthost ? { ...next.value, policy: opportunistic } : next.value
        const opened = await Session.open(target, this.#services)
        if ('session' in opened) {
          await targets.return(undefined)
          return opened.session
        }
        this.#services.log.debug(
          { host: target.host, address: target.address, why: opened.trouble.answer.text },
          'no session',
        )
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
  const silent = problems.length > 0 && problems.every(problem => problem.silent)
  const { silent: _, ...others } = first
  return silent ? { ...others, silent } : others
}

/** Everything that is pending gets the same. */
export function allOf({ pending }: Waiting, why: Trouble): readonly Result[] {
  return resultsOf(pending, why)
}

function resultsOf(recipients: readonly number[], { answer }: Trouble): readonly Result[] {
  const outcome = answer.code < 500 ? 'deferred' : 'bounced'
  return recipients.map(recipient => ({ recipient, outcome, answer }))
}

function transactionOf(record: MessageRecord, part: readonly number[]): Transaction {
  const recipients = part.map(index => record.recipients[index]).filter(recipient => recipient !== undefined)
  const { reversePath, eightBit, smtputf8, requireTls, dotted, ret, envid } = record
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
