/** The SASL mechanisms PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login): base64 in, credentials out. */
import { budget } from '../base/budget.ts'
import { decodeText, encodeBase64 } from './base64.ts'

/** Octets of a response once decoded: RFC 4616 §2 wants 255 for each of its three parts to be taken. */
const responseOctets = 3 * budget.password + 2

export type Step =
  /** Send this, in base64, and give the client's answer to the next step. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'credentials'; readonly user: string; readonly password: string }
  /** The exchange is over without credentials to check; `reason` is a few words for the answer. */
  | { readonly kind: 'refused'; readonly reason: string }

/** One exchange. Other mechanisms have other steps (`ScramStep`). */
export type Exchange<Steps = Step> = {
  /**
   * @param response the client's, in base64 as sent; undefined when it sent none with the command
   * @returns what to do; after anything but a challenge the exchange is over
   */
  step(response: string | undefined): Steps
}

const startByMechanism = { PLAIN: startPlain, LOGIN: startLogin } as const

export function startSasl(mechanism: keyof typeof startByMechanism): Exchange {
  return startByMechanism[mechanism]()
}

const malformed: Step = { kind: 'refused', reason: 'malformed response' }
const challenge = (text: string): Step => ({ kind: 'challenge', challenge: encodeBase64(text) })

/** One response: authorization identity, NUL, authentication identity, NUL, password. */
function startPlain(): Exchange {
  return { step: response => (response === undefined ? challenge('') : readPlain(response)) }
}

function readPlain(response: string): Step {
  const [authorization, user, password, ...more] = decode(response)?.split('\0') ?? []
  if (authorization === undefined || !user || !password || more.length > 0) return malformed
  // Nobody here may act for another.
  if (authorization !== '' && authorization !== user) return { kind: 'refused', reason: 'no acting for another user' }
  return { kind: 'credentials', user, password }
}

/** Two responses: the name, which may come with the command, and the password. */
function startLogin(): Exchange {
  let user: string | undefined
  return {
    step(response) {
      if (response === undefined) return challenge('Username:')
      const text = decode(response)
      if (!text || text.includes('\0')) return malformed
      if (user !== undefined) return { kind: 'credentials', user, password: text }
      user = text
      return challenge('Password:')
    },
  }
}

function decode(response: string): string | undefined {
  return decodeText(response, responseOctets)
}
