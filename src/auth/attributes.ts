/** The messages of SCRAM as they are written, lists of attributes: RFC 5802 §5.1 and §7. Text in, fields or a refusal out. */
import { decodeBase64 } from './base64.ts'
import { keyOctets } from './keys.ts'

/** `n`: the client has no channel binding; `y`: it has, but believes that the server has not. RFC 5802 §6. */
export type Flag = { readonly kind: 'n' | 'y' } | { readonly kind: 'p'; readonly binding: string /* its type's name */ }

export type ClientFirst = {
  readonly kind: 'client-first'
  /** The GS2 header with its final comma, as sent. */
  readonly header: string
  readonly flag: Flag
  /** Whom to act as, when the client says. */
  readonly authorization: string | undefined
  /** All behind the header, as sent. */
  readonly bare: string
  readonly user: string
  readonly nonce: string
}

export type ServerFirst = {
  readonly kind: 'server-first'
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

export type ClientFinal = {
  readonly kind: 'client-final'
  /** The GS2 header and the channel binding, in base64. */
  readonly binding: string
  readonly nonce: string
  readonly proof: Buffer
  /** All before `,p=`, as sent. */
  readonly withoutProof: string
}

/** The same shape as a SASL step, so that it can be one. */
export type Refused = { readonly kind: 'refused'; readonly reason: string }

export const malformed: Refused = { kind: 'refused', reason: 'malformed response' }
const mandatory: Refused = { kind: 'refused', reason: 'unknown mandatory extension' }

/** RFC 5802 §7 `printable`: all of ASCII that can be seen but the comma. */
const printable = '[\\x21-\\x2b\\x2d-\\x7e]+'
/** Attributes that RFC 5802 does not name are passed over (§5.1), but an `m` has to be understood, and none is yet. */
const extensions = '((?:,[A-Za-z]=[^,]+)*)'
const base64 = '[A-Za-z0-9+/=]+'
const control = /\p{Cc}/u

const clientFirst = new RegExp(
  `^((?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,)(n=([^,]+),r=(${printable})${extensions})$`,
)
const serverFirst = new RegExp(`^r=(${printable}),s=(${base64}),i=([1-9]\\d{0,9})${extensions}$`)
const clientFinal = new RegExp(`^(c=(${base64}),r=(${printable})${extensions}),p=(${base64})$`)
const serverFinal = new RegExp(`^v=(${base64})${extensions}$`)
/** Where an `m` comes first it stands before the name or the nonce, and nothing behind it may be relied on. */
const mandatoryFirst = /^(?:[^,]*,[^,]*,)?m=/

export function readClientFirst(text: string): ClientFirst | Refused {
  const [whole, header = '', flag, binding, authzid, bare = '', name = '', nonce = '', more] = match(clientFirst, text)
  if (whole === undefined) return mandatoryFirst.test(text) ? mandatory : malformed
  if (hasMandatory(more)) return mandatory
  const user = decodeName(name)
  const authorization = authzid === undefined ? undefined : decodeName(authzid)
  if (user === undefined || (authzid !== undefined && authorization === undefined)) return malformed
  const said: Flag = binding === undefined ? { kind: flag === 'y' ? 'y' : 'n' } : { kind: 'p', binding }
  return { kind: 'client-first', header, flag: said, authorization, bare, user, nonce }
}

/** @param most octets of the salt */
export function readServerFirst(text: string, most: number): ServerFirst | Refused {
  const [whole, nonce = '', saltText = '', iterations, more] = match(serverFirst, text)
  const salt = decodeBase64(saltText, most)
  if (whole === undefined || !salt) return text.startsWith('m=') ? mandatory : malformed
  if (hasMandatory(more)) return mandatory
  return { kind: 'server-first', nonce, salt, iterations: Number(iterations) }
}

export function readClientFinal(text: string): ClientFinal | Refused {
  const [whole, withoutProof = '', binding = '', nonce = '', more, proofText = ''] = match(clientFinal, text)
  const proof = decodeBase64(proofText, keyOctets)
  if (whole === undefined || proof?.length !== keyOctets) return malformed
  if (hasMandatory(more)) return mandatory
  return { kind: 'client-final', binding, nonce, proof, withoutProof }
}

/** @returns the server's signature; undefined when the message holds none, but an error for example */
export function readServerFinal(text: string): Buffer | undefined {
  const [whole, signatureText = '', more] = match(serverFinal, text)
  const signature = decodeBase64(signatureText, keyOctets)
  return whole === undefined || signature?.length !== keyOctets || hasMandatory(more) ? undefined : signature
}

/** A comma or an equals sign in a name would end it. */
export function encodeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** Undefined when an equals sign begins anything but one of the two. */
function decodeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function match(form: RegExp, text: string): readonly (string | undefined)[] {
  return control.test(text) ? [] : (form.exec(text) ?? [])
}

function hasMandatory(more: string | undefined): boolean {
  return more?.includes(',m=') ?? false
}
