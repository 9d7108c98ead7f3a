/** Which command may come when: RFC 5321 §4.1.4 as one table. */
import { type Reply, reply } from './reply.ts'

export type Verb =
  | 'EHLO'
  | 'HELO'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'BDAT'
  | 'RSET'
  | 'NOOP'
  | 'VRFY'
  | 'HELP'
  | 'STARTTLS'
  | 'AUTH'
  | 'QUIT'

export type State =
  | 'connected' //   no EHLO or HELO yet, or TLS has begun since
  | 'ready' //       no transaction is open
  | 'sender' //      MAIL was accepted
  | 'refused' //     and every recipient since was refused
  | 'recipients' //  and at least one recipient was accepted
  | 'body' //        the body after DATA is on its way: no command is read
  | 'chunks' //      a BDAT chunk was accepted that was not the last
  | 'closed'

/** Where a command leads once it has a positive answer, or the reply that refuses it here. */
type Row = Partial<Record<Verb, State | Reply>>

/** The commands that may come at any time and change nothing, and those that begin and end a session. */
function row(state: State, moves: Row): Row {
  return {
    NOOP: state,
    HELP: state,
    VRFY: state,
    RSET: 'ready',
    EHLO: 'ready',
    HELO: 'ready',
    QUIT: 'closed',
    ...moves,
  }
}

const states: Readonly<Record<State, Row>> = {
  connected: row('connected', { RSET: 'connected' }),
  ready: row('ready', { STARTTLS: 'connected', AUTH: 'ready', MAIL: 'sender' }),
  sender: row('sender', { STARTTLS: 'connected', RCPT: 'recipients' }),
  refused: row('refused', {
    STARTTLS: 'connected',
    RCPT: 'recipients',
    DATA: reply.noValidRecipients,
    BDAT: reply.noValidRecipients,
  }),
  recipients: row('recipients', { STARTTLS: 'connected', RCPT: 'recipients', DATA: 'body', BDAT: 'chunks' }),
  body: {},
  chunks: row('chunks', { STARTTLS: 'connected', BDAT: 'chunks' }),
  closed: {},
}

/** What a refused client should have said. */
const expected: Readonly<Record<State, string>> = {
  connected: 'EHLO or HELO',
  ready: 'MAIL',
  sender: 'RCPT or RSET',
  refused: 'RCPT or RSET',
  recipients: 'RCPT, DATA, BDAT or RSET',
  body: 'a message',
  chunks: 'BDAT or RSET',
  closed: 'nothing more',
}

/** @returns the state that the command leads to, or the reply that says why it may not come now */
export function follow(state: State, verb: Verb): State | Reply {
  return states[state][verb] ?? reply.outOfOrder(expected[state])
}

/** True from the accepted MAIL to the answer to the message, or to whatever else ends the transaction. */
export function inTransaction(state: State): boolean {
  return state !== 'connected' && state !== 'ready' && state !== 'closed'
}
