/**
 * The server's side of a POP3 session without its sockets and its store (RFC 1939): octets go in by `feed`, `next` says
 * what to do, and answers gather for `takeOutput`. Answers to pipelined commands leave together (RFC 2449 §6.6).
 */
import { budget } from '../base/budget.ts'
import { Input } from '../wire/input.ts'
import { capabilities, languages } from './capability.ts'
import { type Command, parseCommand } from './command.ts'
import { Drop, type Maildrop } from './drop.ts'
import type { ServerEvent } from './event.ts'
import { lastLine, Output } from './output.ts'
import { type Consent, type Refusal, response } from './response.ts'
import { type State, states } from './states.ts'

export type ServerOptions = {
  /** The connection is over TLS from the start. */
  readonly secure: boolean
  /** STLS is offered. */
  readonly stls: boolean
  /** Passwords are taken without TLS too. */
  readonly plaintext: boolean
  /** The SASL mechanisms that can be had now, strongest first (RFC 5034 §3). */
  readonly mechanisms: () => readonly string[]
}

/** What the service owes an answer to. */
type Question = 'login' | 'retrieve' | 'body' | 'update' | 'stls'

export class Pop3Server {
  readonly #options: ServerOptions
  readonly #input = new Input()
  readonly #output = new Output()
  #secure: boolean
  #state: State = 'authorization'
  /** Where a positive answer to the present command leads. */
  #nextState: State = 'authorization'
  #question: Question | undefined
  /** The next line answers a challenge (RFC 5034 §4). */
  #challenged = false
  #user = ''
  #drop = new Drop()
  #errors = 0
  #attempts = 0
  #stopping = false

  constructor(options: ServerOptions) {
    this.#options = options
    this.#secure = options.secure
  }

  get secure(): boolean {
    return this.#secure
  }

  /** True when nothing is under way, nothing unread has arrived and no message is marked as deleted. */
  get idle(): boolean {
    const underWay = this.#question !== undefined || this.#challenged || this.#output.listing
    return !underWay && !this.#input.pending && this.#drop.count === 0
  }

  /** True when `takeOutput()` should be written before more is sent. */
  get full(): boolean {
    return this.#output.full
  }

  greet(): void {
    this.#say(response.greeting)
  }

  /** Takes the next chunk; borrowed until `need-input`. */
  feed(chunk: Buffer): void {
    this.#input.feed(chunk)
  }

  /** From now on QUIT is still done; any other command is refused and ends the session. */
  shutDown(): void {
    this.#stopping = true
  }

  /** @returns the answers so far, and forgets them; a block given to `send` may be among them until it is written */
  takeOutput(): Buffer {
    return this.#output.take()
  }

