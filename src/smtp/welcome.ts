/** The answer to EHLO and HELO: who this host is and what it can do. */
import { budget } from '../base/budget.ts'
import { type Reply, reply } from './reply.ts'

export type ReceiverOptions = {
  /** How the greeting and EHLO name this host. */
  readonly hostname: string
  /** The largest message taken, octets. */
  readonly messageOctets: number
  /** Recipients of one message. */
  readonly recipients: number
  /** Whether STARTTLS can be had. */
  readonly startTls: boolean
  /** For those who submit: no mail without a login (RFC 6409 §4.3). Gives the mechanisms that can be had now. */
  readonly login?: () => readonly string[]
}

/** @returns a line for each extension (RFC 5321 §4.1.1.1), or for HELO the host alone */
export function welcome(options: ReceiverOptions, verb: 'EHLO' | 'HELO', secure: boolean): Reply {
  const { hostname, messageOctets, recipients, startTls } = options
  if (verb === 'HELO') return reply.hello([hostname])
  const mechanisms = options.login?.() ?? []
  const lines = [
    hostname,
    'PIPELINING', //                                                      RFC 2920
    `SIZE ${messageOctets}`, //                                           RFC 1870
    '8BITMIME', //                                                        RFC 6152
    'SMTPUTF8', //                                                        RFC 6531
    'ENHANCEDSTATUSCODES', //                                             RFC 2034
    'CHUNKING', //                                                        RFC 3030
    'DSN', //                                                             RFC 3461
    'STARTTLS', //                                                        RFC 3207
    'REQUIRETLS', //                                                      RFC 8689
    `AUTH ${mechanisms.join(' ')}`, //                                    RFC 4954
    `LIMITS RCPTMAX=${recipients} MAILMAX=${budget.smtpTransactions}`, // RFC 9422
    'HELP', //                                                            RFC 5321 §4.1.1.8
  ]
  const absent = new Set(['AUTH '])
  if (!startTls || secure) absent.add('STARTTLS')
  if (!secure) absent.add('REQUIRETLS')
  return reply.hello(lines.filter(line => !absent.has(line)))
}
