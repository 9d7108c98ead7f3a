/** A POP3 service over messages in memory, for tests: it answers the events of a session as the real one does. */
import { startSasl } from '../../src/auth/sasl.ts'
import type { Maildrop } from '../../src/pop3/drop.ts'
import type { ServerEvent } from '../../src/pop3/event.ts'
import { response } from '../../src/pop3/response.ts'
import { Pop3Server, type ServerOptions } from '../../src/pop3/server.ts'
import { DotEncoder } from '../../src/wire/stuffing.ts'
import { TopCutter } from '../../src/wire/top.ts'

/** Of these five the third cannot be read, and the fourth breaks off. */
export const messages = [
  'Subject: one\r\n\r\nfirst\r\n.\r\n..second\r\nthird\r\n',
  'Subject: two\r\n\r\n',
  'lost',
  'Subject: torn\r\n\r\nhalf',
  'Subject: \u00fc\r\n\r\n',
].map(text => Buffer.from(text))

export function maildropOf(bodies: readonly Buffer[]): Maildrop {
  return {
    count: bodies.length,
    octets: bodies.reduce((octets, body) => octets + body.length, 0),
    size: index => bodies[index]?.length ?? 0,
    uidl: index => `u${index + 1}`,
  }
}

const mechanisms = ['PLAIN', 'LOGIN'] as const
const allSecure: ServerOptions = { secure: true, stls: false, plaintext: false, mechanisms: () => mechanisms }

export class Service {
  readonly session: Pop3Server
  /** Everything the client got. */
  output = ''
  /** Octets of output that stood unwritten at most. */
  most = 0
  deleted: readonly number[] = []
  closed = false
  #exchange = startSasl('PLAIN')
  readonly #maildrop: Maildrop

  constructor(options: ServerOptions = allSecure, maildrop: Maildrop = maildropOf(messages)) {
    this.session = new Pop3Server(options)
    this.#maildrop = maildrop
  }

  /** Sends octets, cut into pieces of `step`, and returns what the client gets for them. */
  say(octets: string | Buffer, step = 65_536): string {
    const before = this.output.length
    const input = Buffer.from(octets)
    for (let from = 0; from < input.length && !this.closed; from += step) {
      // A copy of its own, overwritten afterwards: nothing may still look into it then.
      const chunk = Buffer.from(input.subarray(from, from + step))
      this.session.feed(chunk)
      this.run()
      chunk.fill('!')
    }
    return this.output.slice(before)
  }

  /** Answers events until input is needed or the session is over. */
  run(): void {
    for (;;) {
      const event = this.session.next()
      if (event.type === 'closed') this.closed = true
      if (event.type === 'need-input' || event.type === 'flush' || event.type === 'closed' || event.type === 'stls') {
        const octets = this.session.takeOutput()
        this.most = Math.max(this.most, octets.length)
        this.output += octets.toString()
      }
      if (event.type === 'need-input' || event.type === 'closed') return
      this.#answer(event)
    }
  }

  #answer(event: ServerEvent): void {
    const { session } = this
    if (event.type === 'stls') session.secured()
    if (event.type === 'login') this.#check(event.user, event.password)
    if (event.type === 'sasl') this.#exchange = startSasl(event.mechanism === 'LOGIN' ? 'LOGIN' : 'PLAIN')
    if (event.type === 'sasl' || event.type === 'sasl-response') this.#step(event.response)
    if (event.type === 'retrieve') this.#retrieve(event.index, event.lines)
    if (event.type !== 'update') return
    this.deleted = [...event.deleted]
    if (this.deleted.includes(2)) session.refuse(response.temporary)
    else session.updated()
  }

  #check(user: string, password: string): void {
    if (user === 'busy') this.session.refuse(response.inUse)
    else if (user === 'alice' && password === ' open  sesame ') this.session.accept(this.#maildrop)
    else this.session.refuse(response.authFailed)
  }

  #step(line: string | undefined): void {
    const step = this.#exchange.step(line)
    if (step.kind === 'challenge') this.session.challenge(step.challenge)
    if (step.kind === 'credentials') this.#check(step.user, step.password)
    if (step.kind === 'refused') this.session.refuse(response.saslRefused(step.reason))
  }

  #retrieve(index: number, lines: number | undefined): void {
    const { session } = this
    const body = messages[index] ?? Buffer.alloc(0)
    const no = index === 2 ? response.damaged : undefined
    if (no !== undefined) {
      session.refuse(no)
      return
    }
    session.begin(lines === undefined ? body.length : undefined)
    const encoder = new DotEncoder()
    const top = lines === undefined ? body : new TopCutter(lines).cut(body)
    session.send(encoder.encode(top))
    if (index === 3) session.refuse(response.temporary)
    else session.finish()
  }
}
