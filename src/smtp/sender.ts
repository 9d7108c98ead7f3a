/** The sending side of SMTP (RFC 5321), without I/O: octets in, events and octets out. */
import { budget } from '../base/budget.ts'
import { type Answer, AnswerReader } from './answer.ts'
import { Extensions, mostRecipients } from './extensions.ts'
import { type Exchange, Login } from './login.ts'
import { Pipeline, type Question } from './pipeline.ts'
import type { SenderEvent } from './sender-event.ts'
import { objections, type Transaction } from './transaction.ts'
import { Transfer } from './transfer.ts'
import { trouble } from './trouble.ts'

export type SenderOptions = {
  /** How EHLO names us: a domain or an address literal. */
  readonly hostname: string
  /** Whether TLS is on already. */
  readonly tls: 'on' | 'off'
}

type Stage =
  | 'busy' //      the greeting, EHLO, STARTTLS or AUTH is under way
  | 'ready' //     the service says what comes next
  | 'securing' //  the service upgrades the connection
  | 'sending' //   a transaction is under way
  | 'quitting'
  | 'over'

type Last = Extract<SenderEvent, { type: 'failed' | 'closed' }>

/**
 * One session. The service calls next() and does what the event says, over and over. Commands gather in the output, as many
 * as the peer lets be pipelined. Whatever happens, each send() is followed by one `done` with an outcome for each recipient.
 */
export class Sender {
  readonly #hostname: string
  readonly #reader = new AnswerReader()
  readonly #pipeline = new Pipeline()
  /** At most two: the end of a transaction, and that of the session. */
  readonly #events: SenderEvent[] = []
  #stage: Stage = 'busy'
  #secure: boolean
  #extensions = new Extensions()
  #login: Login | undefined
  #transfer: Transfer | undefined
  /** Said for ever once the session is over, and what then becomes of a transaction. */
  #last: Last = { type: 'closed' }
  #reason: Answer = trouble.gone

  constructor({ hostname, tls }: SenderOptions) {
    if (!/^[a-z0-9.:_[\]-]+$/i.test(hostname)) throw new Error('EHLO needs a domain or an address literal')
    this.#hostname = hostname
    this.#secure = tls === 'on'
    this.#pipeline.await('greeting')
  }

  /** What the peer can do: as it said last, and nothing after STARTTLS until it has said so again. */
  get extensions(): Extensions {
    return this.#extensions
  }

  /** True when the output should be written before more of the message is given. */
  get full(): boolean {
    return this.#pipeline.output.full || this.#transfer?.full === true
  }

  /** @param chunk borrowed until next() was called; to be fed after `need-input` and `body` only */
  feed(chunk: Buffer): void {
    this.#reader.feed(chunk)
  }

  /** @returns what is to be written */
  takeOutput(): Buffer {
    return this.#pipeline.output.take()
  }

