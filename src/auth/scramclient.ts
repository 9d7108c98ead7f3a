/** The client's side of SCRAM-SHA-256, with and without channel binding: RFC 5802 §3 and §5. */
import { timingSafeEqual } from 'node:crypto'
import { budget } from '../base/budget.ts'
import { encodeName, readServerFinal, readServerFirst } from './attributes.ts'
import { decodeText, encodeBase64 } from './base64.ts'
import { clientKeyOf, hmac, saltedPassword, serverKeyOf, sha256, xor } from './keys.ts'
import { opaqueString } from './opaque.ts'

/** RFC 7677 §4. With fewer a false server could guess the password from the one proof it gets. */
const leastIterations = 4096

type Options = {
  readonly user: string
  readonly password: string
  readonly nonce: string
  /** The GS2 header: RFC 5802 §7. */
  readonly header: string
  /** The channel's data, when the header says that it is bound. */
  readonly binding?: Buffer
}

type Prover = {
  readonly initial: string
  readonly answer: (challenge: string) => Promise<string | undefined>
  readonly verified: () => boolean
}

type Turn = (text: string) => Promise<string | undefined>

/** Texts go in and out in base64. A server that does not keep to the protocol, or does not know the password, is answered nothing. */
export function scramProver({ user, password, nonce, header, binding = Buffer.alloc(0) }: Options): Prover {
  const bare = `n=${encodeName(user)},r=${nonce}`
  // What OpaqueString would refuse may be a password elsewhere: only the other server can tell.
  const prepared = opaqueString(password) ?? password
  let turn: Turn = prove
  let verified = false

  async function prove(serverFirst: string): Promise<string | undefined> {
    const first = readServerFirst(serverFirst, budget.scramMessage)
    if (first.kind === 'refused') return undefined
    const { salt, iterations } = first
    if (!first.nonce.startsWith(nonce) || first.nonce === nonce) return undefined
    if (iterations < leastIterations || iterations > budget.scramIterations) return undefined

    const salted = await saltedPassword(prepared, salt, iterations)
    const bound = encodeBase64(Buffer.concat([Buffer.from(header), binding]))
    const withoutProof = `c=${bound},r=${first.nonce}`
    const message = `${bare},${serverFirst},${withoutProof}`
    const clientKey = clientKeyOf(salted)
    const proof = xor(clientKey, hmac(sha256(clientKey), message))
    turn = async serverFinal => check(serverFinal, hmac(serverKeyOf(salted), message))
    return encodeBase64(`${withoutProof},p=${encodeBase64(proof)}`)
  }

  function check(serverFinal: string, expected: Buffer): string | undefined {
    const signature = readServerFinal(serverFinal)
    verified = signature !== undefined && timingSafeEqual(signature, expected)
    return verified ? '' : undefined
  }

  return {
    initial: encodeBase64(header + bare),
    verified: () => verified,
    async answer(challenge) {
      const present = turn
      turn = async () => undefined
      const text = decodeText(challenge, budget.scramMessage)
      return text === undefined ? undefined : present(text)
    },
  }
}
