/** Receives mail: joins the SMTP receiver, the connection and the store. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { type Address, formatAddress } from '../message/address.ts'
import { HeaderScanner } from '../message/header.ts'
import { receivedField } from '../message/trace.ts'
import type { Peer, TlsVersion } from '../net/connection.ts'
import type { ReceiverEvent } from '../smtp/event.ts'
import type { MailParameters, RcptParameters } from '../smtp/parameters.ts'
import { Receiver } from '../smtp/receiver.ts'
import { type Reply, reply } from '../smtp/reply.ts'
import { idText } from '../store/id.ts'
import { notify, type Recipient } from '../store/message.ts'
import type { Incoming } from '../store/spool.ts'
import { Patience } from './patience.ts'
import { route } from './routing.ts'
import type { Services } from './services.ts'

type EndEvent = Extract<ReceiverEvent, { type: 'end' }>

/**
 * Serves one SMTP client until it leaves, falls silent or the server stops.
 * @param refusal turns the client away instead of greeting it
 */
export async function receive(peer: Peer, services: Services, refusal?: Reply): Promise<void> {
  const { config, stopping } = services
  const { hostname, limits } = config()
  const session = new Receiver({
    hostname,
    messageOctets: limits.message,
    recipients: limits.recipients,
    startTls: true,
  })
  const stop = () => {
    session.shutDown()
    peer.interrupt()
  }
  stopping.addEventListener('abort', stop)
  try {
    if (refusal) session.refuse(refusal)
    else session.greet()
    await converse(session, peer, services)
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

async function converse(session: Receiver, peer: Peer, services: Services): Promise<void> {
  const { stopping, certificate, clock, config } = services
  const patience = new Patience(clock, () => config().limits.smtp_idle)
  await using transaction = new Transaction(session, peer, services)
  for (;;) {
    const event = session.next()
    switch (event.type) {
      case 'need-input': {
        if (stopping.aborted && session.idle) {
          session.refuse(reply.shuttingDown)
          break
        }
        const output = session.takeOutput()
        await peer.write(output)
        if (output.length > 0) patience.renew()
        const chunk = await peer.read()
        if (chunk === 'ended') return
        if (chunk === 'interrupted') break
        if (chunk === 'idle') session.refuse(reply.idle)
        else if (patience.tried(chunk.length, session.reading)) session.refuse(reply.tooSlow)
        else session.feed(chunk)
        break
      }
      case 'flush':
        // Whoever has gone, with questions still in the last chunk, need not be told.
        if (!peer.open) return
        await peer.write(session.takeOutput())
        break
      case 'mail':
        session.answer(transaction.begin(event.reversePath, event.parameters))
        break
      case 'recipient':
        session.answer(transaction.addRecipient(event.forwardPath, event.parameters))
        break
      case 'data':
        session.answer(transaction.openBody() ?? reply.startMail)
        break
      case 'body':
        await transaction.append(event.octets)
        break
      case 'chunk':
        session.answer(transaction.refusal ?? reply.chunk(event.octets))
        break
      case 'end':
        session.answer(await transaction.end(event))
        break
      case 'reset':
        await transaction.reset()
        break
      case 'starttls':
        await peer.write(session.takeOutput())
        transaction.tls = await peer.secure(certificate())
        if (!transaction.tls) return
        session.secured()
        break
      case 'closed':
        return peer.write(session.takeOutput())
      default:
        event satisfies never
    }
  }
}

/** The mail transaction under way (RFC 5321 §3.3): envelope, body, and why the body is refused if it is. */
class Transaction implements AsyncDisposable {
  tls: TlsVersion | undefined
  refusal: Reply | undefined
  readonly #session: Receiver
  readonly #peer: Peer
  readonly #services: Services
  #reversePath = ''
  #parameters: MailParameters = {}
  #recipients: Recipient[] = []
  #accounts = new Set<number>()
  #header = new HeaderScanner()
  #incoming: Incoming | undefined

  constructor(session: Receiver, peer: Peer, services: Services) {
    this.#session = session
    this.#peer = peer
    this.#services = services
  }

  begin(reversePath: Address | undefined, parameters: MailParameters): Reply {
    const { store } = this.#services
    if (store.failure) return answerTo(store.failure)
    if (!store.hasRoom(parameters.size ?? 0)) return reply.storeFull
    this.#peer.stake = 'transaction'
    this.#reversePath = reversePath ? formatAddress(reversePath) : ''
    this.#parameters = parameters
    return reply.senderOk
  }

  addRecipient(forwardPath: Address, parameters: RcptParameters): Reply {
    const { store, config } = this.#services
    const found = route(forwardPath, { ...config(), accounts: store.accounts })
    switch (found.kind) {
      case 'local': {
        const accounts = new Set([...this.#accounts, ...found.accounts.map(account => account.id)])
        if (accounts.size > budget.deliveries) return reply.tooManyRecipients
        this.#accounts = accounts
        this.#recipients.push({
          path: formatAddress(forwardPath),
          notify: notifyBits(parameters),
          orcpt: parameters.orcpt ? `${parameters.orcpt.type};${parameters.orcpt.address}` : '',
        })
        return reply.recipientOk
      }
      case 'unknown':
        return reply.noSuchMailbox
      case 'remote':
        return reply.relayDenied
      case 'loop':
        return reply.aliasLoop
      default:
        return found satisfies never
    }
  }

  /** @returns why no body can be taken, if so */
  openBody(): Reply | undefined {
    try {
      this.#incoming ??= this.#services.store.incoming(this.#parameters.size ?? 0)
    } catch (error) {
      this.#refuse(error)
    }
    return this.refusal
  }

  /** Takes octets of the body; after a failure they are read on to the body's end and thrown away. */
  async append(octets: Buffer): Promise<void> {
    if (this.openBody()) return
    this.#header.feed(octets)
    try {
      await this.#incoming?.append(octets)
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Commits the message: the 250 that this returns means that it is on disk. */
  async end(event: EndEvent): Promise<Reply> {
    const answer = this.openBody() ?? this.#objection(event) ?? (await this.#commit(event))
    await this.reset()
    return answer
  }

  /** Forgets the transaction; what was written of its body is taken back. */
  async reset(): Promise<void> {
    const incoming = this.#incoming
    this.#peer.stake = 'nothing'
    this.refusal = undefined
    this.#reversePath = ''
    this.#parameters = {}
    this.#recipients = []
    this.#accounts = new Set()
    this.#header = new HeaderScanner()
    this.#incoming = undefined
    await incoming?.[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.reset()
  }

  #objection(event: EndEvent): Reply | undefined {
    if (event.malformed) return reply.bareNewline
    if (event.tooBig) return reply.tooBig
    if (event.longLine && this.#services.config().mail.long_lines === 'refuse') return reply.lineTooLong
    if (this.#header.received > budget.received) return reply.loop
    return undefined
  }

  async #commit(event: EndEvent): Promise<Reply> {
    const { config, clock, log } = this.#services
    const { hello } = this.#session
    const incoming = this.#incoming
    if (!incoming || !hello) return reply.storeTrouble
    const id = idText(incoming.id)
    const date = clock.now()
    const [only] = this.#recipients
    const smtputf8 = this.#parameters.smtputf8 === true
    const trace = receivedField({
      hello,
      address: this.#peer.address,
      hostname: config().hostname,
      tls: this.tls,
      smtputf8,
      id,
      recipient: this.#recipients.length === 1 ? only?.path : undefined,
      date,
    })
    try {
      await incoming.commit({
        reversePath: this.#reversePath,
        recipients: this.#recipients,
        accounts: [...this.#accounts],
        queued: [],
        messageId: '',
        requireTls: false,
        tlsOptional: false,
        trace,
        ret: this.#parameters.ret ?? '',
        envid: this.#parameters.envid ?? '',
        eightBit: this.#parameters.body === '8BITMIME',
        smtputf8,
        dotted: event.dotted,
        headerOctets: this.#header.octets,
        date,
      })
    } catch (error) {
      this.#refuse(error)
      return this.refusal ?? reply.storeTrouble
    }
    const fields = { id, client: this.#peer.address, from: this.#reversePath, copies: this.#accounts.size }
    log.info({ ...fields, octets: event.octets, tls: this.tls !== undefined }, 'message accepted')
    return reply.accepted(id)
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
