/** One SMTP transaction: who sends to whom is checked, the message is kept, and only then answered with 250. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { type Address, formatAddress } from '../message/address.ts'
import { receivedField } from '../message/trace.ts'
import type { Peer, TlsVersion } from '../net/connection.ts'
import type { ReceiverEvent } from '../smtp/event.ts'
import type { MailParameters, RcptParameters } from '../smtp/parameters.ts'
import type { Receiver } from '../smtp/receiver.ts'
import { type Reply, reply } from '../smtp/reply.ts'
import { idText } from '../store/id.ts'
import { notify, type Recipient } from '../store/message.ts'
import type { Incoming } from '../store/spool.ts'
import { ReceivedBody, SubmittedBody } from './body.ts'
import { type Lane, objectionToHeader, objectionToSender, senderOf } from './lane.ts'
import { reportArrival } from './report.ts'
import { asksToPassOn, type Household, route } from './routing.ts'
import type { Services } from './services.ts'

type EndEvent = Extract<ReceiverEvent, { type: 'end' }>

/** What came of a recipient: taken into mailboxes here, to be sent on, or refused. */
type Taken = { readonly accounts: readonly number[]; readonly queued: boolean } | Reply

/** The body on its way into the store. */
type Intake = { readonly incoming: Incoming; readonly body: ReceivedBody | SubmittedBody }

const world: Lane = { kind: 'world' }
const beyondAscii = /[^\0-\x7f]/

/** The mail of one session, one message after the other. */
export class Transaction implements AsyncDisposable {
  /** Who hands it in. */
  lane = world
  /** Why the body is not kept, once something has failed. */
  refusal: Reply | undefined
  #tls: TlsVersion | undefined
  readonly #session: Receiver
  readonly #peer: Peer
  readonly #services: Services
  #reversePath: Address | undefined
  #parameters: MailParameters = {}
  #recipients: Recipient[] = []
  #queued: number[] = []
  #accounts = new Set<number>()
  #intake: Intake | undefined

  constructor(session: Receiver, peer: Peer, services: Services) {
    this.#session = session
    this.#peer = peer
    this.#services = services
  }

  begin(reversePath: Address | undefined, parameters: MailParameters): Reply {
    const { store } = this.#services
    if (store.failure) return answerTo(store.failure)
    if (!store.hasRoom(parameters.size ?? 0)) return reply.storeFull
    const objection = objectionToSender(this.lane, reversePath, this.#household)
    if (objection) return objection
    this.#peer.stake = 'transaction'
    this.#reversePath = this.lane.kind === 'device' ? this.lane.device.asAddress : reversePath
    this.#parameters = parameters
    return reply.senderOk
  }

  addRecipient(forwardPath: Address, parameters: RcptParameters): Reply {
    const path = formatAddress(forwardPath)
    const taken = this.#allowed(path) ?? this.#take(forwardPath)
    if ('code' in taken) return taken
    const accounts = new Set([...this.#accounts, ...taken.accounts])
    if (accounts.size > budget.deliveries) return reply.tooManyRecipients
    if (!this.#count()) return reply.tooManyThisHour
    this.#accounts = accounts
    if (taken.queued) this.#queued.push(this.#recipients.length)
    const { orcpt } = parameters
    this.#recipients.push({
      path,
      notify: notifyBits(parameters),
      orcpt: orcpt ? `${orcpt.type};${orcpt.address}` : '',
    })
    return reply.recipientOk
  }

  /** @returns why this lane does not lead there, if so */
  #allowed(path: string): Reply | undefined {
    if (this.lane.kind !== 'device') return undefined
    return this.lane.device.to.some(to => to.toLowerCase() === path.toLowerCase()) ? undefined : reply.notForDevice
  }

  #take(forwardPath: Address): Taken {
    const found = route(forwardPath, this.#household)
    switch (found.kind) {
      case 'local':
        return { accounts: found.accounts.map(({ id }) => id), queued: false }
      case 'unknown':
        return reply.noSuchMailbox
      case 'loop':
        return reply.aliasLoop
      case 'remote':
        return this.#sendsTo(forwardPath)
      default:
        return found satisfies never
    }
  }

  /** Mail for others: of the household to anybody, of the world only for the domains that rely on this host. */
  #sendsTo(forwardPath: Address): Taken {
    const { config, store } = this.#services
    const { relay, domains } = config()
    const { domain } = forwardPath
    if (domains.includes(domain)) return reply.relayDenied // `user%elsewhere@here`
    // Who relies on this host may trust it so far as to pass on whatever comes from here.
    const reliedOn = relay.for.includes(domain) && !asksToPassOn(forwardPath)
    if (this.lane.kind === 'world' && !reliedOn) return reply.relayDenied
    return store.outbound.length >= budget.queue ? reply.queueFull : { accounts: [], queued: true }
  }

