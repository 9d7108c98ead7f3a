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
import { notify } from '../store/message.ts'
import type { Incoming } from '../store/spool.ts'
import { areFull } from './allowance.ts'
import { ReceivedBody, SubmittedBody } from './body.ts'
import { type Lane, mayName, objectionToHeader, objectionToSender, senderOf } from './lane.ts'
import { Recipients, type Way } from './recipients.ts'
import { reportArrival } from './report.ts'
import { asksToPassOn, type Household, type Route, route } from './routing.ts'
import type { Services } from './services.ts'
import { signaturesOf } from './signing.ts'

type EndEvent = Extract<ReceiverEvent, { type: 'end' }>

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
  #recipients = new Recipients([])
  #intake: Intake | undefined

  constructor(session: Receiver, peer: Peer, services: Services) {
    this.#session = session
    this.#peer = peer
    this.#services = services
  }

  begin(reversePath: Address | undefined, parameters: MailParameters): Reply {
    const { store, config } = this.#services
    if (store.failure) return answerTo(store.failure)
    if (!store.hasRoom(parameters.size ?? 0)) return reply.storeFull
    const objection = objectionToSender(this.lane, reversePath, this.#household)
    if (objection) return objection
    this.#peer.stake = 'transaction'
    this.#reversePath = this.lane.kind === 'device' ? this.lane.device.asAddress : reversePath
    this.#parameters = parameters
    this.#recipients = new Recipients(config().domains)
    return reply.senderOk
  }

  addRecipient(forwardPath: Address, parameters: RcptParameters): Reply {
    const path = formatAddress(forwardPath)
    const way = this.#allowed(path) ?? this.#wayTo(forwardPath)
    if ('code' in way) return way
    const { orcpt } = parameters
    const recipient = { path, notify: notifyBits(parameters), orcpt: orcpt ? `${orcpt.type};${orcpt.address}` : '' }
    if (!this.#recipients.fits(way)) return reply.tooManyRecipients
    if (!this.#count()) return reply.tooManyThisHour
    this.#recipients.add(recipient, way, this.#from)
    return reply.recipientOk
  }

  /** @returns why this lane does not lead there, if so */
  #allowed(path: string): Reply | undefined {
    if (this.lane.kind !== 'device') return undefined
    return this.lane.device.to.some(to => to.toLowerCase() === path.toLowerCase()) ? undefined : reply.notForDevice
  }

  #wayTo(forwardPath: Address): Way | Reply {
    const found = route(forwardPath, this.#household)
    switch (found.kind) {
      case 'local':
        return this.#leadsTo(found)
      case 'unknown':
        return reply.noSuchMailbox
      case 'loop':
        return reply.aliasLoop
      case 'remote':
        return this.#sendsTo(forwardPath, found)
      default:
        return found satisfies never
    }
  }

  /** An address of this household: whoever set it up has said where its mail goes, be it outside. */
  #leadsTo(way: Extract<Route, { kind: 'local' }>): Way | Reply {
    const { store } = this.#services
    if (way.forwards.length === 0) {
      const accounts = way.accounts.map(({ id }) => id)
      return areFull(accounts, this.#parameters.size ?? 0, store) ? reply.mailboxFull : way
    }
    if (this.#isBorrowed(this.#reversePath?.domain)) return reply.notInOurName
    return store.outbound.length >= budget.queue ? reply.queueFull : way
  }

  /**
   * Whether the world writes in the name of the household. What is forwarded comes from this host, which may send for its
   * domains (SPF): the next host would take it for genuine.
   */
  #isBorrowed(domain: string | undefined): boolean {
    return this.lane.kind === 'world' && domain !== undefined && this.#services.config().domains.includes(domain)
  }

  /** Mail for others: of the household to anybody, of the world only for the domains that rely on this host. */
  #sendsTo(forwardPath: Address, way: Way): Way | Reply {
    const { config, store } = this.#services
    const { relay, domains } = config()
    const { domain } = forwardPath
    if (domains.includes(domain)) return reply.relayDenied // `user%elsewhere@here`
    // Who relies on this host may trust it so far as to pass on whatever comes from here.
    const reliedOn = relay.for.includes(domain) && !asksToPassOn(forwardPath)
    if (this.lane.kind === 'world' && !reliedOn) return reply.relayDenied
    return store.outbound.length >= budget.queue ? reply.queueFull : way
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
    const { hostname, domains } = config()
    if (this.lane.kind === 'world') return { incoming, body: new ReceivedBody(incoming, hostname) }
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
    this.#recipients = new Recipients([])
    this.#intake = undefined
    await intake?.incoming[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.reset()
  }

  #objection(event: EndEvent, { body }: Intake): Reply | undefined {
    if (event.malformed) return reply.bareNewline
    if (event.tooBig) return reply.tooBig
    const { accounts, queued } = this.#recipients
    if (queued.length === 0 && areFull(accounts, event.octets, this.#services.store)) return reply.mailboxFull
    if (event.longLine && this.#services.config().mail.long_lines === 'refuse') return reply.lineTooLong
    const { received, passed, from } = body.facts
    if (received > budget.received || (this.#recipients.forwarded && passed > budget.passed)) return reply.loop
    if (body instanceof ReceivedBody) {
      return this.#recipients.forwarded && mayName(from, this.#services.config().domains)
        ? reply.notInOurName
        : undefined
    }
    if (body.tooBig || !body.header) return reply.headerTooBig
    return objectionToHeader(this.lane, body.header, this.#household)
  }

  async #commit(event: EndEvent, intake: Intake): Promise<Reply> {
    const { clock, log, store } = this.#services
    const { incoming, body } = intake
    const { facts } = body
    const id = idText(incoming.id)
    const date = clock.now()
    const smtputf8 = this.#parameters.smtputf8 === true
    const reversePath = this.#from
    const { recipients, accounts, queued } = this.#recipients
    const paths = [reversePath, ...recipients.map(({ path }) => path)]
    const submitted = body instanceof SubmittedBody
    const seq = await incoming.commit({
      reversePath,
      recipients,
      accounts,
      queued,
      trace:
        this.#received(id, date) +
        (submitted && queued.length > 0 ? await signaturesOf(body, date, this.#services) : ''),
      ret: this.#parameters.ret ?? '',
      envid: this.#parameters.envid ?? '',
      // Programs that hand in mail do not always say what is in it; whoever it goes to has to know.
      eightBit: this.#parameters.body === '8BITMIME' || ((submitted || queued.length > 0) && facts.eightBit),
      // Some say SMTPUTF8 of everything; it goes to many more hosts where it is not needed.
      smtputf8: smtputf8 && (!submitted || facts.eightBitHeader || paths.some(path => beyondAscii.test(path))),
      requireTls: this.#parameters.requireTls === true,
      tlsOptional: facts.tlsOptional,
      messageId: facts.messageId,
      dotted: event.dotted,
      headerOctets: facts.headerOctets,
      date,
    })
    if (queued.length > 0) store.outbound.onChange()
    const names = accounts.slice(0, budget.loggedAccounts).map(account => store.accounts.nameOf(account) ?? '')
    const where = { copies: accounts.length, accounts: names, queued: queued.length }
    const fields = { id, client: this.#peer.address, sender: senderOf(this.lane), from: reversePath, ...where }
    log.info({ ...fields, octets: event.octets, tls: this.#tls !== undefined }, 'message accepted')
    await reportArrival(seq, { reversePath, recipients, queued }, this.#services)
    return reply.accepted(id)
  }

  #received(id: string, date: number): string {
    const { hostname, submission } = this.#services.config()
    const hidden = this.lane.kind !== 'world' && submission.client_address === 'hide'
    return receivedField({
      hello: this.#session.hello ?? { verb: 'HELO', domain: 'unknown' },
      address: hidden ? undefined : this.#peer.address,
      hostname,
      tls: this.#tls,
      authenticated: this.lane.kind === 'account',
      smtputf8: this.#parameters.smtputf8 === true,
      id,
      recipient: this.#recipients.only,
      date,
    })
  }

  /** The reverse-path as it is written down. */
  get #from(): string {
    return this.#reversePath ? formatAddress(this.#reversePath) : ''
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
