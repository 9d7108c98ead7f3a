/** Signs a message for its domain: DKIM, RFC 6376, with RSA (RFC 8301) and Ed25519 (RFC 8463). */
import { hash, type KeyObject, sign } from 'node:crypto'
import { budget } from '../base/budget.ts'
import { relaxedField } from './canonical.ts'
import { bodyText, type Field, fieldsOf } from './fields.ts'

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256'

export type Signing = {
  /** The header section as it is sent, or what of it the signature covers. Borrowed. */
  readonly header: Buffer
  /** What `BodyHash` gave. */
  readonly bodyHash: string
  /** In A-label form. */
  readonly domain: string
  readonly selector: string
  readonly key: KeyObject
  readonly algorithm: DkimAlgorithm
  /** ms since the epoch */
  readonly date: number
}

/**
 * What a signature covers (§5.4.1). `guarded`: one more than there are, so that nobody can add one that readers would show
 * instead. `present`: those that are there; whoever hands a list's mail on may add the others.
 */
const covered: readonly (readonly [name: string, how: 'guarded' | 'present'])[] = [
  ['from', 'guarded'],
  ['sender', 'present'],
  ['reply-to', 'guarded'],
  ['to', 'guarded'],
  ['cc', 'guarded'],
  ['subject', 'guarded'],
  ['date', 'guarded'],
  ['message-id', 'guarded'],
  ['in-reply-to', 'present'],
  ['references', 'present'],
  ['mime-version', 'present'],
  ['content-type', 'guarded'],
  ['content-transfer-encoding', 'present'],
  ['auto-submitted', 'present'],
  ['resent-date', 'present'],
  ['resent-from', 'present'],
  ['resent-to', 'present'],
  ['resent-cc', 'present'],
  ['list-id', 'present'],
  ['list-help', 'present'],
  ['list-unsubscribe', 'present'],
  ['list-unsubscribe-post', 'present'],
  ['list-subscribe', 'present'],
  ['list-post', 'present'],
  ['list-owner', 'present'],
  ['list-archive', 'present'],
]

/** Characters of a line, of which §3.5 lets any tag be folded at its white space. */
const lineWidth = 76
const signatureChunk = 64

/**
 * Signs a message: relaxed canonical form for header and body, no length, no expiry.
 * @returns the DKIM-Signature field with its CRLF, to be put before the header; a second signature does not cover the first
 */
export function signHeader({ header, bodyHash, domain, selector, key, algorithm, date }: Signing): string {
  const names = coveredNames(header)
  const tags = ['v=1;', `a=${algorithm};`, 'c=relaxed/relaxed;', `d=${domain};`, `s=${selector};`].map(spaced)
  const list = names.map((name, i) => {
    const last = i === names.length - 1
    return { text: `${i === 0 ? 'h=' : ''}${name}${last ? ';' : ':'}`, spaced: i === 0 }
  })
  const head = [...tags, spaced(`t=${Math.floor(date / 1000)};`), ...list, spaced(`bh=${bodyHash};`), spaced('b=')]
  // Lines are filled from the front, so that the signature does not change how what stands before it is folded.
  const unsigned = fold('DKIM-Signature:', head)
  const signature = sign64(algorithm, key, signedOctets(header, names, unsigned))
  const chunks = signature.match(new RegExp(`.{1,${signatureChunk}}`, 'g')) ?? []
  const value = chunks.map(text => ({ text, spaced: false }))
  return `${fold('DKIM-Signature:', [...head, ...value])}\r\n`
}

/**
 * The octets that are signed (§3.7): the fields by name, the lowest of each name first, then the signature's own field.
 * @param unsigned the DKIM-Signature field with nothing behind its `b=`, and without its CRLF
 */
export function signedOctets(header: Buffer, names: readonly string[], unsigned: string): Buffer {
  const fields = lowestFields(header, new Set(names))
  const colon = unsigned.indexOf(':')
  const own = relaxedField('dkim-signature', unsigned.slice(colon + 1)).slice(0, -2)
  const covered = names.map(name => {
    const field = fields.get(name)?.pop()
    return field ? relaxedField(name, bodyText(header, field)) : ''
  })
  return Buffer.from(covered.join('') + own, 'latin1')
}

/** @returns the signature in base64. Ed25519 signs the hash (RFC 8463 §3). */
export function sign64(algorithm: DkimAlgorithm, key: KeyObject, octets: Buffer): string {
  const signature =
    algorithm === 'rsa-sha256' ? sign('sha256', octets, key) : sign(null, hash('sha256', octets, 'buffer'), key)
  return signature.toString('base64')
}

/** What h= names: each name as often as it is covered. */
function coveredNames(header: Buffer): readonly string[] {
  const fields = lowestFields(header, new Set(covered.map(([name]) => name)))
  return covered.flatMap(([name, how]) => {
    const count = fields.get(name)?.length ?? 0
    // Where there may be more than are covered, the next one is no missing one.
    const guard = how === 'guarded' && count < budget.signedFields ? 1 : 0
    return Array<string>(count + guard).fill(name)
  })
}

/** The lowest fields of each name, from top to bottom. Names stand in h= as often as there are fields here. */
function lowestFields(header: Buffer, names: ReadonlySet<string>): Map<string, Field[]> {
  const found = new Map<string, Field[]>()
  for (const field of fieldsOf(header)) {
    if (!names.has(field.name)) continue
    const fields = found.get(field.name) ?? []
    fields.push(field)
    if (fields.length > budget.signedFields) fields.shift()
    found.set(field.name, fields)
  }
  return found
}

type Piece = { readonly text: string; readonly spaced: boolean }

function spaced(text: string): Piece {
  return { text, spaced: true }
}

/** Joins pieces, with a line break before each that does not fit. */
function fold(start: string, pieces: readonly Piece[]): string {
  let [folded, width] = [start, start.length]
  for (const { text, spaced } of pieces) {
    const room = text.length + (spaced ? 1 : 0)
    if (width + room > lineWidth) {
      folded += `\r\n\t${text}`
      width = 1 + text.length
    } else {
      folded += spaced ? ` ${text}` : text
      width += room
    }
  }
  return folded
}