  /** @returns false when this sender has sent to enough for now */
  #count(): boolean {
    const { quota, config, clock } = this.#services
    const sender = senderOf(this.lane)
    return sender === undefined || quota.take(sender, config().submission.recipients_per_hour, clock.elapsed())
  }

  /** TLS is on: whoever had logged in before has to do so again (RFC 3207 §4.2). */
  secured(tls: TlsVersion): void {
    this.#tls = tls
    if (this.lane.kind === 'account') this.lane = world
  }

  /** @returns why no body can be taken, if so */
  openBody(): Reply | undefined {
    try {
      this.#intake ??= this.#open()
    } catch (error) {
      this.#refuse(error)
    }
    return this.refusal
  }

  #open(): Intake {
    const { store, config, clock } = this.#services
    const incoming = store.incoming(this.#parameters.size ?? 0)
    if (this.lane.kind === 'world') return { incoming, body: new ReceivedBody(incoming) }
    const { hostname, domains } = config()
    const id = idText(incoming.id)
    const mending = { date: clock.now(), hostname, id, domain: domains[0] ?? hostname, reversePath: this.#reversePath }
    return { incoming, body: new SubmittedBody(incoming, mending) }
  }

  /** Takes octets of the body; after a failure they are read on to the body's end and thrown away. */
  async append(octets: Buffer): Promise<void> {
    if (this.openBody()) return
    try {
      await this.#intake?.body.append(octets)
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Commits the message: the 250 that this returns means that it is on disk. */
  async end(event: EndEvent): Promise<Reply> {
    const answer = await this.#end(event)
    await this.reset()
    return answer
  }

  async #end(event: EndEvent): Promise<Reply> {
    this.openBody()
    const intake = this.#intake
    if (this.refusal || !intake) return this.refusal ?? reply.storeTrouble
    try {
      if (intake.body instanceof SubmittedBody) await intake.body.finish()
      return this.#objection(event, intake) ?? (await this.#commit(event, intake))
    } catch (error) {
      this.#refuse(error)
      return this.refusal ?? reply.storeTrouble
    }
  }

  /** Forgets the transaction; what was written of its body is taken back. */
  async reset(): Promise<void> {
    const intake = this.#intake
    this.#peer.stake = 'nothing'
    this.refusal = undefined
    this.#reversePath = undefined
    this.#parameters = {}
    this.#recipients = []
    this.#queued = []
    this.#accounts = new Set()
    this.#intake = undefined
    await intake?.incoming[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.reset()
  }

  #objection(event: EndEvent, { body }: Intake): Reply | undefined {
    if (event.malformed) return reply.bareNewline
    if (event.tooBig) return reply.tooBig
    if (event.longLine && this.#services.config().mail.long_lines === 'refuse') return reply.lineTooLong
    if (body.facts.received > budget.received) return reply.loop
    if (body instanceof ReceivedBody) return undefined
    if (body.tooBig || !body.header) return reply.headerTooBig
    return objectionToHeader(this.lane, body.header, this.#household)
  }

  async #commit(event: EndEvent, intake: Intake): Promise<Reply> {
    const { clock, log } = this.#services
    const { incoming, body } = intake
    const { facts } = body
    const id = idText(incoming.id)
    const date = clock.now()
    const smtputf8 = this.#parameters.smtputf8 === true
    const reversePath = this.#reversePath ? formatAddress(this.#reversePath) : ''
    const paths = [reversePath, ...this.#recipients.map(({ path }) => path)]
    const submitted = body instanceof SubmittedBody
    const seq = await incoming.commit({
      reversePath,
      recipients: this.#recipients,
      accounts: [...this.#accounts],
      queued: this.#queued,
      trace: this.#received(id, date) + (submitted ? await this.#signatures(body, date) : ''),
      ret: this.#parameters.ret ?? '',
      envid: this.#parameters.envid ?? '',
      // Programs that hand in mail do not always say what is in it; whoever it goes to has to know.
      eightBit: this.#parameters.body === '8BITMIME' || ((submitted || this.#queued.length > 0) && facts.eightBit),
      // Some say SMTPUTF8 of everything; it goes to many more hosts where it is not needed.
      smtputf8: smtputf8 && (!submitted || facts.eightBitHeader || paths.some(path => beyondAscii.test(path))),
      requireTls: this.#parameters.requireTls === true,
      tlsOptional: facts.tlsOptional,
      messageId: facts.messageId,
      dotted: event.dotted,
      headerOctets: facts.headerOctets,
      date,
    })
    if (this.#queued.length > 0) this.#services.store.outbound.onChange()
    const where = { copies: this.#accounts.size, queued: this.#queued.length }
    const fields = { id, client: this.#peer.address, sender: senderOf(this.lane), from: reversePath, ...where }
    log.info({ ...fields, octets: event.octets, tls: this.#tls !== undefined }, 'message accepted')
    await reportArrival(seq, { reversePath, recipients: this.#recipients, queued: this.#queued }, this.#services)
    return reply.accepted(id)
  }

  #received(id: string, date: number): string {
    const { hostname, submission } = this.#services.config()
    const [only] = this.#recipients
    const hidden = this.lane.kind !== 'world' && submission.client_address === 'hide'
    return receivedField({
      hello: this.#session.hello ?? { verb: 'HELO', domain: 'unknown' },
      address: hidden ? undefined : this.#peer.address,
      hostname,
      tls: this.#tls,
      authenticated: this.lane.kind === 'account',
      smtputf8: this.#parameters.smtputf8 === true,
      id,
      recipient: this.#recipients.length === 1 ? only?.path : undefined,
      date,
    })
  }

  /** Mail that cannot be signed goes out unsigned: the household hears of it, and no mail waits for it. */
  async #signatures(body: SubmittedBody, date: number): Promise<string> {
    const { config, keyring, log } = this.#services
    const { submission, domains } = config()
    const domain = body.header?.from[0]?.domain ?? ''
    if (submission.dkim === 'off' || this.#queued.length === 0 || !domains.includes(domain)) return ''
    try {
      return await body.signatures(domain, keyring, date)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.error({ domain, reason: sentence(error) }, 'mail goes out without signature')
      return ''
    }
  }

  get #household(): Household {
    const { config, store } = this.#services
    return { ...config(), accounts: store.accounts }
  }

  /** Turns a failure of the store into the answer; a bug goes on its way. */
  #refuse(error: unknown): void {
    if (!(error instanceof Failure)) throw error
    this.refusal ??= answerTo(error)
    this.#services.log.error({ reason: sentence(error) }, 'mail cannot be kept')
  }
}

function answerTo({ code }: Failure): Reply {
  return code === 'STORE_FULL' ? reply.storeFull : reply.storeTrouble
}

function notifyBits({ notify: wishes = [] }: RcptParameters): number {
  const bits = { NEVER: notify.never, SUCCESS: notify.success, FAILURE: notify.failure, DELAY: notify.delay }
  return wishes.reduce((sum, wish) => sum | bits[wish], 0)
}
