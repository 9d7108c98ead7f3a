/** The receiving side of SMTP (RFC 5321), without I/O: octets in, events and replies out. */
import { budget } from '../base/budget.ts'
import { DotDecoder } from '../wire/dot.ts'
import { Input } from '../wire/input.ts'
import { LineCheck } from '../wire/lines.ts'
import { Chunk, parseChunk } from './chunk.ts'
import { type Command, parseCommand, readVerb } from './command.ts'
import type { Question, ReceiverEvent } from './event.ts'
import { LoginGate } from './gate.ts'
import { encodeReply, type Reply, reply } from './reply.ts'
import { follow, inTransaction, type State, type Verb } from './states.ts'
import { type ReceiverOptions, welcome } from './welcome.ts'

/** Octets of a message being read. */
type Reading = {
  readonly source: DotDecoder | Chunk
  /** False when they are only read to get past them. */
  readonly keep: boolean
  /** What is done once they have all come. */
  readonly done: () => ReceiverEvent | undefined
}

type Hello = { readonly verb: 'EHLO' | 'HELO'; readonly domain: string }

const nothing = Buffer.alloc(0)
const CRLF = Buffer.from('\r\n')

/**
 * One session. The service calls next() and does what the event says, over and over. Replies gather in the output in the
 * order of the commands, so that those to pipelined commands (RFC 2920) leave in one write.
 */
