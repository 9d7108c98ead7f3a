/** One SMTP session with a next hop: joins the sender, a connection, TLS and the login. */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import type { Connection, Read } from '../net/connection.ts'
import { reach } from '../net/dial.ts'
import { mostRecipients } from '../smtp/extensions.ts'
import type { Outcome } from '../smtp/outcome.ts'
import { Sender } from '../smtp/sender.ts'
import type { SenderEvent } from '../smtp/sender-event.ts'
import type { Transaction } from '../smtp/transaction.ts'
import type { Answer } from '../store/attempt.ts'
import { beginLogin, readAuthority } from './smarthost.ts'
import type { Target } from './target.ts'
import { objectionToProof } from './tlspolicy.ts'
import { type Trouble, trouble } from './trouble.ts'

export type SessionServices = {
  readonly config: () => Config
  readonly clock: Clock
  /** Aborts when everything has to end at once. */
  readonly ending: AbortSignal
  /** The part of the budget's times that another host gets; all of them by itself. */
  readonly pace?: number
}

/** What one transaction came to: an outcome for each recipient, and whether the peer saw to the wishes for reports. */
export type Sent = { readonly results: readonly Outcome[]; readonly dsn: boolean }

type Event = Exclude<SenderEvent, { type: 'need-input' }>

/** A session that a transaction can begin in, or why there is none. */
export type Opened = { readonly session: Session } | { readonly trouble: Trouble }

export class Session {
  readonly target: Target
  /** The host has proved whose it is. */
  proved = false
  #secured = false
  #over = false
  #sent = 0
  readonly #sender: Sender
  readonly #connection: Connection
  readonly #services: SessionServices
  readonly #stop: () => void
  readonly #pace: number

  private constructor(target: Target, connection: Connection, services: SessionServices) {
    this.target = target
    this.#connection = connection
    this.#services = services
    this.#pace = services.pace ?? 1
    const { hostname } = services.config()
    this.#sender = new Sender({ hostname, tls: target.tls === 'implicit' ? 'on' : 'off' })
    this.#stop = () => connection.destroy()
    services.ending.addEventListener('abort', this.#stop)
    if (services.ending.aborted) this.#stop()
  }

  /**
   * Connects, greets, goes over to TLS and logs in, each as the target asks for.
   * @param clear TLS has failed there before: it is left out, where the target lets us
   */
  static async open(target: Target, services: SessionServices, clear = false): Promise<Opened> {
    const { host, address, port, policy } = target
    if (policy.kind === 'foreign')
      return { trouble: trouble.unproved(host, 'the policy of its domain does not name it') }
    const connection = await reach(address, port, budget.connectMs * (services.pace ?? 1), services.ending)
    if ('kind' in connection) {
      const words = { timeout: trouble.silent, refused: trouble.refused, unreachable: trouble.unreachable }
      return { trouble: words[connection.kind](host) }
    }
    const session = new Session(target, connection, services)
    const problem = await session.#begin(clear)
    if (problem === undefined) return { session }
    session.close()
    if (problem !== 'handshake') return { trouble: problem }
    // It offers TLS and cannot do it. Where nothing asks for it, that is as good as not offering it.
    const optional = !clear && policy.kind === 'opportunistic' && target.tls === 'starttls' && !target.smarthost
    return optional ? Session.open(target, services, true) : { trouble: trouble.handshake(host) }
  }

  /** Nothing was sent over it yet. */
  get fresh(): boolean {
    return this.#sent === 0
  }

  /** Whether further messages can go this way. */
  get usable(): boolean {
    const most = this.#sender.extensions.limit('MAILMAX') ?? budget.sessionMessages
    return !this.#over && this.#connection.open && this.#sent < Math.min(most, budget.sessionMessages)
  }

  /** Recipients of one transaction. */
  get mostRecipients(): number {
    return mostRecipients(this.#sender.extensions)
  }

  /** @returns why no transaction can begin; `handshake` when TLS failed */
  async #begin(clear: boolean): Promise<Trouble | 'handshake' | undefined> {
    const { target } = this
    if (target.tls === 'implicit') {
      const objection = await this.#secure()
      if (objection) return objection
    }
    let event = await this.#next()
    const tls = target.tls === 'starttls' && !clear
    if (event.type === 'greeted' && tls && this.#sender.extensions.has('STARTTLS')) {
      this.#sender.startTls()
      event = await this.#next()
      if (event.type === 'starttls') {
        const objection = await this.#secure()
        if (objection) return objection
        this.#sender.secured()
        event = await this.#next()
      }
    }
    if (event.type === 'failed') return this.#troubleOf(event)
    if (event.type !== 'greeted' && event.type !== 'tls-refused') return trouble.gone(target.host)
    if (!this.#secured && target.policy.kind !== 'opportunistic') return trouble.noTls(target.host)
    return target.smarthost && this.#services.config().relay.user !== '' ? this.#logIn() : undefined
  }

  async #secure(): Promise<Trouble | 'handshake' | undefined> {
    const { target } = this
    const ca = target.smarthost ? await readAuthority(this.#services.config().relay) : undefined
    if (typeof ca === 'object') return ca
    const tls = await this.#connection.secureAsClient(target.host, ca, budget.handshakeMs * this.#pace)
    if (!tls) return 'handshake'
    this.#secured = true
    const objection = objectionToProof(target.policy, tls, target.names, this.#services.clock.now())
    if (objection !== undefined) {
      const doubt = this.#services.clock.unset?.() === true ? '; the clock of this host is not set yet' : ''
      return trouble.unproved(target.host, objection + doubt)
    }
    this.proved = target.policy.kind === 'dane' || target.policy.kind === 'verified'
    return undefined
  }

  async #logIn(): Promise<Trouble | undefined> {
    const { host } = this.target
    const begun = await beginLogin(this.#services.config().relay, {
      host,
      offered: this.#sender.extensions.authMechanisms,
      secure: this.#secured,
      binding: this.#connection.binding,
    })
    if ('trouble' in begun) return begun.trouble
    this.#sender.login(begun.exchange)
    const event = await this.#next()
    if (event.type === 'authenticated') return undefined
    if (event.type === 'auth-refused') {
      // Whatever its code: the household can put it right, and its mail waits for that.
      const { code, enhanced, text } = event.answer
      return { ...trouble.badPassword(`${host} refuses the login: ${code} ${enhanced} ${text}`), remote: host }
    }
    return event.type === 'failed' ? this.#troubleOf(event) : trouble.gone(host)
  }

  #troubleOf(event: Extract<Event, { type: 'failed' }>): Trouble {
    const { answer } = 'answer' in event ? event : { answer: event.problem }
    const { code, enhanced, text } = harmless(answer)
    if (code < 500) return { answer: { code, enhanced, text }, remote: this.target.host }
    // A greeting that refuses us may be for today only: RFC 5321 §3.1 leaves what to make of it to us.
    return { answer: { code: 451, enhanced: enhanced.replace(/^5/, '4'), text }, remote: this.target.host }
  }

