/** The fields of a header section: RFC 5322 §2.2, where each begins and ends, and what a few of them say. */
import { budget } from '../base/budget.ts'

const HT = 0x09
const LF = 0x0a
const CR = 0x0d
const SP = 0x20
const COLON = 0x3a
const DEL = 0x7f

/** A field as offsets into the header section that holds it. */
export type Field = {
  /** Lower case, without the white space that may stand before the colon (§4.5). */
  readonly name: string
  readonly start: number
  /** Just behind the colon. */
  readonly body: number
  /** Just behind the last CRLF. */
  readonly end: number
}

/** A line of a header section. `other` is no part of one: there it has ended without its empty line. */
export type LineKind = 'empty' | 'folded' | 'field' | 'other'

/**
 * Goes through the fields, up to the empty line or the first line that is no part of a header section.
 * @param header borrowed; lines end in CRLF
 */
export function* fieldsOf(header: Buffer): Generator<Field> {
  let start = 0
  while (start < header.length) {
    let end = lineEnd(header, start)
    const colon = colonOf(header, start, end)
    if (colon < 0) return
    while (isWhite(header[end])) end = lineEnd(header, end)
    const name = header.toString('latin1', start, colon).trimEnd().toLowerCase()
    yield { name, start, body: colon + 1, end }
    start = end
  }
}

/** What a line is by itself; a folded one belongs to the field before it. The white space of a folded line may be all of it. */
export function lineKind(line: Buffer): LineKind {
  if (line.length === 2 && line[0] === CR && line[1] === LF) return 'empty'
  if (isWhite(line[0])) return 'folded'
  return colonOf(line, 0, line.length) < 0 ? 'other' : 'field'
}

/** The body of a field: each character an octet, folds and all. */
export function bodyText(header: Buffer, { body, end }: Field): string {
  return header.toString('latin1', body, end)
}

/**
 * The message id in the body of a Message-ID field (RFC 5322 §3.6.4).
 * @returns with its angle brackets; '' when there is none in printable ASCII, or a longer one than the budget
 */
export function messageIdOf(body: string): string {
  const [id = ''] = /<[!-;=?-~]+>/.exec(body) ?? []
  return id.length <= budget.messageId ? id : ''
}

/** Whether the body of a TLS-Required field says that the message may go without TLS: RFC 8689 §3. */
export function saysTlsNotRequired(body: string): boolean {
  return body.trim().toLowerCase() === 'no'
}

/** Whether the body of an Auto-Submitted field says that no person sent it: RFC 3834 §5. */
export function saysAutomatic(body: string): boolean {
  const [keyword = 'no'] = /[a-z-]+/i.exec(body.replaceAll(/\([^()]*\)/g, '')) ?? []
  return keyword.toLowerCase() !== 'no'
}

function lineEnd(header: Buffer, from: number): number {
  const end = header.indexOf(LF, from)
  return end < 0 ? header.length : end + 1
}

/** @returns where the colon behind a field's name stands, or -1 when the line begins with no name and colon */
function colonOf(octets: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && isNameOctet(octets[at] ?? 0)) at++
  if (at === start) return -1
  while (at < end && isWhite(octets[at])) at++
  return at < end && octets[at] === COLON ? at : -1
}

function isNameOctet(octet: number): boolean {
  return octet > SP && octet < DEL && octet !== COLON
}

function isWhite(octet: number | undefined): boolean {
  return octet === SP || octet === HT
}