export class Receiver {
  readonly #options: ReceiverOptions
  readonly #input = new Input()
  readonly #login: LoginGate
  #output = ''
  #state: State = 'connected'
  /** What the service was asked, and where a positive answer leads. */
  #asked: { readonly question: Question['type']; readonly next: State } | undefined
  /** An event that comes right after the one before it, without further input. */
  #following: ReceiverEvent | undefined
  #reading: Reading | undefined
  #hello: Hello | undefined
  #secure = false
  #stopping = false
  #errors = 0
  #transactions = 0
  // Of the present transaction
  #smtputf8 = false
  #recipients = 0
  #lines = new LineCheck()

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#login = new LoginGate(options.login)
  }

  /** How the client greeted; undefined before it did, and again after STARTTLS. */
  get hello(): Hello | undefined {
    return this.#hello
  }

  /** True once TLS is on. */
  get secure(): boolean {
    return this.#secure
  }

  /** True between commands, when no transaction is open: closing now loses nothing. */
  get idle(): boolean {
    return !inTransaction(this.#state) && !this.#reading && !this.#asked && !this.#login.challenged
  }

  /** True while the octets of a body are read. */
  get reading(): boolean {
    return this.#reading !== undefined
  }

  greet(): void {
    this.#say(reply.greeting(this.#options.hostname))
  }

  /** Says the last word, instead of the greeting or at any time after it. */
  refuse(answer: Reply): void {
    this.#close(answer)
  }

  /** From now on a command is answered 421, once a body that is on its way has come to its end. */
  shutDown(): void {
    this.#stopping = true
  }

  /** TLS is on: the session starts anew, and what came before is forgotten (RFC 3207 §4.2). */
  secured(): void {
    this.#secure = true
    this.#login.forget()
    this.#hello = undefined
    this.#input.drop()
  }

  /** @param chunk borrowed until next() says `need-input` */
  feed(chunk: Buffer): void {
    this.#input.feed(chunk)
  }

  /** @returns the replies since the last call, encoded */
  takeOutput(): Buffer {
    const output = Buffer.from(this.#output)
    this.#output = ''
    return output
  }

  next(): ReceiverEvent {
    for (;;) {
      if (this.#state === 'closed') return { type: 'closed' }
      if (this.#output.length >= budget.output) return { type: 'flush' }
      const following = this.#following
      this.#following = undefined
      const event = following ?? (this.#reading ? this.#readBody(this.#reading) : this.#readCommand())
      if (event) return event
    }
  }

  /** Answers the last event that expects it. A positive reply (RFC 5321 §4.2.1) leads on. */
  answer(answer: Reply): void {
    if (!this.#asked) return
    const { question, next } = this.#asked
    const positive = answer.code < 400
    this.#asked = undefined
    if (question === 'auth' || question === 'auth-response') {
      this.#endLogin(answer)
      return
    }

    if (positive) this.#state = next
    else if (question === 'end') this.#state = 'ready'
    else if (question === 'chunk') this.#abandon()
    else if (question === 'recipient' && this.#state === 'sender') this.#state = 'refused'

    if (positive && question === 'recipient') this.#recipients += 1
    if (positive && question === 'data') this.#read(new DotDecoder(), () => this.#messageEnd())
    this.#say(answer)
  }

  /** Answers AUTH, or what the client said since, with a challenge in base64. */
  challenge(text: string): void {
    if (!this.#asked) return
    this.#asked = undefined
    this.#login.challenged = true
    this.#output += `334 ${text}\r\n`
  }

  #endLogin(answer: Reply): void {
    const lastWord = this.#login.note(answer)
    this.#say(answer)
    if (lastWord) this.#close(lastWord)
  }

  /** Reads one command. */
  #readCommand(): ReceiverEvent | undefined {
    const line = this.#input.line(this.#login.line)
    if (!line) return this.#needInput()
    if (this.#login.challenged) {
      const response = this.#login.readResponse(line)
      return typeof response === 'string'
        ? this.#ask({ type: 'auth-response', response }, 'ready')
        : this.#say(response)
    }
    // A message that comes in chunks is a running body, too.
    if (this.#stopping && this.#state !== 'chunks') return this.#close(reply.shuttingDown)

    const spoken = readVerb(line)
    if ('code' in spoken) return this.#say(spoken)
    const { verb, argument } = spoken
    const next = this.#allow(verb)
    if (verb === 'BDAT') return this.#readChunk(argument, next)
    if (typeof next !== 'string') return this.#say(next)
    const command = parseCommand(verb, argument, { extended: this.#extended, smtputf8: this.#smtputf8 })
    return 'code' in command ? this.#say(command) : this.#obey(command, next)
  }

  /** @returns where the command leads, or the reply that refuses it in this state */
  #allow(verb: Verb): State | Reply {
    if (verb === 'STARTTLS' && this.#secure) return reply.tlsIsOn
    if (verb === 'STARTTLS' && !this.#options.startTls) return reply.notImplemented
    if ((verb === 'STARTTLS' || verb === 'BDAT') && this.#hello && !this.#extended) return reply.outOfOrder('EHLO')
    return this.#login.objection(verb, { state: this.#state, extended: this.#extended }) ?? follow(this.#state, verb)
  }

  #obey(command: Command, next: State): ReceiverEvent | undefined {
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        this.#hello = command
        return this.#leave(next, welcome(this.#options, command.verb, this.#secure))
      case 'MAIL': {
        const { reversePath, parameters } = command
        this.#transactions += 1
        if (this.#transactions > budget.smtpTransactions) return this.#close(reply.tooManyTransactions)
        if (parameters.requireTls && !this.#secure) return this.#say(reply.unknownParameter)
        if ((parameters.size ?? 0) > this.#options.messageOctets) return this.#say(reply.tooBig)
        this.#smtputf8 = parameters.smtputf8 === true
        this.#recipients = 0
        this.#lines = new LineCheck()
        return this.#ask({ type: 'mail', reversePath, parameters }, next)
      }
      case 'RCPT': {
        const { forwardPath, parameters } = command
        if (this.#recipients >= this.#options.recipients) return this.#say(reply.tooManyRecipients)
        return this.#ask({ type: 'recipient', forwardPath, parameters }, next)
      }
      case 'AUTH':
        if (!this.#login.offers(command.mechanism)) return this.#say(reply.unknownMechanism)
        return this.#ask({ type: 'auth', mechanism: command.mechanism, response: command.response }, next)
      case 'DATA':
        return this.#ask({ type: 'data' }, next)
      case 'RSET':
        return this.#leave(next, reply.ok)
      case 'STARTTLS': {
        const reset = this.#leave(next, reply.readyForTls)
        this.#input.drop()
        this.#following = { type: 'starttls' }
        return reset
      }
      case 'QUIT':
        return this.#close(reply.goodbye)
      case 'NOOP':
        return this.#say(reply.ok)
      case 'HELP':
        return this.#say(reply.help)
      case 'VRFY':
        return this.#say(reply.verify)
    }
  }

  /** BDAT, allowed or not. The octets of a chunk that is refused are read all the same, so that they are not taken for commands. */
  #readChunk(argument: string, next: State | Reply): ReceiverEvent | undefined {
    const chunk = parseChunk(argument)
    if ('code' in chunk) return this.#close(chunk)
    const { octets, last } = chunk
    const source = new Chunk(octets)
    if (typeof next !== 'string') return this.#skip(source, () => this.#say(next))
    const { refusal } = chunk
    if (refusal) return this.#skip(source, () => this.#refuseChunk(refusal))
    return this.#read(source, () => (last ? this.#messageEnd() : this.#chunkEnd(octets)))
  }

  #read(source: Reading['source'], done: Reading['done']): undefined {
    this.#reading = { source, keep: true, done }
  }

  #skip(source: Reading['source'], done: Reading['done']): undefined {
    this.#reading = { source, keep: false, done }
  }

  #readBody({ source, keep, done }: Reading): ReceiverEvent | undefined {
    const octets = source.next(this.#input)
    if (octets) return keep ? this.#take(octets) : undefined
    if (!source.ended) return this.#needInput()
    this.#reading = undefined
    return done()
  }

  /** Past the limit octets are thrown away, but read on to the true end of the body: what is in it are no commands. */
  #take(octets: Buffer): ReceiverEvent | undefined {
    const room = this.#options.messageOctets - this.#lines.octets
    this.#lines.check(octets)
    return room > 0 ? { type: 'body', octets: octets.subarray(0, room) } : undefined
  }

  get #tooBig(): boolean {
    return this.#lines.octets > this.#options.messageOctets
  }

  #chunkEnd(octets: number): ReceiverEvent | undefined {
    return this.#tooBig ? this.#refuseChunk(reply.tooBig) : this.#ask({ type: 'chunk', octets }, 'chunks')
  }

  #refuseChunk(answer: Reply): undefined {
    this.#abandon()
    this.#say(answer)
  }

  #messageEnd(): ReceiverEvent | undefined {
    const lines = this.#lines
    if (!lines.atLineStart) {
      // Only BDAT can leave the last line open. POP3 could not give it back so: a dot line needs a CRLF before it.
      this.#read(new Chunk(0), () => this.#messageEnd())
      return this.#take(CRLF)
    }
    const { malformed, longLine, dotted, octets } = lines
    return this.#ask({ type: 'end', malformed, tooBig: this.#tooBig, longLine, dotted, octets }, 'ready')
  }

  /** Hands a question to the service, with the state that a positive answer leads to. */
  #ask(event: Question, next: State): ReceiverEvent {
    this.#asked = { question: event.type, next }
    return event
  }

  /** Ends the transaction, if one is open, in good order. */
  #leave(next: State, answer: Reply): ReceiverEvent | undefined {
    const open = inTransaction(this.#state)
    this.#state = next
    this.#say(answer)
    return open ? { type: 'reset' } : undefined
  }

  /** Ends the transaction because a chunk was refused: the ones after it are refused for want of a sender (RFC 3030 §2). */
  #abandon(): void {
    this.#state = 'ready'
    this.#following = { type: 'reset' }
  }

  /** Puts a reply in the output. A 4xx is no error of the client's: it may name every recipient beyond the limit. */
  #say(answer: Reply): undefined {
    this.#output += encodeReply(answer)
    if (answer.code < 500) return
    this.#errors += 1
    if (this.#errors === budget.smtpErrors) this.#close(reply.tooManyErrors)
  }

  #close(answer: Reply): undefined {
    this.#state = 'closed'
    this.#reading = undefined
    this.#asked = undefined
    this.#input.drop()
    this.#say(answer)
  }

  /** Lets the chunk go: a session that waits must not hold 64 KiB. */
  #needInput(): ReceiverEvent {
    this.#input.feed(nothing)
    return { type: 'need-input' }
  }

  get #extended(): boolean {
    return this.#hello?.verb === 'EHLO'
  }
}
