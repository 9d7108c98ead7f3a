/** Names in their one form: accounts, the local parts of aliases, domains. Equal names are equal strings afterwards. */
import { domainToASCII } from 'node:url'
import { budget } from './budget.ts'

const account = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}]|[._-](?=[\p{L}\p{N}]))*$/u
const alias = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}]|[._+=-](?=[\p{L}\p{N}]))*$/u
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** What `accountName` asks for, for a complaint. */
export const accountRule = `letters and digits with single . _ - between them, at most ${budget.localPart} characters`
/** What `aliasName` asks for, for a complaint. */
export const aliasRule = `letters and digits with single . _ - + = between them, at most ${budget.localPart} characters`

/** The name of an account: lower case in Unicode form C, so that its addresses need no quotes. Undefined when it is no name. */
export function accountName(text: string): string | undefined {
  return named(text, account)
}

/** The local part of an alias, in the same form. Undefined when it is none. */
export function aliasName(text: string): string | undefined {
  return named(text, alias)
}

/**
 * The form in which names are compared: without regard to case, which RFC 5321 §2.4 leaves to the host that owns them, and
 * in Unicode form C.
 */
export function foldName(text: string): string {
  // Lower-casing can take a letter apart, so form C comes last.
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}

function named(text: string, pattern: RegExp): string | undefined {
  const name = foldName(text)
  return Buffer.byteLength(name) <= budget.localPart && pattern.test(name) ? name : undefined
}

/** A domain in lower-case A-label form (RFC 5890 §2.3.2.1). Undefined when it is no host name (RFC 1123 §2.1). */
export function domainName(text: string): string | undefined {
  // domainToASCII reads its input as a URL would: it cuts at a slash and undoes %41. Only letters, digits, - and dots go in.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(text) || text.length > budget.domain) return undefined
  const domain = domainToASCII(text)
  const labels = domain.split('.')
  if (domain.length > budget.domain || !labels.every(part => label.test(part))) return undefined
  // An all-digit last label would make it an IPv4 address.
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : domain
}
