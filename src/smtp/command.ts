/** Command lines: RFC 5321 §4.1.1. Says what a line means, or with which reply it is refused; knows no state. */
import { isAscii, isUtf8 } from 'node:buffer'
import { budget } from '../base/budget.ts'
import type { Address } from '../message/address.ts'
import type { Line } from '../wire/input.ts'
import {
  type MailParameters,
  mailParameters,
  parseParameters,
  type RcptParameters,
  rcptParameters,
} from './parameters.ts'
import { parsePath } from './path.ts'
import { type Reply, reply } from './reply.ts'
import type { Verb } from './states.ts'

export type Command =
  | { readonly verb: 'EHLO' | 'HELO'; readonly domain: string }
  | { readonly verb: 'MAIL'; readonly reversePath: Address | undefined; readonly parameters: MailParameters }
  | { readonly verb: 'RCPT'; readonly forwardPath: Address; readonly parameters: RcptParameters }
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly response: string | undefined }
  | { readonly verb: 'DATA' | 'RSET' | 'NOOP' | 'VRFY' | 'HELP' | 'STARTTLS' | 'QUIT' }

/** What must be known of the session to read an argument. */
export type Context = {
  /** EHLO was said, so that MAIL and RCPT may have parameters. */
  readonly extended: boolean
  /** The transaction was opened with SMTPUTF8. */
  readonly smtputf8: boolean
}

/** BDAT is read apart, in chunk.ts: octets follow it even where it is refused. */
type PlainVerb = Exclude<Verb, 'BDAT'>
type Argument = (argument: string, context: Context) => Command | Reply

const grammar: Readonly<Record<PlainVerb, Argument>> = {
  EHLO: hello('EHLO'),
  HELO: hello('HELO'),
  MAIL: mail,
  RCPT: rcpt,
  DATA: alone('DATA'),
  RSET: alone('RSET'),
  STARTTLS: alone('STARTTLS'),
  AUTH: auth,
  QUIT: alone('QUIT'),
  NOOP: () => ({ verb: 'NOOP' }),
  HELP: () => ({ verb: 'HELP' }),
  VRFY: argument => (argument === '' ? reply.expected('VRFY and a name or an address') : { verb: 'VRFY' }),
}

/** Known elsewhere, and deliberately not here. */
const notImplemented: ReadonlySet<string> = new Set(['EXPN', 'ETRN', 'ATRN', 'TURN', 'SEND', 'SOML', 'SAML'])
/** The commands whose lines the extensions have made longer. */
const withPath: ReadonlySet<string> = new Set(['MAIL', 'RCPT'])
/** A line as long as the extension that brought its command lets it be, octets with CRLF. */
function lineLimit(verb: string): number {
  if (verb === 'AUTH') return budget.smtpAuthLine
  return withPath.has(verb) ? budget.smtpPathLine : budget.smtpLine
}

/** The commands whose argument is an address, which may be Unicode (RFC 6531 §3.4). */
const withAddress: ReadonlySet<string> = new Set(['MAIL', 'RCPT', 'VRFY'])

// NUL and a CR or LF alone are here, as RFC 5321 §2.3.8 and §4.1.2 have it. A tab is left to the grammar.
const control = /[\0-\x08\x0a-\x1f\x7f]/
const helloDomain = /^[a-z0-9.:_[\]-]+$/i
const beyondAscii = /[^\0-\x7f]/

/** @returns the verb of a line and its argument without trailing white space, or the reply that refuses the line */
export function readVerb({ octets, tooLong }: Line): { verb: Verb; argument: string } | Reply {
  if (tooLong) return reply.commandTooLong
  const text = octets.toString()
  if (control.test(text)) return reply.badSyntax
  const [, word = '', argument = ''] = /^([a-z0-9]+)(?: +(.*))?$/is.exec(text.trimEnd()) ?? []
  const verb = word.toUpperCase()
  if (verb === '') return reply.badSyntax
  if (octets.length + '\r\n'.length > lineLimit(verb)) return reply.commandTooLong
  if (!isAscii(octets) && !withAddress.has(verb)) return reply.badSyntax
  if (!isUtf8(octets)) return reply.needsSmtputf8
  if (isVerb(verb)) return { verb, argument }
  return notImplemented.has(verb) ? reply.notImplemented : reply.unknownCommand
}

/** @returns the command, or the reply that refuses its argument */
export function parseCommand(verb: PlainVerb, argument: string, context: Context): Command | Reply {
  return grammar[verb](argument, context)
}

function isVerb(word: string): word is Verb {
  return word === 'BDAT' || Object.hasOwn(grammar, word)
}

/** Names that are no domain are taken, as RFC 5321 §4.1.4 asks, if a Received field can hold them. */
function hello(verb: 'EHLO' | 'HELO'): Argument {
  return domain =>
    helloDomain.test(domain) && domain.length <= budget.domain
      ? { verb, domain }
      : reply.expected(`${verb} and a domain or an address literal`)
}

/** RFC 4954 §4: a mechanism, and perhaps what the client would say first; `=` stands for nothing. */
function auth(argument: string): Command | Reply {
  const [, mechanism, response] = /^([a-z0-9_-]{1,20})(?: +([^ ]+))?$/i.exec(argument) ?? []
  if (mechanism === undefined) return reply.expected('AUTH and a mechanism')
  if (response !== undefined && !/^[a-z0-9+/=]+$/i.test(response)) return reply.badBase64
  return {
    verb: 'AUTH',
    mechanism: mechanism.toUpperCase(),
    response: response === '=' ? '' : response,
  }
}

function alone(verb: 'DATA' | 'RSET' | 'STARTTLS' | 'QUIT'): Argument {
  return argument => (argument === '' ? { verb } : reply.expected(`${verb} alone`))
}

function mail(argument: string, { extended }: Context): Command | Reply {
  const path = parsePath(afterWord('FROM:', argument))
  // Only RCPT knows a postmaster without a domain.
  if (!path || path.mailbox?.domain === '') return reply.badSender
  if (!extended && path.rest !== '') return reply.unknownParameter
  const parameters = parseParameters(path.rest, mailParameters)
  if ('code' in parameters) return parameters
  if (beyondAscii.test(argument) && !parameters.smtputf8) return reply.needsSmtputf8
  return { verb: 'MAIL', reversePath: path.mailbox, parameters }
}

function rcpt(argument: string, { extended, smtputf8 }: Context): Command | Reply {
  const path = parsePath(afterWord('TO:', argument))
  if (!path?.mailbox) return reply.badRecipient
  if (!extended && path.rest !== '') return reply.unknownParameter
  if (beyondAscii.test(argument) && !smtputf8) return reply.needsSmtputf8
  const parameters = parseParameters(path.rest, rcptParameters)
  if ('code' in parameters) return parameters
  return { verb: 'RCPT', forwardPath: path.mailbox, parameters }
}

/** What follows FROM: or TO:. The space that some clients put after the colon is let pass. */
function afterWord(word: 'FROM:' | 'TO:', argument: string): string {
  return argument.slice(0, word.length).toUpperCase() === word ? argument.slice(word.length).replace(/^ +/, '') : ''
}
