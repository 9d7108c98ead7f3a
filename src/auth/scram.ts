/**
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), with the channel binding `tls-exporter`
 * (RFC 9266) for the second. The password never comes over the wire, and the client learns that the server knows it too.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { budget } from '../base/budget.ts'
import { type ClientFirst, type Flag, malformed, readClientFinal, readClientFirst } from './attributes.ts'
import { decodeText, encodeBase64, unpadded } from './base64.ts'
import { hmac, sha256, xor } from './keys.ts'
import { verifierOf } from './password.ts'
import type { Exchange } from './sasl.ts'
import { decoyVerifier } from './verifier.ts'

export const bindingType = 'tls-exporter'

export type ScramStep =
  /** Send this, in base64, and give the client's answer to the next step. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  /**
   * Find the account of that name, as the client wrote it, and give what is kept of its password, undefined when there is
   * none, to `found`. That gives the next step, at once and in the same time for either.
   */
  | { readonly kind: 'lookup'; readonly user: string; readonly found: (stored: string | undefined) => ScramStep }
  /** Each side has proved that it knows the password of this account. */
  | { readonly kind: 'verified'; readonly user: string }
  /** The proof is wrong, or no account or no verifier was found: as a wrong password. */
  | { readonly kind: 'wrong'; readonly user: string }
  /** The exchange is over without a proof to check; `reason` is a few words for the answer. */
  | { readonly kind: 'refused'; readonly reason: string }

export type ScramOptions = {
  /** The client chose the mechanism with channel binding. */
  readonly plus: boolean
  /**
   * What this connection's TLS exports: 32 octets for the label `EXPORTER-Channel-Binding` with an empty context
   * (RFC 9266 §2); undefined when the mechanism with channel binding is not offered here.
   */
  readonly binding: Buffer | undefined
  /** The server's part of the nonce, printable and without commas; random if left out. */
  readonly nonce?: string
}

type Turn = (response: string | undefined) => ScramStep

const refused = (reason: string): ScramStep => ({ kind: 'refused', reason })
const challenge = (text: string): ScramStep => ({ kind: 'challenge', challenge: encodeBase64(text) })

/** 144 bits, printable and without commas. */
export function makeNonce(): string {
  return unpadded(randomBytes(18))
}

/**
 * Begins an exchange: the client's first message, a lookup, a challenge, its final message, a challenge with the server's own
 * proof, and an empty response, for which there is `verified`: success with data, as RFC 4954 §4 and RFC 5034 §4 have it.
 */
export function startScram(options: ScramOptions): Exchange<ScramStep> {
  const { binding, nonce: ours = makeNonce() } = options
  let turn: Turn = readFirst

  function readFirst(response: string | undefined): ScramStep {
    if (response === undefined) return ask('', readFirst)
    const text = decodeText(response, budget.scramMessage)
    const first = text === undefined ? malformed : readClientFirst(text)
    if (first.kind === 'refused') return first
    const { flag, authorization, user } = first
    const problem = bindingProblem(flag, options)
    if (problem !== undefined) return refused(problem)
    // Nobody here may act for another.
    if (authorization !== undefined && authorization !== user) return refused('no acting for another user')
    return { kind: 'lookup', user, found: stored => askForProof(first, stored) }
  }

  function askForProof(first: ClientFirst, stored: string | undefined): ScramStep {
    const decoy = decoyVerifier(first.user)
    const kept = stored === undefined ? undefined : verifierOf(stored)
    const { salt, iterations, storedKey, serverKey } = kept ?? decoy
    const nonce = first.nonce + ours
    const serverFirst = `r=${nonce},s=${encodeBase64(salt)},i=${iterations}`
    const expected = encodeBase64(Buffer.concat([Buffer.from(first.header), boundTo(first.flag, binding)]))

    return ask(serverFirst, response => {
      const text = decodeText(response ?? '', budget.scramMessage)
      const final = text === undefined ? malformed : readClientFinal(text)
      if (final.kind === 'refused') return final
      if (final.binding !== expected) return refused('the channel binding does not match')
      if (final.nonce !== nonce) return refused('the nonce does not match')
      const message = `${first.bare},${serverFirst},${final.withoutProof}`
      const clientKey = xor(final.proof, hmac(storedKey, message))
      const fits = timingSafeEqual(sha256(clientKey), storedKey)
      if (!fits || kept === undefined) return { kind: 'wrong', user: first.user }
      const proved: ScramStep = { kind: 'verified', user: first.user }
      return ask(`v=${encodeBase64(hmac(serverKey, message))}`, last => (last === '' ? proved : malformed))
    })
  }

  function ask(text: string, next: Turn): ScramStep {
    turn = next
    return challenge(text)
  }

  return {
    step(response) {
      const present = turn
      // One answer for each challenge: what comes while nothing was asked leads nowhere.
      turn = () => malformed
      return present(response)
    },
  }
}

/** What is wrong with the client's choice (RFC 5802 §6), in a few words; undefined when nothing is. */
function bindingProblem(flag: Flag, { plus, binding }: ScramOptions): string | undefined {
  if (plus && binding === undefined) return 'no channel binding on this connection'
  if (plus !== (flag.kind === 'p')) return 'the mechanism and the channel binding do not match'
  if (flag.kind === 'p' && flag.binding !== bindingType) return 'unknown channel binding'
  // Somebody between us has taken the stronger mechanism out of what we offer.
  if (flag.kind === 'y' && binding !== undefined)
    return 'channel binding is offered here, and the client did not see it'
  return undefined
}

function boundTo(flag: Flag, binding: Buffer | undefined): Buffer {
  return flag.kind === 'p' && binding !== undefined ? binding : Buffer.alloc(0)
}
