// Whatever is said to those who take submissions: whole replies, the same ones at any split, and no message from anybody who
// was not welcomed first. What answers a challenge is no command.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { Session } from '../../smtp/session.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const plain = Buffer.from('\0alice\0secret').toString('base64')
const wrong = Buffer.from('\0alice\0wrong').toString('base64')
const hello = 'EHLO laptop\r\n'
const envelope = 'MAIL FROM:<alice@home.example>\r\nRCPT TO:<alice@home.example>\r\n'
const wholeReplies = /^(?:(?:\d{3}-[ -~]+\r\n)*\d{3} [ -~]*\r\n)*$/

function converse(chunks: readonly Buffer[]): { output: string; log: readonly string[] } {
  const session = new Session({ login: () => ['PLAIN', 'LOGIN'] })
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

export const smtpLogin: Target = {
  seeds: [
    `${hello}AUTH PLAIN ${plain}\r\n${envelope}DATA\r\nhi\r\n.\r\n`,
    `${hello}AUTH PLAIN\r\n${plain}\r\nAUTH PLAIN\r\n${envelope}`,
    `${hello}AUTH LOGIN YWxpY2U=\r\nc2VjcmV0\r\nMAIL FROM:<> AUTH=<>\r\nAUTH LOGIN\r\n`,
    `${hello}AUTH PLAIN ${wrong}\r\nAUTH LOGIN\r\n*\r\nAUTH PLAIN =\r\nSTARTTLS\r\n`,
    `HELO laptop\r\nAUTH PLAIN ${plain}\r\n${envelope}`,
  ],
  words: [
    ...[
      hello,
      'HELO laptop\r\n',
      envelope,
      'AUTH PLAIN ',
      'AUTH PLAIN\r\n',
      'AUTH LOGIN\r\n',
      'AUTH LOGIN ',
      'AUTH X\r\n',
    ],
    ...[
      plain,
      wrong,
      `${plain}\r\n`,
      '*\r\n',
      '=\r\n',
      'YWxpY2U=\r\n',
      'c2VjcmV0\r\n',
      '\r\n',
      '\r',
      '\n',
      ' ',
      '*',
      '=',
    ],
    ...[
      'RSET\r\n',
      'STARTTLS\r\n',
      'QUIT\r\n',
      'MAIL FROM:<>\r\n',
      'DATA\r\n',
      '.\r\n',
      'BDAT 4 LAST\r\n',
      '\0',
      '\xff',
    ],
  ],
  most: 5000,
  check(input) {
    const [whole = { output: '', log: [] }, ...others] = cuttings(input).map(converse)
    for (const other of others) assert.deepEqual(other, whole)
    const { output, log } = whole
    assert.match(output, wholeReplies)
    const welcomed = /^235 /m.test(output)
    if (!welcomed) assert.ok(!log.some(line => /^(mail|recipient|body|end)\b/.test(line)))
    if (welcomed) assert.ok(log.some(line => line.startsWith('auth')))
    assert.ok((output.match(/^535 /gm)?.length ?? 0) <= budget.loginAttempts)
    const codes = output.match(/^\d{3} (?:\d\.\d\.\d)?/gm) ?? []
    return [
      ...stretches(codes, 3),
      ...stretches(
        log.map(line => line.split(' ')[0] ?? ''),
        3,
      ),
    ]
  },
}