  next(): SenderEvent {
    this.#readAnswers()
    this.#write()
    const event = this.#events.shift()
    if (event) return event
    if (this.#stage === 'over') return this.#last
    if (this.#stage === 'securing') return { type: 'starttls' }
    if (this.#transfer?.open && !this.#transfer.mustWait) return { type: 'body', patience: budget.blockMs }
    return { type: 'need-input', patience: this.#pipeline.patience }
  }

  startTls(): void {
    if (this.#begin('busy')) this.#pipeline.add('STARTTLS')
  }

  /** TLS is on: the session starts anew, and what came before is forgotten (RFC 3207 §4.2). */
  secured(): void {
    if (this.#stage === 'over') return
    if (this.#stage !== 'securing') throw new Error('nobody has agreed to begin TLS')
    this.#secure = true
    this.#reader.drop()
    this.#setExtensions([])
    this.#stage = 'busy'
    this.#hello('EHLO')
  }

  login(exchange: Exchange): void {
    const login = new Login(exchange)
    if (!this.#begin('busy')) return
    this.#login = login
    this.#pipeline.add('AUTH', () => login.command())
  }

  /**
   * Begins a transaction. What the peer cannot take is not even named to it.
   * @throws if it has no recipients, more than `mostRecipients`, or what no command may hold (transaction.ts)
   */
  send(transaction: Transaction): void {
    const { length } = transaction.recipients
    if (length === 0) throw new Error('a transaction without recipients')
    if (length > mostRecipients(this.#extensions)) throw new Error('more recipients than this peer takes')
    const refusals = objections(transaction, this.#extensions, this.#secure)
    const transfer = new Transfer(transaction, refusals, this.#extensions, this.#pipeline)
    if (!this.#begin('sending')) transfer.outcomes.defer(this.#reason)
    this.#transfer = transfer
    if (transfer.outcomes.settled) this.#done()
    else transfer.start()
  }

  /** @param octets the next ones of the message, borrowed until they were written */
  body(octets: Buffer): void {
    this.#openTransfer()?.give(octets)
    this.#write()
  }

  /** The message has been given whole. */
  endBody(): void {
    this.#openTransfer()?.end()
    this.#write()
  }

  /** The message cannot be given whole: its end is not said, so that the peer must throw it away. `done` and `closed` follow. */
  abort(): void {
    this.#end({ type: 'closed' }, trouble.sourceFailed, this.#pipeline.messageEnded)
  }

  /** Ends the session in good order. */
  quit(): void {
    if (this.#begin('quitting')) this.#pipeline.add('QUIT')
  }

  /** The connection has ended. */
  gone(): void {
    this.#break(trouble.gone)
  }

  /** The patience of the last event has run out. */
  timedOut(): void {
    this.#break(trouble.timedOut)
  }

  /** @returns false when the session is over, of which the service may not have heard */
  #begin(stage: Stage): boolean {
    if (this.#stage === 'over') return false
    if (this.#stage !== 'ready') throw new Error(`the sender is not ready but ${this.#stage}`)
    this.#stage = stage
    return true
  }

  /** @returns undefined when the session is over, of which the service may not have heard */
  #openTransfer(): Transfer | undefined {
    if (this.#stage === 'over') return undefined
    if (!this.#transfer?.open) throw new Error('the sender has not asked for a message')
    return this.#transfer
  }

  #write(): undefined {
    this.#pipeline.write()
    this.#transfer?.write()
  }

  /** Reads on before an event is given out: an answer that is here already is none to what comes next. */
  #readAnswers(): undefined {
    while (this.#stage !== 'over' && this.#stage !== 'securing') {
      const reading = this.#reader.next()
      if (!reading) return
      if (reading.kind !== 'answer') return this.#break(trouble[reading.kind])
      const { answer, lines } = reading
      this.#take(this.#login?.conceal(answer, lines) ?? answer, lines)
    }
  }

  #take(answer: Answer, lines: readonly string[]): undefined {
    const question = this.#pipeline.answered()
    if (question?.asked === 'QUIT') return this.#end({ type: 'closed' }, trouble.gone)
    if (answer.code === 421) return this.#fail(answer)
    if (!question) return this.#takeUnasked(answer)
    if (isIntermediate(answer) && !fits(question, answer)) return this.#break(trouble.outOfStep)
    const refused = answer.code >= 400
    const { asked, index } = question
    switch (asked) {
      case 'greeting':
        return refused ? this.#fail(answer) : this.#hello('EHLO')
      case 'EHLO':
        if (answer.code >= 500) return this.#hello('HELO')
        return refused ? this.#fail(answer) : this.#greeted(lines.slice(1))
      case 'HELO':
        return refused ? this.#fail(answer) : this.#greeted([])
      case 'STARTTLS':
        return this.#takeStartTls(answer)
      case 'AUTH':
        return answer.code === 334 ? this.#takeChallenge(lines) : this.#takeLogin(answer)
      case 'RSET':
        return refused ? this.#fail(answer) : undefined
      default: {
        const progress = this.#transfer?.take({ asked, index }, answer)
        if (progress === 'over') this.#done()
        if (progress === 'out-of-step') this.#break(trouble.outOfStep)
      }
    }
  }

  /** A peer that refuses a message before its end has said enough, but nobody can go on with it. */
  #takeUnasked(answer: Answer): undefined {
    if (!this.#transfer?.open || answer.code < 400) return this.#break(trouble.outOfStep)
    this.#transfer.outcomes.settle(answer)
    this.#fail(answer)
  }

  #hello(verb: 'EHLO' | 'HELO'): undefined {
    this.#pipeline.add(verb, () => `${verb} ${this.#hostname}`)
  }

  #greeted(lines: readonly string[]): undefined {
    this.#setExtensions(lines)
    this.#ready({ type: 'greeted' })
  }

  #setExtensions(lines: readonly string[]): undefined {
    this.#extensions = new Extensions(lines)
    this.#pipeline.pipelining = this.#extensions.has('PIPELINING')
  }

  #takeStartTls(answer: Answer): undefined {
    if (answer.code >= 400) return this.#ready({ type: 'tls-refused', answer })
    if (answer.code !== 220) return this.#break(trouble.outOfStep)
    this.#stage = 'securing'
  }

  #takeChallenge([challenge = '']: readonly string[]): undefined {
    const response = this.#login?.respond(challenge)
    if (response === undefined) return this.#break(trouble.outOfStep)
    if (typeof response === 'string') this.#pipeline.say('AUTH', response)
    else this.#events.push({ type: 'login', until: response.then(line => this.#sayResponse(line)) })
  }

  #sayResponse(line: string): void {
    if (this.#stage !== 'over') this.#pipeline.say('AUTH', line)
  }

  #takeLogin(answer: Answer): undefined {
    const refusal = this.#login?.refusal(answer)
    this.#ready(refusal ? { type: 'auth-refused', answer: refusal } : { type: 'authenticated' })
  }

  #ready(event: SenderEvent): undefined {
    this.#stage = 'ready'
    this.#events.push(event)
  }

  #done(): undefined {
    const results = this.#transfer?.outcomes.all ?? []
    this.#transfer = undefined
    if (this.#stage === 'sending') this.#stage = 'ready'
    this.#events.push({ type: 'done', results, dsn: this.#extensions.has('DSN') })
  }

  /** The session cannot go on, and the peer has said why. */
  #fail(answer: Answer): undefined {
    this.#end({ type: 'failed', answer }, answer)
  }

  /** The session cannot go on, and we know why. Past the end of the message nobody knows what became of it. */
  #break(problem: Answer): undefined {
    const last: Last = this.#stage === 'quitting' ? { type: 'closed' } : { type: 'failed', problem }
    this.#end(last, problem, this.#pipeline.messageEnded)
  }

  #end(last: Last, reason: Answer, unsure = false): undefined {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#last = last
    this.#reason = reason
    this.#pipeline.drop()
    this.#transfer?.outcomes.defer(reason, unsure)
    if (this.#transfer) this.#done()
  }
}

function isIntermediate({ code }: Answer): boolean {
  return code >= 300 && code < 400
}

/** Whether a 3xx is what the question wanted. */
function fits({ asked }: Question, { code }: Answer): boolean {
  return (asked === 'AUTH' && code === 334) || (asked === 'DATA' && code === 354)
}
