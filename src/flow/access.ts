/** Lets people fetch their mail: joins the POP3 server, the connection and the store. */
import { Failure, sentence } from '../base/failure.ts'
import type { Peer } from '../net/connection.ts'
import { type Refusal, response } from '../pop3/response.ts'
import { Pop3Server } from '../pop3/server.ts'
import { flags } from '../store/flags.ts'
import type { Maildrop } from '../store/maildrop.ts'
import type { Account } from '../store/roster.ts'
import type { StoredMessage } from '../store/store.ts'
import { DotEncoder } from '../wire/stuffing.ts'
import { TopCutter } from '../wire/top.ts'
import { checkPassword, Dialogue, mayLogIn, mechanismsOf, type Verdict } from './login.ts'
import { Patience } from './patience.ts'
import type { Services } from './services.ts'

export type AccessServices = Services & {
  /** Numbers of the accounts whose maildrop is open: RFC 1939 §4 lets one session in at a time. */
  readonly open: Set<number>
}

/**
 * Serves one POP3 client until it leaves, falls silent or the server stops.
 * @param implicitTls the connection begins with the TLS handshake (RFC 8314 §3.3)
 * @param refusal turns the client away instead of greeting it
 */
export async function access(
  peer: Peer,
  services: AccessServices,
  { implicitTls, refusal }: { implicitTls: boolean; refusal?: Refusal | undefined },
): Promise<void> {
  const { certificate, stopping } = services
  if (implicitTls && (refusal || !(await peer.secure(certificate())))) return
  const session = new Pop3Server({
    secure: implicitTls,
    stls: !implicitTls,
    plaintext: mayLogIn(peer, false, services),
    mechanisms: () => mechanismsOf(peer),
  })
  const stop = () => {
    session.shutDown()
    peer.interrupt()
  }
  stopping.addEventListener('abort', stop)
  try {
    if (refusal) session.refuse(refusal)
    else session.greet()
    await using visit = new Visit(session, peer, services)
    await visit.converse()
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

/** One client's visit: who it is, and the maildrop it holds. */
class Visit implements AsyncDisposable {
  readonly #session: Pop3Server
  readonly #peer: Peer
  readonly #services: AccessServices
  #dialogue: Dialogue | undefined
  #maildrop: Maildrop | undefined

  constructor(session: Pop3Server, peer: Peer, services: AccessServices) {
    this.#session = session
    this.#peer = peer
    this.#services = services
  }

  async converse(): Promise<void> {
    const session = this.#session
    const peer = this.#peer
    const { clock, config } = this.#services
    const patience = new Patience(clock, () => config().limits.pop3_idle)
    for (;;) {
      const event = session.next()
      switch (event.type) {
        case 'need-input': {
          if (this.#services.stopping.aborted && session.idle) {
            session.refuse(response.shuttingDown)
            break
          }
          const output = session.takeOutput()
          await peer.write(output)
          if (output.length > 0) patience.renew()
          const chunk = await peer.read()
          // A silent client is left without a word: RFC 1939 §3.
          if (chunk === 'ended' || chunk === 'idle') return
          if (chunk === 'interrupted') break
          if (patience.tried(chunk.length, false)) return
          session.feed(chunk)
          break
        }
        case 'flush':
          // Whoever has gone, with questions still in the last chunk, need not be told.
          if (!peer.open) return
          await peer.write(session.takeOutput())
          break
        case 'login':
          await this.#logIn(event.user, event.password)
          break
        case 'sasl':
          this.#dialogue = new Dialogue(event.mechanism, peer, this.#services)
          await this.#step(event.response)
          break
        case 'sasl-response':
          await this.#step(event.response)
          break
        case 'retrieve':
          await this.#retrieve(event.index, event.lines)
          break
        case 'update':
          await this.#update(event.deleted)
          break
        case 'stls':
          await peer.write(session.takeOutput())
          if (!(await peer.secure(this.#services.certificate()))) return
          session.secured()
          break
        case 'closed':
          // Before the last word: whoever hears it may look elsewhere at once for what is unread.
          await this.#markSeen()
          return peer.write(session.takeOutput())
        default:
          event satisfies never
      }
    }
  }

  /** Gives the maildrop back; what was marked as deleted without QUIT stays (RFC 1939 §6). */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#maildrop) return
    try {
      await this.#markSeen()
    } finally {
      this.#services.open.delete(this.#maildrop.account)
    }
  }

  async #step(text: string | undefined): Promise<void> {
    const progress = (await this.#dialogue?.step(text)) ?? { kind: 'busy' as const }
    if (progress.kind === 'challenge') return this.#session.challenge(progress.challenge)
    if (progress.kind === 'refused') return this.#session.refuse(response.saslRefused(progress.reason))
    return this.#conclude(progress)
  }

  async #logIn(user: string, password: string): Promise<void> {
    await this.#conclude(await checkPassword(user, password, this.#peer, this.#services))
  }

  async #conclude(verdict: Verdict): Promise<void> {
    switch (verdict.kind) {
      case 'in':
        return this.#open(verdict.account)
      case 'wrong':
        return this.#session.refuse(response.authFailed)
      case 'busy':
        return this.#session.refuse(response.temporary)
      case 'delayed':
        return this.#session.refuse(response.loginDelay)
      default:
        return verdict satisfies never
    }
  }

  async #open(account: Account): Promise<void> {
    const { store, open, log } = this.#services
    if (open.has(account.id)) return this.#session.refuse(response.inUse)
    open.add(account.id)
    try {
      this.#maildrop = await store.maildrop(account.id)
    } catch (error) {
      open.delete(account.id)
      return this.#session.refuse(this.#note(error, 'maildrop cannot be opened'))
    }
    log.info({ client: this.#peer.address, account: account.name, messages: this.#maildrop.count }, 'maildrop opened')
    this.#peer.stake = 'login'
    this.#session.accept(this.#maildrop)
  }

  async #retrieve(index: number, lines: number | undefined): Promise<void> {
    const { store } = this.#services
    const seq = this.#maildrop?.seq(index) ?? 0
    try {
      const message = await store.message(seq, this.#maildrop?.uidl(index))
      const whole = await this.#send(message, lines)
      if (whole && lines === undefined) this.#maildrop?.noteFetched(index)
    } catch (error) {
      // Once `+OK` is out this closes the connection without the final dot: the client sees that octets are missing.
      this.#session.refuse(this.#note(error, 'message cannot be read'))
    }
  }

  /** @returns whether the message went to somebody, to its end */
  async #send(message: StoredMessage, lines: number | undefined): Promise<boolean> {
    const session = this.#session
    const peer = this.#peer
    const encoder = message.record.dotted ? new DotEncoder() : undefined
    const cutter = lines === undefined ? undefined : new TopCutter(lines)
    const put = (octets: Buffer) => {
      const cut = cutter ? cutter.cut(octets) : octets
      session.send(encoder ? encoder.encode(cut) : cut)
    }
    const blocks = message.blocks()
    // The first block is read before anything is said, so that a message that cannot be read is refused by name.
    let block = await blocks.next()
    const trace = Buffer.from(message.trace)
    session.begin(lines === undefined ? trace.length + message.record.octets : undefined)
    put(trace)
    while (!block.done && peer.open) {
      put(block.value)
      if (cutter?.done) break
      if (session.full) await peer.write(session.takeOutput())
      block = await blocks.next()
    }
    await blocks.return(undefined)
    session.finish()
    return block.done === true && peer.open
  }

  async #update(deleted: Iterable<number>): Promise<void> {
    const maildrop = this.#maildrop
    if (!maildrop) return this.#session.refuse(response.temporary)
    try {
      await this.#services.store.remove(
        maildrop.account,
        Array.from(deleted, index => maildrop.uid(index)),
      )
    } catch (error) {
      return this.#session.refuse(this.#note(error, 'messages cannot be deleted'))
    }
    for (const index of deleted) maildrop.forget(index)
    this.#session.updated()
  }

  /** Notes what was fetched, in one record for the session; that it failed is nothing to the client. */
  async #markSeen(): Promise<void> {
    const maildrop = this.#maildrop
    const { store } = this.#services
    const uids = maildrop?.takeFetched() ?? []
    // What is left of a disk that is nearly full is for deletions.
    if (!maildrop || uids.length === 0 || !store.space.hasRoom(0)) return
    try {
      await store.mark(maildrop.account, uids, { add: flags.seen })
    } catch (error) {
      this.#note(error, 'what was fetched cannot be marked as seen')
    }
  }

  /** Logs a failure of the store and gives the answer to it; a bug goes on its way. */
  #note(error: unknown, sign: string): Refusal {
    if (!(error instanceof Failure)) throw error
    this.#services.log.error({ account: this.#maildrop?.account, reason: sentence(error) }, sign)
    return error.code === 'STORE_DAMAGED' ? response.damaged : response.temporary
  }
}
