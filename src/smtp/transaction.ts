/** A mail transaction to be sent: the commands it makes, and what can be said of it before any is said. */
import { budget } from '../base/budget.ts'
import type { Answer } from './answer.ts'
import type { Extensions } from './extensions.ts'
import { trouble } from './trouble.ts'
import { encodeUtf8Address, encodeXtext } from './xtext.ts'

export type Transaction = {
  /** Without angle brackets; '' is the null reverse-path. */
  readonly reversePath: string
  readonly recipients: readonly TransactionRecipient[]
  /** Octets of the message, dots unstuffed: what SIZE says. */
  readonly octets: number
  /** It holds octets above 127. */
  readonly eightBit: boolean
  /** It needs SMTPUTF8: an address or the header is in Unicode (RFC 6531 §3.4). */
  readonly smtputf8: boolean
  /** It must not go on without TLS: RFC 8689. */
  readonly requireTls: boolean
  /** A line of it begins with a dot. */
  readonly dotted: boolean
  /** RFC 3461 §4.3 and §4.4; '' when not given, `envid` decoded. */
  readonly ret: '' | 'FULL' | 'HDRS'
  readonly envid: string
}

export type TransactionRecipient = {
  /** Without angle brackets. */
  readonly path: string
  /** RFC 3461 §4.1: '', `NEVER`, or any of SUCCESS, FAILURE and DELAY with commas between. */
  readonly notify: string
  /** RFC 3461 §4.2: '' or `type;address`, the address decoded. */
  readonly orcpt: string
}

// Lone surrogates are no text.
const control = /[\p{Cc}\p{Cs}]/u
const beyondAscii = /[^\0-\x7f]/
const bare = /^[^ "<>]*$/
const quoted = /^"(?:[^"\\]|\\.)*"(?:@[^ "<>]+)?$/
const odd = /[ <>]/
const wishes = /^(?:NEVER|(?:(?:SUCCESS|FAILURE|DELAY)(?:,(?!$)|$))+)$/

/**
 * Looks at a transaction before MAIL is said.
 * @returns for each recipient the answer that refuses it, or undefined: that one may be named to the peer
 * @throws where an address, ENVID or ORCPT could end its command or begin another one: what fills them in is wrong
 */
export function objections(
  transaction: Transaction,
  extensions: Extensions,
  tls: boolean,
): readonly (Answer | undefined)[] {
  const { reversePath, recipients, smtputf8 } = transaction
  // The lines are made here to be checked: nothing may be thrown once the peer knows of the transaction.
  mailLine(transaction, extensions)
  const toAll = objection(transaction, extensions, tls) ?? pathObjection(reversePath, smtputf8, trouble.oddSender)
  return recipients.map(recipient => {
    rcptLine(recipient, extensions)
    return toAll ?? pathObjection(recipient.path, smtputf8, trouble.oddRecipient)
  })
}

function objection(transaction: Transaction, extensions: Extensions, tls: boolean): Answer | undefined {
  const { octets, eightBit, smtputf8, requireTls } = transaction
  if (requireTls && !(tls && extensions.has('REQUIRETLS'))) return trouble.needsTls
  if (extensions.has('SIZE') && octets > extensions.sizeLimit) return trouble.tooBig(extensions.sizeLimit)
  if (smtputf8 && !extensions.has('SMTPUTF8')) return trouble.needsSmtputf8
  if (eightBit && !extensions.has('8BITMIME')) return trouble.needsEightBit
  return undefined
}

/** A quoted local part may hold spaces and brackets (RFC 5321 §4.1.2); too many hosts read such a command amiss. */
function pathObjection(path: string, smtputf8: boolean, oddity: Answer): Answer | undefined {
  if (odd.test(path)) return oddity
  return beyondAscii.test(path) && !smtputf8 ? trouble.asciiOnly : undefined
}

/** MAIL with the parameters that the peer knows: RFC 1870, 6152, 6531, 8689 and 3461. */
export function mailLine(transaction: Transaction, extensions: Extensions): string {
  const { reversePath, octets, eightBit, smtputf8, requireTls, ret, envid } = transaction
  const xtext = encodeXtext(envid)
  const dsn = extensions.has('DSN')
  return line(`MAIL FROM:<${checked(reversePath)}>`, [
    extensions.has('SIZE') && `SIZE=${octets}`,
    eightBit && extensions.has('8BITMIME') && 'BODY=8BITMIME',
    smtputf8 && 'SMTPUTF8',
    requireTls && 'REQUIRETLS',
    dsn && ret !== '' && `RET=${ret}`,
    // One that is too long is a name that nobody could ask for again.
    dsn && xtext !== '' && xtext.length <= budget.envid && `ENVID=${xtext}`,
  ])
}

/** RCPT, with the wishes for reports if the peer knows them: RFC 3461 §4.1 and §4.2. */
export function rcptLine({ path, notify, orcpt }: TransactionRecipient, extensions: Extensions): string {
  if (notify !== '' && !wishes.test(notify)) throw new Error('NOTIFY holds other words than it may')
  if (path === '') throw new Error('only a reverse-path may be null')
  const original = encodeOrcpt(orcpt)
  const dsn = extensions.has('DSN')
  return line(`RCPT TO:<${checked(path)}>`, [
    dsn && notify !== '' && `NOTIFY=${notify}`,
    dsn && original !== '' && original.length <= budget.orcpt && `ORCPT=${original}`,
  ])
}

function line(command: string, parameters: readonly (string | false)[]): string {
  return [command, ...parameters.filter(parameter => parameter !== false)].join(' ')
}

function checked(path: string): string {
  if (control.test(path) || !(bare.test(path) || quoted.test(path))) throw new Error('a path holds what no path may')
  return path
}

function encodeOrcpt(orcpt: string): string {
  if (orcpt === '') return ''
  const [, type = '', address = ''] = /^([a-z0-9-]+);(.+)$/is.exec(orcpt) ?? []
  if (type === '') throw new Error('ORCPT has no type and address')
  return `${type};${type.toLowerCase() === 'utf-8' ? encodeUtf8Address(address) : encodeXtext(address)}`
}
