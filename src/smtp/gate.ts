/** The login of those who submit mail: RFC 4954. Who may say AUTH and MAIL when, and how often a login may fail. */
import { budget } from '../base/budget.ts'
import type { Line } from '../wire/input.ts'
import { type Reply, reply } from './reply.ts'
import { inTransaction, type State, type Verb } from './states.ts'

/** What is true of the session. */
type Session = { readonly state: State; readonly extended: boolean }

export class LoginGate {
  /** A challenge is out: the next line is the answer to it, and no command. */
  challenged = false
  readonly #mechanisms: (() => readonly string[]) | undefined
  #open = false
  #failed = 0

  /** @param mechanisms that can be had now; undefined where nobody logs in */
  constructor(mechanisms: (() => readonly string[]) | undefined) {
    this.#mechanisms = mechanisms
  }

  /** The longest line that may come, octets with CRLF. */
  get line(): number {
    return this.#mechanisms ? budget.smtpAuthLine : budget.smtpPathLine
  }

  /** @returns why AUTH or MAIL may not come now, if so */
  objection(verb: Verb, { state, extended }: Session): Reply | undefined {
    if (verb === 'AUTH') {
      if (!this.#mechanisms) return reply.notImplemented
      if (!extended) return reply.outOfOrder('EHLO')
      if (this.#open) return reply.isLoggedIn
      return this.#mechanisms().length > 0 || inTransaction(state) ? undefined : reply.loginNeedsTls
    }
    if (verb !== 'MAIL' || !this.#mechanisms || this.#open || state !== 'ready') return undefined
    return this.#mechanisms().length > 0 ? reply.loginFirst : reply.tlsFirst
  }

  offers(mechanism: string): boolean {
    return this.#mechanisms?.().includes(mechanism) ?? false
  }

  /** @returns what the client answers to a challenge, in base64, or the reply that ends the exchange */
  readResponse({ octets, tooLong }: Line): string | Reply {
    this.challenged = false
    const response = octets.toString('latin1')
    if (response === '*') return reply.loginCancelled
    if (tooLong) return reply.loginLineTooLong
    return /^[a-z0-9+/=]*$/i.test(response) ? response : reply.badBase64
  }

  /** Notes how a login ended. @returns the last word, when it has failed too often */
  note(answer: Reply): Reply | undefined {
    this.#open = answer.code < 400
    if (answer.code === reply.loginFailed.code) this.#failed += 1
    return this.#failed === budget.loginAttempts ? reply.tooManyLogins : undefined
  }

  /** TLS is on, and what came before is forgotten (RFC 3207 §4.2). */
  forget(): void {
    this.#open = false
  }
}
