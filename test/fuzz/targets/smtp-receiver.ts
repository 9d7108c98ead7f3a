// Any octets give events and whole replies, never a throw, in bounded memory, and the same ones at any split. What was fed
// is not looked at again, and no message is handed out beyond its limit.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { Session } from '../../smtp/session.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

/** Small, so that both sides of the limit are met. */
const messageOctets = 300
const opening = 'EHLO laptop\r\nMAIL FROM:<bob@away.example>\r\nRCPT TO:<alice@home.example>\r\n'
const wholeReplies = /^(?:(?:\d{3}-[ -~]+\r\n)*\d{3} [ -~]+\r\n)*$/

/** Feeds chunks up to where the receiver closes or goes over to TLS. */
function converse(chunks: readonly Buffer[]): { output: string; log: readonly string[] } {
  const session = new Session({ messageOctets })
  let output = ''
  for (const chunk of chunks) {
    session.receiver.feed(chunk)
    output += session.run()
    chunk.fill('!')
    if (/^(closed|starttls)$/.test(session.log.at(-1) ?? '')) break
  }
  assert.ok(session.most < budget.output + 1000, `${session.most} octets of output stood unwritten`)
  return { output, log: session.log }
}

export const smtpReceiver: Target = {
  seeds: [
    `${opening}DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n`,
    `${opening}BDAT 5\r\nabc\r\nBDAT 0 LAST\r\nRSET\r\n`,
    `${opening}BDAT 12 LAST\r\n.\r\n..\r\nabcde\r\nNOOP\r\n`,
    'HELO laptop\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n..\r\n.\r\nHELP\r\nVRFY bob\r\nEXPN x\r\n',
    'EHLO [127.0.0.1]\r\nMAIL FROM:<bób@away.example> SMTPUTF8 SIZE=10 BODY=8BITMIME RET=HDRS ENVID=a+2Bb\r\n' +
      'RCPT TO:<alice@home.example> NOTIFY=NEVER ORCPT=rfc822;a@b\r\nRCPT TO:<eve@home.example>\r\nDATA\r\n',
    'NOOP\r\nSTARTTLS\r\nEHLO laptop\r\nSTARTTLS\r\n',
    'HELP\r\n'.repeat(900), // more answers than the output holds
  ],
  words: [
    opening,
    ...['EHLO laptop\r\n', 'HELO laptop\r\n', 'MAIL FROM:<bob@away.example>\r\n', 'MAIL FROM:<>\r\n', 'RSET\r\n'],
    ...['RCPT TO:<alice@home.example>\r\n', 'RCPT TO:<eve@home.example> NOTIFY=NEVER\r\n', 'DATA\r\n', 'NOOP\r\n'],
    ...['BDAT 5\r\n', 'BDAT 0 LAST\r\n', 'BDAT 301 LAST\r\n', 'BDAT 9 X\r\n', 'BDAT 99999999999999999999\r\n', 'LAST'],
    ...['STARTTLS\r\n', 'QUIT\r\n', 'VRFY a\r\n', ' SIZE=301', ' SMTPUTF8', ' BODY=8BITMIME', '<', '>', ' ', '\0', 'x'],
    ...['\r\n.\r\n', '\n.\r\n', '\r\n.\n', '\n.\n', '\r.\r', '\r\n.\rx', '\r\n..', '\r\n', '\r', '\n', '.', 'ü'],
  ],
  most: 6000,
  check(input) {
    const [whole = { output: '', log: [] }, ...others] = cuttings(input).map(converse)
    for (const other of others) assert.deepEqual(other, whole)
    assert.match(whole.output, wholeReplies)
    for (const line of whole.log) {
      if (line.startsWith('body ')) assert.ok(line.length - 'body '.length <= messageOctets)
    }
    const codes = whole.output.match(/^\d{3} (?:\d\.\d\.\d)?/gm) ?? []
    const events = whole.log.map(line => line.replaceAll(/[^a-z ]/gi, '').slice(0, 20))
    return [...stretches(codes, 3), ...stretches(events, 3)]
  },
}