  next(): ServerEvent {
    if (this.#question !== undefined) throw new Error(`${this.#question} has not been answered`)
    for (;;) {
      this.#output.list()
      if (this.#state === 'closed') return { type: 'closed' }
      if (this.#output.full) return { type: 'flush' }
      const line = this.#input.line(budget.pop3Line)
      if (line === undefined) return { type: 'need-input' }
      const event = line.tooLong ? this.#mistake(response.lineTooLong) : this.#read(line.octets)
      if (event !== undefined) return event
    }
  }

  /** The login is good: `maildrop` is locked and is the client's until the session ends. */
  accept(maildrop: Maildrop): void {
    this.#settle('login')
    this.#drop = new Drop(maildrop)
    this.#user = ''
    this.#say(response.opened(maildrop.count, maildrop.octets))
  }

  /** Sends a challenge. @param base64 as the mechanism wants it; may be empty */
  challenge(base64: string): void {
    this.#settle('login')
    this.#challenged = true
    this.#output.text(`+ ${base64}\r\n`)
  }

  /**
   * Says no to the present question; instead of `greet()`, to the whole session. After `begin()` no answer fits any
   * more: the session closes without the final dot, so that the client knows the message is not whole.
   */
  refuse(refusal: Refusal): void {
    const question = this.#question
    this.#question = undefined
    if (question !== 'body') this.#output.answer(refusal)
    if (question === 'retrieve') return
    if (question === 'login') this.#attempts += 1
    const again = question === 'login' && this.#attempts < budget.loginAttempts
    this.#state = again ? 'authorization' : 'closed'
  }

  /** A message follows. @param octets of it, as RETR says; TOP says none */
  begin(octets?: number): void {
    this.#settle('retrieve')
    this.#say(octets === undefined ? response.follows : response.octetsFollow(octets))
    this.#question = 'body'
  }

  /** Adds octets of the message, dots stuffed already; a large block is borrowed until it has been written. */
  send(octets: Buffer): void {
    this.#output.block(octets)
  }

  /** The message, which ends in CRLF or is empty, is complete. */
  finish(): void {
    this.#settle('body')
    this.#output.text(lastLine)
  }

  /** The messages marked are gone. */
  updated(): void {
    this.#settle('update')
    this.#say(response.deleted(this.#drop.count))
  }

  /** TLS is on: the session starts anew (RFC 2595 §4), and what came before in clear is not read (RFC 3207 §4.2). */
  secured(): void {
    this.#settle('stls')
    this.#input.drop()
    this.#secure = true
  }

  #read(octets: Buffer): ServerEvent | undefined {
    if (this.#challenged) return this.#readResponse(octets)
    const command = parseCommand(octets)
    if ('status' in command) return this.#mistake(command)
    if (this.#stopping && command.verb !== 'QUIT') return this.#mistake(response.shuttingDown)
    const next = states[this.#state][command.verb]
    if (next === undefined) return this.#mistake(response.notNow)
    this.#nextState = next
    return this.#run(command)
  }

  #readResponse(octets: Buffer): ServerEvent | undefined {
    this.#challenged = false
    const text = octets.toString('latin1')
    if (text === '*') return this.#mistake(response.cancelled)
    return this.#ask('login', { type: 'sasl-response', response: text })
  }

  #run(command: Command): ServerEvent | undefined {
    const drop = this.#drop
    switch (command.verb) {
      case 'AUTH':
        return this.#auth(command.mechanism, command.response)
      case 'CAPA':
        return this.#sayLines(
          response.follows,
          capabilities({ login: this.#mayLogIn, stls: this.#mayStartTls, mechanisms: this.#mechanisms }).values(),
        )
      case 'DELE':
        return this.#withMessage(command.message, index => {
          drop.mark(index)
          return this.#say(response.marked(command.message))
        })
      case 'LANG':
        return this.#lang(command.range)
      case 'LIST':
        if (command.message === undefined) {
          return this.#sayLines(response.listing(drop.remaining, drop.octets), drop.listing('scan'))
        }
        return this.#withMessage(command.message, index => this.#say(response.entry(drop.scan(index))))
      case 'NOOP':
        return this.#say(response.nothing)
      case 'PASS':
        return this.#ask('login', { type: 'login', user: this.#user, password: command.password })
      case 'QUIT':
        if (drop.count > 0) return this.#ask('update', { type: 'update', deleted: drop })
        return this.#say(response.bye)
      case 'RETR':
        return this.#withMessage(command.message, index => this.#retrieve(index, undefined))
      case 'RSET':
        drop.unmark()
        return this.#say(response.unmarked(drop.remaining))
      case 'STAT':
        return this.#say(response.stat(drop.remaining, drop.octets))
      case 'STLS':
        if (!this.#mayStartTls) return this.#mistake(response.stlsUnavailable)
        this.#say(response.startTls)
        return this.#ask('stls', { type: 'stls' })
      case 'TOP':
        return this.#withMessage(command.message, index => this.#retrieve(index, command.lines))
      case 'UIDL':
        if (command.message === undefined) return this.#sayLines(response.follows, drop.listing('uidl'))
        return this.#withMessage(command.message, index => this.#say(response.entry(drop.uidl(index))))
      case 'USER':
        if (!this.#mayLogIn) return this.#mistake(response.needsTls) // now, before the password is sent in clear
        this.#user = command.name
        return this.#say(response.nameTaken)
      case 'UTF8':
        // Octets are sent as they were received in either mode: src/README.md says why.
        return this.#say(response.utf8)
      default:
        return command satisfies never
    }
  }

  #auth(name: string | undefined, initial: string | undefined): ServerEvent | undefined {
    if (!this.#mayLogIn) return this.#mistake(response.needsTls)
    if (name === undefined) {
      // No RFC has it, but clients older than CAPA ask for the mechanisms in this way.
      this.#nextState = 'authorization'
      return this.#sayLines(response.follows, this.#mechanisms.values())
    }
    const mechanism = this.#mechanisms.find(known => known === name)
    if (mechanism === undefined) return this.#mistake(response.unknownMechanism)
    return this.#ask('login', { type: 'sasl', mechanism, response: initial })
  }

  #lang(range: string | undefined): undefined {
    if (range === undefined) return this.#sayLines(response.follows, languages.map(tag => `${tag} English`).values())
    const tag = range === '*' ? 'en' : languages.find(known => known === range.toLowerCase())
    return tag === undefined ? this.#mistake(response.unknownLanguage) : this.#say(response.language(tag))
  }

  #withMessage(message: number, act: (index: number) => ServerEvent | undefined): ServerEvent | undefined {
    const index = this.#drop.index(message)
    return index === undefined ? this.#mistake(response.noSuchMessage) : act(index)
  }

  #retrieve(index: number, lines: number | undefined): ServerEvent {
    return this.#ask('retrieve', { type: 'retrieve', index, lines })
  }

  get #mayLogIn(): boolean {
    return this.#secure || this.#options.plaintext
  }

  get #mechanisms(): readonly string[] {
    return this.#options.mechanisms()
  }

  get #mayStartTls(): boolean {
    return this.#options.stls && !this.#secure && this.#state !== 'transaction'
  }

  #ask(question: Question, event: ServerEvent): ServerEvent {
    this.#question = question
    return event
  }

  #settle(question: Question): void {
    if (this.#question !== question) throw new Error(`${question} was answered but not asked`)
    this.#question = undefined
  }

  #say(consent: Consent): undefined {
    this.#output.answer(consent)
    this.#state = this.#nextState
  }

  #sayLines(consent: Consent, lines: Iterator<string>): undefined {
    this.#say(consent)
    this.#output.begin(lines)
  }

  /** Answers what the client did wrong; too many of them end the session. */
  #mistake(refusal: Refusal): undefined {
    this.#output.answer(refusal)
    this.#challenged = false
    if (this.#state === 'named') this.#state = 'authorization'
    this.#errors += 1
    if (this.#errors >= budget.pop3Errors || this.#stopping) this.#state = 'closed'
  }
}
