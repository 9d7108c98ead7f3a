/** Dialogues between the sender and a peer, written down: each is played at every split. */
import assert from 'node:assert/strict'
import type { Sender } from '../../src/smtp/sender.ts'
import type { Transaction } from '../../src/smtp/transaction.ts'
import { type Run, transaction } from './sender-run.ts'

export const send =
  (changed: Partial<Transaction> = {}, ...paths: string[]) =>
  (sender: Sender) =>
    sender.send(transaction(changed, ...paths))
export const startTls = (sender: Sender) => sender.startTls()

/** A dialogue: `S:` is what the peer says, `C:` what the sender says to that; both end in CRLF. */
export type Dialogue = Run & { readonly name: string; readonly wire: string; readonly log: readonly string[] }

/** Greeting and EHLO with these extensions. */
export const hello = (...extensions: string[]) => {
  const lines = ['mx.example', ...extensions]
  const answer = lines.map((line, at) => `S: 250${at === lines.length - 1 ? ' ' : '-'}${line}`)
  return ['S: 220 mx.example ESMTP', 'C: EHLO home.example', ...answer].join('\n')
}

const bye = 'C: QUIT\nS: 221 bye'

export const dialogues: Dialogue[] = [
  {
    name: 'a message goes out, one command after the other',
    steps: [send()],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 250 2.1.0 ok
      C: RCPT TO:<alice@away.example>
      S: 250 2.1.5 ok
      C: DATA
      S: 354 go
      C: hi
      C: .
      S: 250 2.0.0 queued
      ${bye}`,
    log: ['greeted', 'done delivered 250/2.0.0', 'closed'],
  },
  {
    name: 'a message goes out in groups',
    steps: [send({}, 'alice@away.example', 'eve@away.example')],
    wire: `${hello('PIPELINING', 'SIZE 1000', '8BITMIME', 'DSN')}
      C: MAIL FROM:<bob@home.example> SIZE=4
      C: RCPT TO:<alice@away.example>
      C: RCPT TO:<eve@away.example>
      C: DATA
      S: 250 2.1.0 ok
      S: 250 2.1.5 ok
      S: 550 5.1.1 who?
      S: 354 go
      C: hi
      C: .
      S: 250 2.0.0 queued
      ${bye}`,
    log: ['greeted', 'done delivered 250/2.0.0 bounced 550/5.1.1 dsn', 'closed'],
  },
  {
    name: 'every parameter that the peer knows',
    tls: 'on',
    steps: [
      (sender: Sender) =>
        sender.send({
          ...transaction({ eightBit: true, smtputf8: true, requireTls: true, ret: 'HDRS', envid: 'a+b c', octets: 9 }),
          reversePath: '',
          recipients: [
            { path: 'älice@away.example', notify: 'SUCCESS,DELAY', orcpt: 'utf-8;älice@old.example' },
            { path: 'eve@away.example', notify: 'NEVER', orcpt: 'rfc822;eve+x@old.example' },
          ],
        }),
    ],
    wire: `${hello('SIZE', '8BITMIME', 'SMTPUTF8', 'DSN', 'REQUIRETLS', 'PIPELINING')}
      C: MAIL FROM:<> SIZE=9 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS ENVID=a+2Bb+20c
      C: RCPT TO:<älice@away.example> NOTIFY=SUCCESS,DELAY ORCPT=utf-8;\\x{E4}lice@old.example
      C: RCPT TO:<eve@away.example> NOTIFY=NEVER ORCPT=rfc822;eve+2Bx@old.example
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: hi
      C: .
      S: 250 queued
      ${bye}`,
    log: ['greeted', 'done delivered 250 delivered 250 dsn', 'closed'],
  },
  {
    name: 'no parameter that the peer does not know',
    steps: [
      (sender: Sender) =>
        sender.send({
          ...transaction({ ret: 'FULL', envid: 'x' }),
          recipients: [{ path: 'alice@away.example', notify: 'NEVER', orcpt: 'rfc822;a@b.example' }],
        }),
    ],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 250 ok
      C: RCPT TO:<alice@away.example>
      S: 251 will forward
      C: DATA
      S: 354 go
      C: hi
      C: .
      S: 250 queued
      ${bye}`,
    log: ['greeted', 'done delivered 250', 'closed'],
  },
  {
    name: 'EHLO is refused, so that HELO is said and nothing is extended',
    steps: [send()],
    wire: `S: 220-a
      S: 220 b
      C: EHLO home.example
      S: 500 what?
      C: HELO home.example
      S: 250-mx
      S: 250 PIPELINING
      C: MAIL FROM:<bob@home.example>
      S: 250 ok
      C: RCPT TO:<alice@away.example>
      S: 450 4.2.1 later
      C: RSET
      S: 250 ok
      ${bye}`,
    log: ['greeted', 'done deferred 450/4.2.1', 'closed'],
  },
  {
    name: 'MAIL is refused, one command after the other',
    steps: [send({}, 'a@b.example', 'c@b.example')],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 550 5.7.1 not you
      ${bye}`,
    log: ['greeted', 'done bounced 550/5.7.1 bounced 550/5.7.1', 'closed'],
  },
  {
    name: 'MAIL is refused in a group, and all that follows with it',
    steps: [send({}, 'a@b.example', 'c@b.example')],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<a@b.example>
      C: RCPT TO:<c@b.example>
      C: DATA
      S: 451 4.3.0 busy
      S: 503 5.5.1 MAIL first
      S: 503 5.5.1 MAIL first
      S: 503 5.5.1 MAIL first
      ${bye}`,
    log: ['greeted', 'done deferred 451/4.3.0 deferred 451/4.3.0', 'closed'],
  },
  {
    name: 'MAIL is refused in a group, and the rest of it is not: nobody gets an empty message',
    steps: [send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 550 5.7.1 not you
      S: 250 ok
      S: 354 go
      C: .
      S: 250 queued for nobody
      ${bye}`,
    log: ['greeted', 'done bounced 550/5.7.1', 'closed'],
  },
  {
    name: 'all recipients are refused in a group, and DATA with them',
    steps: [send({}, 'a@b.example', 'c@b.example'), send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<a@b.example>
      C: RCPT TO:<c@b.example>
      C: DATA
      S: 250 ok
      S: 450 4.2.0 later
      S: 550 5.1.1 who?
      S: 554 5.5.1 no valid recipients
      C: RSET
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: hi
      C: .
      S: 250 queued
      ${bye}`,
    log: ['greeted', 'done deferred 450/4.2.0 bounced 550/5.1.1', 'done delivered 250', 'closed'],
  },
  {
    name: 'all recipients are refused in a group, and DATA is not: the empty body is refused, which is well',
    steps: [send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 550 5.1.1 who?
      S: 354 go
      C: .
      S: 554 no valid recipients
      ${bye}`,
    log: ['greeted', 'done bounced 550/5.1.1', 'closed'],
  },
  {
    name: 'all recipients are refused one after the other, so that DATA is not said',
    steps: [send({}, 'a@b.example', 'c@b.example'), send()],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 250 ok
      C: RCPT TO:<a@b.example>
      S: 450 later
      C: RCPT TO:<c@b.example>
      S: 550 5.1.1 who?
      C: RSET
      S: 250 ok
      C: MAIL FROM:<bob@home.example>
      S: 550 no
      ${bye}`,
    log: ['greeted', 'done deferred 450 bounced 550/5.1.1', 'done bounced 550', 'closed'],
  },
  {
    name: 'DATA is refused',
    steps: [send({}, 'a@b.example', 'c@b.example')],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<a@b.example>
      C: RCPT TO:<c@b.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 550 5.1.1 who?
      S: 452 4.3.1 full
      C: RSET
      C: QUIT
      S: 250 ok
      S: 221 bye`,
    log: ['greeted', 'done deferred 452/4.3.1 bounced 550/5.1.1', 'closed'],
  },
  {
    name: 'the message is refused for now, then for good',
    steps: [send(), send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: hi
      C: .
      S: 451 4.7.1 greylisted
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: hi
      C: .
      S: 554 5.7.1 spam
      ${bye}`,
    log: ['greeted', 'done deferred 451/4.7.1', 'done bounced 554/5.7.1', 'closed'],
  },
  {
    name: 'too many recipients is 452, even where it is called 552',
    steps: [send({}, 'a@b.example', 'c@b.example', 'd@b.example')],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<a@b.example>
      C: RCPT TO:<c@b.example>
      C: RCPT TO:<d@b.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 552 too many recipients
      S: 552 5.2.2 mailbox full
      S: 354 go
      C: hi
      C: .
      S: 250 ok
      ${bye}`,
    log: ['greeted', 'done delivered 250 deferred 552 bounced 552/5.2.2', 'closed'],
  },
  {
    name: 'the same where nobody was accepted before: only an enhanced code tells what 552 means',
    steps: [send({}, 'a@b.example', 'c@b.example')],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 250 ok
      C: RCPT TO:<a@b.example>
      S: 552 5.5.3 too many recipients
      C: RCPT TO:<c@b.example>
      S: 552 full
      C: RSET
      S: 250 ok
      ${bye}`,
    log: ['greeted', 'done deferred 552/5.5.3 bounced 552', 'closed'],
  },
  {
    name: 'a dotted message is stuffed, and its last line closed',
    steps: [send({ dotted: true })],
    message: [Buffer.from('.a\r'), Buffer.from('\n..b\r\n.'), Buffer.from('c')],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: ..a
      C: ...b
      C: ..c
      C: .
      S: 250 ok
      ${bye}`,
    log: ['greeted', 'done delivered 250', 'closed'],
  },
  {
    name: 'an empty message is a message',
    steps: [send()],
    message: [],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 250 ok
      C: RCPT TO:<alice@away.example>
      S: 250 ok
      C: DATA
      S: 354 go
      C: .
      S: 250 ok
      ${bye}`,
    log: ['greeted', 'done delivered 250', 'closed'],
  },
  {
    name: 'a message goes out in one chunk, dots as they are',
    steps: [send({ dotted: true }), send()],
    message: [Buffer.from('.a\r\n'), Buffer.from('b\r\n')],
    wire: `${hello('PIPELINING', 'CHUNKING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      S: 250 ok
      S: 250 ok
      C: BDAT 7 LAST
      C: .a
      C: b
      S: 250 ok
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      S: 250 ok
      S: 550 5.1.1 who?
      C: RSET
      C: QUIT
      S: 250 ok
      S: 221 bye`,
    log: ['greeted', 'done delivered 250', 'done bounced 550/5.1.1', 'closed'],
  },
  {
    name: 'the only chunk is refused, and nothing is left open',
    steps: [send()],
    wire: `${hello('PIPELINING', 'CHUNKING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      S: 250 ok
      S: 250 ok
      C: BDAT 4 LAST
      C: hi
      S: 552 5.3.4 too big
      ${bye}`,
    log: ['greeted', 'done bounced 552/5.3.4', 'closed'],
  },
  {
    name: 'TLS begins, and what the peer could do before is forgotten',
    steps: [
      startTls,
      (sender: Sender) => {
        assert.equal(sender.extensions.has('PIPELINING'), false)
        assert.equal(sender.extensions.has('DSN'), true)
        sender.quit()
      },
    ],
    wire: `${hello('PIPELINING', 'STARTTLS')}
      C: STARTTLS
      S: 220 go
      C: EHLO home.example
      S: 250-mx
      S: 250 DSN
      ${bye}`,
    log: ['greeted', 'starttls', 'greeted', 'closed'],
  },
  {
    name: 'a message that must have TLS goes out once it is on',
    steps: [startTls, send({ requireTls: true })],
    wire: `${hello('STARTTLS')}
      C: STARTTLS
      S: 220 go
      C: EHLO home.example
      S: 250-mx
      S: 250 REQUIRETLS
      C: MAIL FROM:<bob@home.example> REQUIRETLS
      S: 550 no
      ${bye}`,
    log: ['greeted', 'starttls', 'greeted', 'done bounced 550', 'closed'],
  },
  {
    name: 'TLS is refused, and the session goes on',
    steps: [startTls, send()],
    wire: `${hello('STARTTLS')}
      C: STARTTLS
      S: 454 4.7.0 no
      C: MAIL FROM:<bob@home.example>
      S: 550 no
      ${bye}`,
    log: ['greeted', 'tls-refused 454/4.7.0', 'done bounced 550', 'closed'],
  },
  {
    name: 'TLS is agreed to with another code',
    steps: [startTls],
    wire: `${hello()}\nC: STARTTLS\nS: 250 ok`,
    log: ['greeted', 'failed 451/4.5.0*'],
  },
  { name: 'the peer turns us away', wire: 'S: 554 5.7.1 go away', log: ['failed 554/5.7.1'] },
  { name: 'the peer has no time', wire: 'S: 421 4.3.2 busy', log: ['failed 421/4.3.2'] },
  { name: 'EHLO is refused for now', wire: 'S: 220 mx\nC: EHLO home.example\nS: 450 later', log: ['failed 450'] },
  {
    name: 'EHLO and HELO are refused',
    wire: 'S: 220 mx\nC: EHLO home.example\nS: 550 no\nC: HELO home.example\nS: 550 5.7.1 no',
    log: ['failed 550/5.7.1'],
  },
  { name: 'garbage comes before the greeting', wire: 'S: hello there\nS: 220 mx', log: ['failed 451/4.5.0*'] },
  { name: 'the greeting asks for more', wire: 'S: 354 go', log: ['failed 451/4.5.0*'] },
  {
    name: 'the peer leaves in the middle of an envelope',
    steps: [send({}, 'a@b.example', 'c@b.example', 'd@b.example'), send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<a@b.example>
      C: RCPT TO:<c@b.example>
      C: RCPT TO:<d@b.example>
      C: DATA
      S: 250 ok
      S: 550 5.1.1 who?
      S: 250 ok
      S: 421 4.3.2 leaving`,
    log: [
      'greeted',
      'done bounced 550/5.1.1 deferred 421/4.3.2 deferred 421/4.3.2',
      'done deferred 421/4.3.2',
      'failed 421/4.3.2',
    ],
  },
  {
    name: 'the peer leaves while commands wait, which are not said any more',
    steps: [send()],
    wire: `${hello()}
      C: MAIL FROM:<bob@home.example>
      S: 421 4.3.2 leaving`,
    log: ['greeted', 'done deferred 421/4.3.2', 'failed 421/4.3.2'],
  },
  {
    name: 'the peer leaves after the message',
    steps: [send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: hi
      C: .
      S: 421 4.3.2 leaving`,
    log: ['greeted', 'done deferred 421/4.3.2', 'failed 421/4.3.2'],
  },
  {
    name: 'the peer says garbage after the message, so that nobody knows what became of it',
    steps: [send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: hi
      C: .
      S: well received`,
    log: ['greeted', 'done deferred? 451/4.5.0*', 'failed 451/4.5.0*'],
  },
  {
    name: 'DATA is answered as if the message had come already',
    steps: [send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 250 queued`,
    log: ['greeted', 'done deferred 451/4.5.0*', 'failed 451/4.5.0*'],
  },
  {
    name: 'RSET is refused, with the next transaction behind it',
    steps: [send(), send()],
    wire: `${hello('PIPELINING')}
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 250 ok
      S: 550 who?
      S: 554 no
      C: RSET
      C: MAIL FROM:<bob@home.example>
      C: RCPT TO:<alice@away.example>
      C: DATA
      S: 500 what?`,
    log: ['greeted', 'done bounced 550', 'done deferred 500', 'failed 500'],
  },
]

type Turn = { heard: string; said: string }

/** What the peer says and what the sender says to it, by turns. */
export function turns(wire: string): Turn[] {
  const found: Turn[] = []
  for (const line of wire.split('\n').map(line => line.trim())) {
    const [, side = '', text = ''] = /^([SC]): ?(.*)$/.exec(line) ?? []
    assert.notEqual(side, '', line)
    const last = found.at(-1)
    if (side === 'S' && last?.said !== '') found.push({ heard: `${text}\r\n`, said: '' })
    else if (last && side === 'S') last.heard += `${text}\r\n`
    else if (last) last.said += `${text}\r\n`
  }
  return found
}