  /**
   * Sends one message. Never fails: what goes wrong is an outcome.
   * @param octets of the message, in order; read once, and not at all where the peer refuses before
   */
  async send(transaction: Transaction, octets: () => AsyncIterable<Buffer>): Promise<Sent> {
    const sender = this.#sender
    this.#sent += 1
    sender.send(transaction)
    let source: AsyncIterator<Buffer> | undefined
    const begun = this.#services.clock.elapsed()
    const granted = (budget.bodyMs + (transaction.octets / budget.bodyRate) * 1000) * this.#pace
    for (;;) {
      const event = await this.#next()
      switch (event.type) {
        case 'done':
          await source?.return?.()
          this.#noteEnd()
          return event
        case 'body': {
          this.#connection.patience = event.patience * this.#pace
          source ??= octets()[Symbol.asyncIterator]()
          if (this.#services.clock.elapsed() - begun > granted) {
            sender.timedOut()
            break
          }
          // A peer that has heard enough, or has gone, may have said why.
          if (this.#connection.open && !this.#connection.heard) await this.#give(source)
          else this.#take(await this.#connection.read())
          break
        }
        default:
          // Everything else comes outside of transactions only; the sender says `done` before it ends.
          throw new Error(`a transaction met ${event.type}`)
      }
    }
  }

  /** What ended the transaction may have ended the session with it. */
  #noteEnd(): void {
    const { type } = this.#sender.next()
    if (type === 'failed' || type === 'closed') this.#over = true
  }

  async #give(source: AsyncIterator<Buffer>): Promise<void> {
    try {
      const { value, done } = await source.next()
      if (done) this.#sender.endBody()
      else this.#sender.body(value)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#sender.abort()
    }
    if (this.#sender.full) await this.#write()
  }

  /** Says goodbye, without waiting for long. */
  async quit(): Promise<void> {
    if (this.#over || !this.#connection.open) return this.close()
    this.#sender.quit()
    for (let event = await this.#next(budget.quitMs); event.type !== 'closed' && event.type !== 'failed'; )
      event = await this.#next(budget.quitMs)
    this.close()
  }

  close(): void {
    this.#over = true
    this.#services.ending.removeEventListener('abort', this.#stop)
    void this.#connection.close()
  }

  /** Gives the next event that is for us, after all that has to be written and read for it. */
  async #next(most = Number.POSITIVE_INFINITY): Promise<Event> {
    const { clock } = this.#services
    let since = clock.elapsed()
    for (;;) {
      const event = this.#sender.next()
      const wrote = await this.#write()
      if (wrote) since = clock.elapsed()
      switch (event.type) {
        case 'need-input': {
          const patience = Math.min(event.patience, most) * this.#pace
          // Octets alone do not renew it: an answer has to be there in time, however slowly it comes.
          const left = patience - (clock.elapsed() - since)
          if (left <= 0) {
            this.#sender.timedOut()
            break
          }
          this.#connection.patience = Math.max(1, left)
          const chunk = await this.#connection.read()
          this.#take(chunk)
          break
        }
        case 'login':
          await event.until
          break
        case 'failed':
        case 'closed':
          this.#over = true
          return event
        default:
          return event
      }
    }
  }

  #take(chunk: Read): void {
    if (chunk === 'ended') this.#sender.gone()
    else if (chunk === 'idle') this.#sender.timedOut()
    else if (chunk !== 'interrupted') this.#sender.feed(chunk)
  }

  async #write(): Promise<boolean> {
    const output = this.#sender.takeOutput()
    await this.#connection.write(output)
    return output.length > 0
  }
}

/** What is kept of an answer. */
export function harmless({ code, enhanced, text }: Answer): Answer {
  return { code, enhanced, text }
}
