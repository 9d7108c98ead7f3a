/** The client's side of SASL, for logging in to a smarthost: which mechanism, and what to answer (RFC 4422, 4954). */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { encodeBase64 } from './base64.ts'
import { type Mechanism, mechanisms } from './mechanisms.ts'
import { bindingType, makeNonce } from './scram.ts'
import { scramProver } from './scramclient.ts'

/** One exchange. All texts are base64 as on the wire. */
export type ClientExchange = {
  readonly mechanism: Mechanism
  /** The first response: with the command or, where it does not fit, after an empty challenge. Undefined: the server begins. */
  readonly initial: string | undefined
  /** Never rejects. @returns the response; undefined when the exchange is to be cancelled, with `*` */
  answer(challenge: string): Promise<string | undefined>
  /**
   * Whether the server may say that the login is good: with SCRAM only after it has proved that it knows the password,
   * else it is not the server it seems to be. The other mechanisms ask for no proof.
   */
  verified(): boolean
}

export type Credentials = {
  readonly user: string
  readonly password: string
  /** What the connection's TLS exports (RFC 9266 §2: see `ScramOptions`); undefined when there is none. */
  readonly binding?: Buffer | undefined
}

type Circumstances = {
  /** The connection is over TLS, so that a password may be sent as it is. */
  readonly secure: boolean
  /** Its TLS gives a channel binding. */
  readonly binding?: boolean
}

/** @param offered as the server lists them @returns the strongest that both know; undefined when there is none */
export function chooseMechanism(
  offered: readonly string[],
  { secure, binding = false }: Circumstances,
): Mechanism | undefined {
  const names = new Set(offered.map(name => name.toUpperCase()))
  const usable: Readonly<Record<Mechanism, boolean>> = {
    'SCRAM-SHA-256-PLUS': binding,
    'SCRAM-SHA-256': true,
    PLAIN: secure,
    LOGIN: secure,
  }
  return mechanisms.find(mechanism => usable[mechanism] && names.has(mechanism))
}

/**
 * Begins an exchange. SCRAM without channel binding tells the server that we could have bound when `binding` is given (RFC 5802
 * §6): leave it out where the server does offer `SCRAM-SHA-256-PLUS` and it is not to be used.
 * @param nonce printable and without commas; random if left out
 * @throws Failure REFUSED when the name or the password cannot be sent at all
 */
export function startClient(mechanism: Mechanism, credentials: Credentials, nonce = makeNonce()): ClientExchange {
  const { user, password, binding } = credentials
  if (!sendable(user)) throw new Failure('REFUSED', 'The user name for the other server cannot be used.')
  if (!sendable(password)) throw new Failure('REFUSED', 'The password for the other server cannot be used.')
  switch (mechanism) {
    case 'SCRAM-SHA-256-PLUS':
      if (binding === undefined) throw new Error('SCRAM-SHA-256-PLUS without a channel binding')
      return { mechanism, ...scramProver({ user, password, nonce, header: `p=${bindingType},,`, binding }) }
    case 'SCRAM-SHA-256':
      return { mechanism, ...scramProver({ user, password, nonce, header: binding ? 'y,,' : 'n,,' }) }
    case 'PLAIN':
      return { mechanism, initial: encodeBase64(`\0${user}\0${password}`), ...responses([]) }
    case 'LOGIN':
      // The prompts say nothing that can be relied on: servers word them as they like.
      return { mechanism, initial: undefined, ...responses([user, password]) }
    default:
      return mechanism satisfies never
  }
}

/** A NUL would end it in PLAIN, and no server takes the other control characters. */
function sendable(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= budget.password && !/[\p{Cc}\p{Cs}]/u.test(text)
}

/** Gives one response to each challenge, whatever it says; cancels when there are more challenges. */
function responses(texts: readonly string[]): Pick<ClientExchange, 'answer' | 'verified'> {
  const left = texts.map(encodeBase64)
  return { answer: async () => left.shift(), verified: () => true }
}
