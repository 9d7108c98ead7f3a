/** The parameters of MAIL and RCPT: RFC 5321 §4.1.2, with a row for each that an extension of ours defines. */
import { budget } from '../base/budget.ts'
import { type Reply, reply } from './reply.ts'
import { decodeUtf8Address, decodeXtext } from './xtext.ts'

export type MailParameters = {
  /** Octets the client says the message has: RFC 1870. */
  size?: number
  /** RFC 6152. */
  body?: '7BIT' | '8BITMIME'
  /** RFC 6531. */
  smtputf8?: true
  /** The message may only go where TLS is sure: RFC 8689. */
  requireTls?: true
  /** How much of the message a report should give back: RFC 3461 §4.3. */
  ret?: 'FULL' | 'HDRS'
  /** The sender's own name for the message: RFC 3461 §4.4, decoded. */
  envid?: string
}

const occasions = ['SUCCESS', 'FAILURE', 'DELAY'] as const

export type RcptParameters = {
  /** When to report: RFC 3461 §4.1. */
  notify?: readonly ('NEVER' | (typeof occasions)[number])[]
  /** The recipient the sender named at first: RFC 3461 §4.2 and RFC 6533 §3, decoded; need not be a valid address. */
  orcpt?: { type: string; address: string }
}

/** Reads one value; it is '' when the parameter stands without `=`. Undefined refuses it. */
type Row<Parameters> = (value: string) => Parameters | undefined
type Table<Parameters> = Readonly<Record<string, Row<Parameters>>>

export const mailParameters: Table<MailParameters> = {
  SIZE: value => (/^\d{1,20}$/.test(value) ? { size: Number(value) } : undefined),
  BODY: value => {
    const body = oneOf(['7BIT', '8BITMIME'], value)
    return body && { body }
  },
  SMTPUTF8: value => (value === '' ? { smtputf8: true } : undefined),
  REQUIRETLS: value => (value === '' ? { requireTls: true } : undefined),
  // RFC 4954 §5: who submitted it elsewhere. Nobody here acts on it, as that section allows.
  AUTH: value => (decodeXtext(value) === undefined ? undefined : {}),
  RET: value => {
    const ret = oneOf(['FULL', 'HDRS'], value)
    return ret && { ret }
  },
  ENVID: value => {
    const envid = value.length <= budget.envid ? decodeXtext(value) : undefined
    return envid ? { envid } : undefined
  },
}

export const rcptParameters: Table<RcptParameters> = {
  NOTIFY: value => {
    if (value.toUpperCase() === 'NEVER') return { notify: ['NEVER'] }
    const wanted = new Set(value.split(',').map(word => oneOf(occasions, word)))
    const notify = [...wanted].filter(word => word !== undefined)
    return notify.length === wanted.size ? { notify } : undefined
  },
  ORCPT: value => {
    const [, type, encoded = ''] = /^([a-z0-9-]+);(.+)$/is.exec(value) ?? []
    if (type === undefined || Buffer.byteLength(value) > budget.orcpt) return undefined
    const address = type.toLowerCase() === 'utf-8' ? decodeUtf8Address(encoded) : decodeXtext(encoded)
    return address === undefined ? undefined : { orcpt: { type: type.toLowerCase(), address } }
  },
}

/** @returns what the parameters say together, or the reply that refuses them */
export function parseParameters<Parameters extends object>(
  text: string,
  table: Table<Parameters>,
): Partial<Parameters> | Reply {
  const parameters: Partial<Parameters> = {}
  const seen = new Set<string>()
  for (const word of text.split(' ').filter(word => word !== '')) {
    const [, keyword = '', value = ''] = /^([a-z0-9][a-z0-9-]*)(?:=([^=]+))?$/is.exec(word) ?? []
    const name = keyword.toUpperCase()
    if (name === '') return reply.expected('parameters as NAME=value')
    const row = table[name]
    if (!row) return reply.unknownParameter
    const parsed = seen.has(name) ? undefined : row(value)
    if (!parsed) return reply.badParameter(name)
    Object.assign(parameters, parsed)
    seen.add(name)
  }
  return parameters
}

function oneOf<Word extends string>(words: readonly Word[], value: string): Word | undefined {
  return words.find(word => word === value.toUpperCase())
}
