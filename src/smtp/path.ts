/** Reverse-paths and forward-paths as MAIL and RCPT carry them: RFC 5321 §4.1.2. */
import { type Address, parseAddress } from '../message/address.ts'

export type Path = {
  /** Undefined for the null reverse-path `<>`. */
  readonly mailbox: Address | undefined
  /** What follows the path: the parameters. */
  readonly rest: string
}

// A source route is accepted and ignored (RFC 5321 appendix C). An angle bracket may stand in a quoted local part.
const route = /@[^\s"<>@,:\\]+(?:,@[^\s"<>@,:\\]+)*:/.source
const mailbox = /(?:"(?:[^"\\]|\\.)*"|[^\s"<>])*/.source
const path = new RegExp(`^<(${route})?(${mailbox})>(?: +(.*))?$`, 's')

/**
 * Reads a path and its angle brackets from the start of an argument. Unicode is allowed in it: whether it was announced
 * may be known only from the parameters.
 */
export function parsePath(text: string): Path | undefined {
  const match = path.exec(text)
  if (!match) return undefined
  const [, route, inside = '', rest = ''] = match
  if (inside === '' && route === undefined) return { mailbox: undefined, rest }
  const mailbox = parseAddress(inside, { utf8: true })
  return mailbox && { mailbox, rest }
}
