/** Makes a letter as RFC 5322 and MIME want it. Nothing that it is made of can end a line of its header. */
import { isAscii } from 'node:buffer'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { formatAddress, parseAddress } from './address.ts'
import type { Correspondent } from './correspondents.ts'
import { formatDate } from './date.ts'
import { encodeWords, isPlain } from './encoded-word.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'

export type Letter = {
  readonly from: Correspondent
  readonly to: readonly Correspondent[]
  readonly cc?: readonly Correspondent[]
  readonly subject: string
  /** Lines end in LF or CRLF. */
  readonly text: string
  /** ms since the epoch */
  readonly date: number
  /** With its angle brackets; without one the letter has none. */
  readonly messageId?: string
  readonly inReplyTo?: string
  /** The oldest first. */
  readonly references?: readonly string[]
  /** Further fields, unstructured. */
  readonly extra?: readonly (readonly [name: string, value: string])[]
}

/** Octets of a line of the header, where a word is not longer by itself: RFC 5322 §2.1.1. */
const lineWidth = 76
/** Octets of a line that every hop takes (§2.1.1). */
const mostLine = 998
/** Characters of a field, with its folds. */
const mostField = 64 * 1024
/** Message ids of a long conversation: the first one and the last ones, as RFC 5537 §3.4.4 has it for news. */
const mostReferences = 20

const atoms = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/**
 * @returns the letter with CRLF line ends
 * @throws Failure REFUSED when an address is none, or a further field has no name
 */
export function composeLetter(letter: Letter): Buffer {
  const { from, to, cc = [], subject, date, messageId, inReplyTo, references = [], extra = [] } = letter
  const text = withLineEnds(letter.text)
  const plain = isAscii(Buffer.from(text)) && !unsafe(text)
  const lines = [
    `Date: ${formatDate(date)}`,
    mailboxField('From', [from]),
    ...(to.length > 0 ? [mailboxField('To', to)] : []),
    ...(cc.length > 0 ? [mailboxField('Cc', cc)] : []),
    ...idField('Message-ID', [messageId ?? '']),
    ...idField('In-Reply-To', [inReplyTo ?? '']),
    ...idField('References', references),
    textField('Subject', subject),
    ...extra.map(([name, value]) => textField(fieldName(name), value)),
    'MIME-Version: 1.0',
    `Content-Type: text/plain; charset=${plain ? 'us-ascii' : 'utf-8'}`,
    `Content-Transfer-Encoding: ${plain ? '7bit' : 'quoted-printable'}`,
    '',
    plain ? text : encodeQuotedPrintable(text),
  ]
  return Buffer.from(lines.join('\r\n'))
}

/** @returns the text with CRLF line ends, the last one there */
function withLineEnds(text: string): string {
  const lines = text.toWellFormed().replace(/\r\n?|\n/g, '\r\n')
  return lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`
}

/** Whether a text has to be encoded although it is ASCII: for its controls or its long lines. */
function unsafe(text: string): boolean {
  return /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) || text.split('\r\n').some(line => line.length > mostLine)
}

function fieldName(name: string): string {
  if (/^[!-9;-~]{1,60}$/.test(name)) return name
  throw new Failure('REFUSED', `"${oneLine(name)}" cannot be the name of a field.`)
}

/** An unstructured field; runs of white space become one blank. */
function textField(name: string, value: string): string {
  const text = oneLine(value)
  const words = text.split(' ')
  const fits = isPlain(text) && words.every(word => word.length <= lineWidth - name.length - 2)
  return folded(`${name}:`, fits ? words : encodeWords(text))
}

function mailboxField(name: string, correspondents: readonly Correspondent[]): string {
  const last = correspondents.length - 1
  const words = correspondents.flatMap((one, i) =>
    mailboxWords(one).map((word, j, all) => {
      return i < last && j === all.length - 1 ? `${word},` : word
    }),
  )
  return folded(`${name}:`, words)
}

function mailboxWords({ name = '', address }: Correspondent): readonly string[] {
  const parsed = parseAddress(address, { utf8: true })
  if (!parsed) throw new Failure('REFUSED', `"${oneLine(address)}" is not an address.`)
  const mailbox = formatAddress(parsed)
  const shown = oneLine(name)
  return shown === '' ? [mailbox] : [...phrase(shown), `<${mailbox}>`]
}

/** A display name: RFC 5322 §3.2.5. */
function phrase(text: string): readonly string[] {
  if (!isPlain(text) || text.length > lineWidth - 10) return encodeWords(text)
  if (atoms.test(text)) return text.split(' ')
  return [`"${text.replace(/["\\]/g, '\\$&')}"`]
}

/** Message ids that are none are left out: they come from strangers. */
function idField(name: string, ids: readonly string[]): readonly string[] {
  const good = ids.filter(id => /^<[!-;=?-~]+>$/.test(id) && id.length <= budget.messageId)
  const [first = '', ...others] = good
  if (first === '') return []
  return [folded(`${name}:`, [first, ...others.slice(-mostReferences + 1)])]
}

/** Words with blanks between, a line broken before one that has no room on it. */
function folded(start: string, words: readonly string[]): string {
  let [field, length] = [start, start.length]
  for (const word of words) {
    const breaks = length + 1 + word.length > lineWidth && length > start.length
    field += breaks ? `\r\n ${word}` : ` ${word}`
    length = breaks ? 1 + word.length : length + 1 + word.length
    if (field.length > mostField) throw new Failure('REFUSED', `${start.slice(0, -1)} is too long.`)
  }
  return field
}

/** On one line, without controls: nothing of it can end a field. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
}
