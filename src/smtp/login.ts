/** Logging in to a peer: AUTH, RFC 4954 §4. */
import { budget } from '../base/budget.ts'
import type { Answer } from './answer.ts'
import { trouble } from './trouble.ts'

/** The client's side of one SASL exchange. */
export type Exchange = {
  /** Upper case, as EHLO names it. */
  readonly mechanism: string
  /** The first response in base64, or undefined when the server speaks first; '' is an empty one. */
  readonly initial: string | undefined
  /**
   * @param challenge base64 as the server sent it
   * @returns the response in base64; undefined gives the exchange up
   */
  answer(challenge: string): string | undefined | Promise<string | undefined>
  /** Whether the server has proved what the mechanism wants it to prove; true where it wants nothing. */
  verified(): boolean
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const mechanismName = /^[A-Z0-9_-]{1,20}$/
const cancel = '*'
const hidden = 'The answer is not shown, since it repeated what we logged in with'

/** One login. Keeps what was sent, so that no answer that repeats it is ever shown. */
export class Login {
  readonly #exchange: Exchange
  /** A first response that was too long for the command. */
  #initial: string | undefined
  #rounds = 0
  #givenUp = false
  #sent: string[] = []

  constructor(exchange: Exchange) {
    if (!mechanismName.test(exchange.mechanism)) throw new Error('this is no name of a mechanism')
    this.#exchange = exchange
  }

  /** The command, with the first response where it fits the line. */
  command(): string {
    const { mechanism, initial } = this.#exchange
    const command = `AUTH ${mechanism}`
    if (initial === undefined) return command
    const whole = `${command} ${initial === '' ? '=' : this.#checked(initial)}`
    if (whole.length + '\r\n'.length <= budget.smtpLine) return whole
    this.#initial = initial
    return command
  }

  /**
   * Takes a 334.
   * @returns the line to send; a promise where the exchange has to work it out; undefined when nothing was asked any more
   */
  respond(challenge: string): string | Promise<string> | undefined {
    if (this.#givenUp) return undefined
    this.#rounds += 1
    const initial = this.#initial
    this.#initial = undefined
    if (initial !== undefined) return initial
    if (this.#rounds > budget.loginRounds) return this.#toLine(undefined)
    const response = this.#exchange.answer(challenge)
    return response instanceof Promise ? response.then(text => this.#toLine(text)) : this.#toLine(response)
  }

  /** @returns why the login failed, or undefined when it did not */
  refusal(answer: Answer): Answer | undefined {
    if (this.#givenUp) return trouble.givenUp
    if (answer.code >= 400) return answer
    return this.#exchange.verified() ? undefined : trouble.unproved
  }

  /** @returns the answer, its text hidden if credentials are in it */
  conceal(answer: Answer, lines: readonly string[]): Answer {
    const said = `${lines.join(' ')} ${lines.join('')} ${answer.text}`
    return this.#secrets.some(secret => said.includes(secret)) ? { ...answer, text: hidden } : answer
  }

  /** All responses, and the password: PLAIN and LOGIN end with it (RFC 4616 §2). */
  get #secrets(): readonly string[] {
    const password = Buffer.from(this.#sent.at(-1) ?? '', 'base64')
      .toString()
      .split('\0')
      .at(-1)
    return [...this.#sent, password ?? ''].filter(secret => secret !== '')
  }

  #toLine(response: string | undefined): string {
    if (response !== undefined) return this.#checked(response)
    this.#givenUp = true
    return cancel
  }

  #checked(response: string): string {
    if (!base64.test(response)) throw new Error('a response is not base64')
    this.#sent.push(response)
    return response
  }
}
