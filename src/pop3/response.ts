/** Every answer of the POP3 side: RFC 1939 §3, with the response codes of RFC 2449 §8 and RFC 3206. */

type Code = 'AUTH' | 'IN-USE' | 'LOGIN-DELAY' | 'SYS/TEMP' | 'SYS/PERM'

/** `+OK`. */
export type Consent = { readonly status: '+OK'; readonly text: string }
/** `-ERR`, with a code where a client can act on one. */
export type Refusal = { readonly status: '-ERR'; readonly code: Code | undefined; readonly text: string }

const ok = (text: string): Consent => ({ status: '+OK', text })
const err = (text: string, code?: Code): Refusal => ({ status: '-ERR', code, text })

export const response = {
  // The session. No `<…>` in the greeting: it would offer APOP, which needs passwords kept in clear (RFC 1939 §7).
  // There is no answer for an idle session: it is closed without one (RFC 1939 §3).
  greeting: ok('Porchlight is ready'),
  bye: ok('bye'),
  startTls: ok('begin TLS'),
  tooManyConnections: err('too many connections, try again later', 'SYS/TEMP'),
  shuttingDown: err('the server is stopping, try again later', 'SYS/TEMP'),

  // Lines and commands
  lineTooLong: err('line too long'),
  malformedLine: err('a line holds neither NUL, CR nor LF and is UTF-8'),
  unknownCommand: err('unknown command'),
  wrongArguments: err('wrong arguments'),
  notNow: err('not in this state'),
  stlsUnavailable: err('TLS is active already or not offered'),
  unknownLanguage: err('no such language'),

  // Login. RFC 3206 §4 gives AUTH to attempts "in violation of policy"; SYS/PERM would blame the server.
  needsTls: err('say STLS first: passwords are taken over TLS only', 'AUTH'),
  nameTaken: ok('now the password'),
  unknownMechanism: err('unknown mechanism'),
  cancelled: err('authentication cancelled'),
  authFailed: err('wrong name or password', 'AUTH'),
  loginDelay: err('too many failed logins, wait a while', 'LOGIN-DELAY'),
  inUse: err('the maildrop is open in another session', 'IN-USE'),

  // Messages
  noSuchMessage: err('no such message'),
  temporary: err('that failed here, try again later', 'SYS/TEMP'),
  damaged: err('the message is damaged in the store', 'SYS/PERM'),

  // Answers that hold a value
  saslRefused: (reason: string) => err(reason),
  opened: (count: number, octets: number) => ok(`the maildrop has ${count} messages (${octets} octets)`),
  stat: (count: number, octets: number) => ok(`${count} ${octets}`),
  entry: (line: string) => ok(line),
  follows: ok('follows'),
  octetsFollow: (octets: number) => ok(`${octets} octets`),
  listing: (count: number, octets: number) => ok(`${count} messages (${octets} octets)`),
  marked: (message: number) => ok(`message ${message} is marked as deleted`),
  unmarked: (count: number) => ok(`nothing is marked as deleted, ${count} messages`),
  deleted: (count: number) => ok(`bye, ${count} messages deleted`),
  language: (tag: string) => ok(`${tag} English`),
  utf8: ok('UTF-8 mode'),
  nothing: ok('nothing done'),
} as const

/** The line of an answer, with its CRLF; ASCII. */
export function encodeResponse(answer: Consent | Refusal): string {
  if (answer.status === '-ERR' && answer.code !== undefined) return `-ERR [${answer.code}] ${answer.text}\r\n`
  return `${answer.status} ${answer.text}\r\n`
}
