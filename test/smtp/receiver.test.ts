import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { reply } from '../../src/smtp/reply.ts'
import { everySplit } from '../wire/splits.ts'
import { type Answers, Session } from './session.ts'

const hello = 'EHLO laptop\r\n'
const envelope = 'MAIL FROM:<bob@away.example>\r\nRCPT TO:<alice@home.example>\r\n'
const opened = ['mail <bob@away.example> {}', 'recipient <alice@home.example> {}']
const base64 = (text: string) => Buffer.from(text).toString('base64')
const plain = base64('\0alice\0secret')
const wrong = base64('\0alice\0wrong')
/** For those who submit, with TLS on or where it is not needed. */
const submission = { login: () => ['PLAIN', 'LOGIN'] }
/** The same without TLS, where it is. */
const guarded = { login: () => [] }
const noStore: Answers = event => (event.type === 'data' || event.type === 'chunk' ? reply.storeFull : undefined)

type Dialogue = {
  name: string
  options?: ConstructorParameters<typeof Session>[0]
  answers?: Answers
  /** What the client sends; EHLO went before it unless it greets itself. */
  wire: string
  /** The codes of the replies, without those to that EHLO. */
  codes: string
  log: string[]
}

const dialogues: Dialogue[] = [
  {
    name: 'a message comes in by DATA',
    wire: `${envelope}DATA\r\nSubject: x\r\n\r\n..hi\r\n.\r\nQUIT\r\n`,
    codes: '250/2.1.0 250/2.1.5 354 250/2.0.0 221/2.0.0',
    log: [...opened, 'data', 'body Subject: x\r\n\r\n.hi\r\n', 'end 19 dotted', 'closed'],
  },
  {
    name: 'an empty message is a message',
    wire: `${envelope}DATA\r\n.\r\n`,
    codes: '250/2.1.0 250/2.1.5 354 250/2.0.0',
    log: [...opened, 'data', 'end 0'],
  },
  {
    name: 'a message comes in by BDAT, dots as they are',
    wire: `${envelope}BDAT 6\r\n.\r\n..\rBDAT 3 LAST\r\n\na\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 250/2.0.0 554/5.6.0 250/2.0.0',
    log: [...opened, 'body .\r\n..\r', 'chunk 6', 'body \na\n\r\n', 'end 11 malformed dotted'],
  },
  {
    name: 'an empty last chunk ends a message, and its last line gets a CRLF',
    wire: `${envelope}BDAT 5\r\na\r\nbcBDAT 0 LAST\r\n`,
    codes: '250/2.1.0 250/2.1.5 250/2.0.0 250/2.0.0',
    log: [...opened, 'body a\r\nbc', 'chunk 5', 'body \r\n', 'end 7'],
  },
  {
    name: 'a message of no octets at all may come by BDAT',
    wire: `${envelope}BDAT 0 LAST\r\n`,
    codes: '250/2.1.0 250/2.1.5 250/2.0.0',
    log: [...opened, 'end 0'],
  },
  {
    name: 'several messages come in one session',
    wire: `${envelope}DATA\r\na\r\n.\r\n${envelope}BDAT 3 LAST\r\nb\r\n`,
    codes: '250/2.1.0 250/2.1.5 354 250/2.0.0 250/2.1.0 250/2.1.5 250/2.0.0',
    log: [...opened, 'data', 'body a\r\n', 'end 3', ...opened, 'body b\r\n', 'end 3'],
  },
  {
    name: 'a bare LF before a dot does not end the body, so that nothing is smuggled',
    wire: `${envelope}DATA\r\na\n.\r\nMAIL FROM:<evil@away.example>\r\n.\r\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 354 554/5.6.0 250/2.0.0',
    log: [...opened, 'data', 'body a\n.\r\nMAIL FROM:<evil@away.example>\r\n', 'end 36 malformed'],
  },
  {
    name: 'a refused message is read to its true end before the answer',
    options: { messageOctets: 8 },
    wire: `${envelope}DATA\r\n123456\r\n8\r\nQUIT\r\n.\r\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 354 552/5.3.4 250/2.0.0',
    log: [...opened, 'data', 'body 123456\r\n', 'end 17 tooBig'],
  },
  {
    name: 'a message of exactly the limit is taken',
    options: { messageOctets: 8 },
    wire: `${envelope}DATA\r\n123456\r\n.\r\n`,
    codes: '250/2.1.0 250/2.1.5 354 250/2.0.0',
    log: [...opened, 'data', 'body 123456\r\n', 'end 8'],
  },
  {
    name: 'a chunk past the limit ends the transaction, and its octets are no commands',
    options: { messageOctets: 8 },
    wire: `${envelope}BDAT 10\r\n1234\r\nQUITBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 552/5.3.4 503/5.5.1 250/2.0.0',
    log: [...opened, 'body 1234\r\nQU', 'reset'],
  },
  {
    name: 'a last chunk past the limit ends the message',
    options: { messageOctets: 8 },
    wire: `${envelope}BDAT 10 LAST\r\n1234\r\nQUITNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 552/5.3.4 250/2.0.0',
    log: [...opened, 'body 1234\r\nQU', 'end 12 tooBig'],
  },
  {
    name: 'a SIZE past the limit is refused at once',
    wire: `MAIL FROM:<> SIZE=1001\r\nMAIL FROM:<> SIZE=1000\r\n`,
    codes: '552/5.3.4 250/2.1.0',
    log: ['mail <> {"size":1000}'],
  },
  {
    name: 'parameters reach the service',
    wire: 'MAIL FROM:<> BODY=8BITMIME RET=HDRS\r\nRCPT TO:<alice@home.example> NOTIFY=NEVER\r\n',
    codes: '250/2.1.0 250/2.1.5',
    log: ['mail <> {"body":"8BITMIME","ret":"HDRS"}', 'recipient <alice@home.example> {"notify":["NEVER"]}'],
  },
  {
    name: 'SMTPUTF8 holds for one transaction',
    wire: 'MAIL FROM:<bób@away.example> SMTPUTF8\r\nRCPT TO:<älice@home.example>\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<älice@home.example>\r\n',
    codes: '250/2.1.0 550/5.1.1 250/2.0.0 250/2.1.0 553/5.6.7',
    log: ['mail <bób@away.example> {"smtputf8":true}', 'recipient <älice@home.example> {}', 'reset', 'mail <> {}'],
  },
  {
    name: 'commands out of order are 503',
    wire: `RCPT TO:<alice@home.example>\r\nDATA\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\nRCPT TO:<alice@home.example>\r\nMAIL FROM:<>\r\n`,
    codes: '503/5.5.1 503/5.5.1 250/2.1.0 503/5.5.1 503/5.5.1 250/2.1.5 503/5.5.1',
    log: ['mail <> {}', 'recipient <alice@home.example> {}'],
  },
  {
    name: 'a body is refused when every recipient was',
    wire: 'MAIL FROM:<>\r\nRCPT TO:<eve@home.example>\r\nDATA\r\nBDAT 4\r\nQUITRCPT TO:<alice@home.example>\r\nDATA\r\na\r\n.\r\n',
    codes: '250/2.1.0 550/5.1.1 554/5.5.1 554/5.5.1 250/2.1.5 354 250/2.0.0',
    log: [
      'mail <> {}',
      'recipient <eve@home.example> {}',
      'recipient <alice@home.example> {}',
      'data',
      'body a\r\n',
      'end 3',
    ],
  },
  {
    name: 'recipients past the limit are 452, and the others get the message',
    options: { recipients: 1 },
    wire: `${envelope}RCPT TO:<alice@home.example>\r\nDATA\r\n.\r\n`,
    codes: '250/2.1.0 250/2.1.5 452/4.5.3 354 250/2.0.0',
    log: [...opened, 'data', 'end 0'],
  },
  {
    name: 'DATA may be refused and tried again',
    answers: noStore,
    wire: `${envelope}DATA\r\nRSET\r\n`,
    codes: '250/2.1.0 250/2.1.5 452/4.3.1 250/2.0.0',
    log: [...opened, 'data', 'reset'],
  },
  {
    name: 'a refused chunk ends the transaction, and those after it are read and refused',
    answers: noStore,
    wire: `${envelope}BDAT 3\r\na\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 452/4.3.1 503/5.5.1 250/2.0.0',
    log: [...opened, 'body a\r\n', 'chunk 3', 'reset'],
  },
  {
    name: 'the octets of BDAT are no commands in any state',
    wire: 'BDAT 6\r\nQUIT\r\nMAIL FROM:<>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n',
    codes: '503/5.5.1 250/2.1.0 503/5.5.1 250/2.0.0',
    log: ['mail <> {}'],
  },
  {
    name: 'a BDAT with something else than LAST is refused after its octets',
    wire: `${envelope}BDAT 6 FIRST\r\nQUIT\r\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 501/5.5.4 250/2.0.0',
    log: [...opened, 'reset'],
  },
  {
    name: 'a BDAT without a number ends the session: nobody knows where the next command begins',
    wire: `${envelope}BDAT x\r\nNOOP\r\n`,
    codes: '250/2.1.0 250/2.1.5 501/5.5.4',
    log: [...opened, 'closed'],
  },
  {
    name: 'only BDAT goes on after BDAT',
    wire: `${envelope}BDAT 3\r\na\r\nDATA\r\n${envelope}NOOP\r\nBDAT 3 LAST\r\nb\r\n`,
    codes: '250/2.1.0 250/2.1.5 250/2.0.0 503/5.5.1 503/5.5.1 503/5.5.1 250/2.0.0 250/2.0.0',
    log: [...opened, 'body a\r\n', 'chunk 3', 'body b\r\n', 'end 6'],
  },
  {
    name: 'RSET and EHLO end a transaction, and say so once',
    wire: `${envelope}RSET\r\nRSET\r\n${envelope}BDAT 3\r\na\r\nHELO laptop\r\nDATA\r\n`,
    codes: '250/2.1.0 250/2.1.5 250/2.0.0 250/2.0.0 250/2.1.0 250/2.1.5 250/2.0.0 250 503/5.5.1',
    log: [...opened, 'reset', ...opened, 'body a\r\n', 'chunk 3', 'reset'],
  },
  {
    name: 'before EHLO little is allowed',
    wire: `NOOP\r\nRSET\r\nHELP\r\nVRFY alice\r\n${envelope}DATA\r\nSTARTTLS\r\nQUIT\r\n`,
    codes: '250/2.0.0 250/2.0.0 214/2.0.0 252/2.1.5 503/5.5.1 503/5.5.1 503/5.5.1 503/5.5.1 221/2.0.0',
    log: ['closed'],
  },
  {
    name: 'after HELO there are no extensions',
    wire: `HELO laptop\r\nSTARTTLS\r\nMAIL FROM:<> SIZE=1\r\n${envelope}BDAT 6\r\nQUIT\r\nDATA\r\na\r\n.\r\n`,
    codes: '250 503/5.5.1 555/5.5.4 250/2.1.0 250/2.1.5 503/5.5.1 354 250/2.0.0',
    log: [...opened, 'data', 'body a\r\n', 'end 3'],
  },
  {
    name: 'a bad command leaves the transaction as it was',
    wire: `${envelope}WHAT\r\nMAIL\nFROM\r\n${'x'.repeat(budget.smtpLine)}\r\nDATA\r\n.\r\n`,
    codes: '250/2.1.0 250/2.1.5 500/5.5.1 500/5.5.2 500/5.5.2 354 250/2.0.0',
    log: [...opened, 'data', 'end 0'],
  },
  {
    name: 'STARTTLS cannot be had where it is not offered',
    options: { startTls: false },
    wire: 'STARTTLS\r\n',
    codes: '502/5.5.1',
    log: [],
  },
  {
    name: 'who has logged in sends mail',
    options: submission,
    wire: `MAIL FROM:<bob@away.example>\r\nAUTH PLAIN ${plain}\r\n${envelope}DATA\r\n.\r\n`,
    codes: '530/5.7.0 235/2.7.0 250/2.1.0 250/2.1.5 354 250/2.0.0',
    log: [`auth PLAIN ${plain}`, ...opened, 'data', 'end 0'],
  },
  {
    name: 'the answer to a challenge is no command, whatever it looks like',
    options: submission,
    wire: `AUTH LOGIN\r\nQUIT\r\nNOOP\r\nAUTH PLAIN\r\nRSET\r\nAUTH PLAIN\r\n${plain}\r\nNOOP\r\n`,
    codes: '334 334 501/5.5.2 334 501/5.5.2 334 235/2.7.0 250/2.0.0',
    log: [
      ...['auth LOGIN nothing', 'auth-response QUIT', 'auth-response NOOP'],
      ...['auth PLAIN nothing', 'auth-response RSET', 'auth PLAIN nothing', `auth-response ${plain}`],
    ],
  },
  {
    name: 'a login is cancelled, is no base64, or is too long, and the session goes on',
    options: submission,
    wire: `AUTH PLAIN\r\n*\r\nAUTH PLAIN\r\na b\r\nAUTH PLAIN\r\n${'A'.repeat(budget.smtpAuthLine)}\r\nAUTH PLAIN ?\r\nNOOP\r\n`,
    codes: '334 501/5.7.0 334 501/5.5.2 334 500/5.5.6 501/5.5.2 250/2.0.0',
    log: ['auth PLAIN nothing', 'auth PLAIN nothing', 'auth PLAIN nothing'],
  },
  {
    name: 'an empty first response is written as =, and an empty one later as nothing',
    options: submission,
    wire: 'AUTH PLAIN =\r\nAUTH PLAIN\r\n\r\nNOOP\r\n',
    codes: '501/5.5.2 334 501/5.5.2 250/2.0.0',
    log: ['auth PLAIN ', 'auth PLAIN nothing', 'auth-response '],
  },
  {
    name: 'the third login that fails is the last',
    options: submission,
    wire: `${`AUTH PLAIN ${wrong}\r\n`.repeat(3)}AUTH PLAIN ${plain}\r\nNOOP\r\n`,
    codes: '535/5.7.8 535/5.7.8 535/5.7.8 421/4.7.0',
    log: [`auth PLAIN ${wrong}`, `auth PLAIN ${wrong}`, `auth PLAIN ${wrong}`, 'closed'],
  },
  {
    name: 'AUTH comes once, and in no transaction',
    options: submission,
    wire: `AUTH PLAIN ${plain}\r\nAUTH PLAIN ${plain}\r\n${envelope}AUTH LOGIN\r\nRSET\r\nAUTH LOGIN\r\n`,
    codes: '235/2.7.0 503/5.5.1 250/2.1.0 250/2.1.5 503/5.5.1 250/2.0.0 503/5.5.1',
    log: [`auth PLAIN ${plain}`, ...opened, 'reset'],
  },
  {
    name: 'AUTH comes after EHLO, not after HELO',
    options: submission,
    wire: `HELO laptop\r\nAUTH PLAIN ${plain}\r\nMAIL FROM:<>\r\n`,
    codes: '250 503/5.5.1 530/5.7.0',
    log: [],
  },
  {
    name: 'an unknown mechanism is refused, and one that is said in lower case is known',
    options: submission,
    wire: `AUTH CRAM-MD5\r\nAUTH\r\nAUTH PLAIN a b\r\nAUTH login\r\n*\r\n`,
    codes: '504/5.5.4 501/5.5.4 501/5.5.4 334 501/5.7.0',
    log: ['auth LOGIN nothing'],
  },
  {
    name: 'where a login needs TLS it is refused before it is tried',
    options: guarded,
    wire: `AUTH PLAIN ${plain}\r\nMAIL FROM:<>\r\nRCPT TO:<alice@home.example>\r\n`,
    codes: '538/5.7.11 530/5.7.0 503/5.5.1',
    log: [],
  },
  {
    name: 'for the world there is no login',
    wire: `AUTH PLAIN ${plain}\r\n${envelope}`,
    codes: '502/5.5.1 250/2.1.0 250/2.1.5',
    log: opened,
  },
  {
    name: 'STARTTLS ends a transaction first',
    wire: `${envelope}STARTTLS\r\n`,
    codes: '250/2.1.0 250/2.1.5 220/2.0.0',
    log: [...opened, 'reset', 'starttls'],
  },
  {
    name: 'after QUIT nothing is read',
    wire: 'QUIT\r\nMAIL FROM:<>\r\n',
    codes: '221/2.0.0',
    log: ['closed'],
  },
]

/** The codes of the replies in an output, the last line of each: `250/2.1.0 354`. */
function codes(output: string): string {
  const last = output.matchAll(/^(\d{3}) (?:([245]\.\d+\.\d+) )?.*$/gm)
  return Array.from(last, ([, code, enhanced]) => (enhanced === undefined ? code : `${code}/${enhanced}`)).join(' ')
}

describe('dialogues with the receiver', () => {
  for (const { name, options, answers, wire, codes: expected, log } of dialogues) {
    test(`${name}, at every split`, () => {
      for (const chunks of everySplit(Buffer.from(wire))) {
        const session = new Session(options, answers)
        if (!/^(NOOP|HELO)/.test(wire)) session.send(hello)
        const output = chunks.map(chunk => session.send(chunk)).join('')
        // One who has closed says so each time he is asked.
        while (session.log.at(-2) === 'closed') session.log.pop()
        assert.equal(codes(output), expected)
        assert.deepEqual(session.log, log)
      }
    })
  }
})

describe('the receiver', () => {
  test('says what it can do, STARTTLS only while it can be had', () => {
    const session = new Session()
    const lines = [
      '250-mail.home.example',
      '250-PIPELINING',
      '250-SIZE 1000',
      '250-8BITMIME',
      '250-SMTPUTF8',
      '250-ENHANCEDSTATUSCODES',
      '250-CHUNKING',
      '250-DSN',
      '250-STARTTLS',
      `250-LIMITS RCPTMAX=3 MAILMAX=${budget.smtpTransactions}`,
      '250 HELP',
      '',
    ]
    const withTls = lines.map(line => (line === '250-STARTTLS' ? '250-REQUIRETLS' : line)).join('\r\n')
    const withoutTls = lines.filter(line => line !== '250-STARTTLS').join('\r\n')
    assert.equal(session.send(hello), lines.join('\r\n'))
    session.send('STARTTLS\r\n')
    session.receiver.secured()
    assert.equal(session.send(hello), withTls)
    assert.equal(new Session({ startTls: false }).send(hello), withoutTls)
    assert.equal(session.send('HELO laptop\r\n'), '250 mail.home.example\r\n')
  })

  test('names the ways to log in while they can be had, and not where nobody logs in', () => {
    const offer = /^250-AUTH PLAIN LOGIN\r$/m
    assert.match(new Session(submission).send(hello), offer)
    assert.doesNotMatch(new Session(guarded).send(hello), /AUTH/)
    assert.doesNotMatch(new Session().send(hello), /AUTH/)
  })

  test('forgets a login when TLS begins, and counts those that failed before', () => {
    const session = new Session(submission)
    session.send(`${hello}AUTH PLAIN ${wrong}\r\nAUTH PLAIN ${wrong}\r\nAUTH PLAIN ${plain}\r\nSTARTTLS\r\n`)
    session.receiver.secured()
    assert.equal(
      codes(session.send(`${hello}MAIL FROM:<>\r\nAUTH PLAIN ${wrong}\r\n`)),
      '250 530/5.7.0 535/5.7.8 421/4.7.0',
    )
  })

  test('lets nobody begin TLS in the middle of a login', () => {
    const session = new Session(submission)
    session.send(`${hello}AUTH PLAIN\r\n`)
    assert.equal(session.receiver.idle, false)
    assert.equal(codes(session.send('STARTTLS\r\n')), '501/5.5.2')
    assert.equal(session.receiver.idle, true)
  })

  test('greets, or refuses instead', () => {
    const { receiver } = new Session()
    receiver.greet()
    assert.equal(receiver.takeOutput().toString(), '220 mail.home.example ESMTP Porchlight\r\n')
    receiver.refuse(reply.tooManyConnections)
    assert.deepEqual(receiver.next(), { type: 'closed' })
    assert.match(receiver.takeOutput().toString(), /^421 4\.7\.0 /)
    assert.equal(receiver.takeOutput().length, 0)
  })

  test('forgets under TLS whatever came before, and what was sent behind STARTTLS', () => {
    const session = new Session()
    session.send(hello)
    assert.deepEqual([session.receiver.hello?.domain, session.receiver.secure], ['laptop', false])
    assert.equal(codes(session.send('STARTTLS\r\nMAIL FROM:<evil@away.example>\r\nRCPT TO')), '220/2.0.0')
    session.receiver.secured()
    assert.deepEqual([session.receiver.hello, session.receiver.secure], [undefined, true])
    assert.equal(codes(session.run()), '')
    assert.equal(codes(session.send(':<x@y>\r\nMAIL FROM:<>\r\n')), '500/5.5.2 503/5.5.1')
    assert.equal(codes(session.send(`${hello}STARTTLS\r\nMAIL FROM:<>\r\n`)), '250 503/5.5.1 250/2.1.0')
    assert.deepEqual(session.log, ['starttls', 'mail <> {}'])
  })

  test('is done with a client that makes too many errors', () => {
    const session = new Session()
    const output = session.send('WHAT\r\n'.repeat(budget.smtpErrors + 5))
    assert.equal(codes(output), `${'500/5.5.1 '.repeat(budget.smtpErrors)}421/4.7.0`)
    assert.deepEqual(session.log, ['closed'])
  })

  test('does not take refused recipients beyond the limit for errors of the client', () => {
    const session = new Session({ recipients: 1 })
    session.send(`${hello}${envelope}`)
    const output = session.send(`${'RCPT TO:<alice@home.example>\r\n'.repeat(budget.smtpErrors * 2)}DATA\r\n.\r\n`)
    assert.equal(codes(output), `${'452/4.5.3 '.repeat(budget.smtpErrors * 2)}354 250/2.0.0`)
  })

  test('counts errors of the service to the client, too, once they are permanent', () => {
    const session = new Session()
    const output = session.send(`${hello}MAIL FROM:<>\r\n${'RCPT TO:<eve@home.example>\r\n'.repeat(50)}`)
    assert.equal(codes(output), `250 250/2.1.0 ${'550/5.1.1 '.repeat(budget.smtpErrors)}421/4.7.0`)
  })

  test('takes so many transactions in one session and no more', () => {
    const session = new Session()
    session.send(hello)
    const one = 'MAIL FROM:<>\r\nRSET\r\n'
    assert.equal(codes(session.send(one.repeat(budget.smtpTransactions))).includes('421'), false)
    assert.equal(codes(session.send(one)), '421/4.7.0')
    assert.equal(session.log.at(-1), 'closed')
  })

  test('asks to be written before its output grows large', () => {
    const session = new Session()
    const output = session.send(hello.repeat(5000))
    assert.equal(output.split('250 HELP\r\n').length, 5001)
    assert.ok(session.most < budget.output + 1000)
  })

  test('sends the answers to pipelined commands in one write and in order', () => {
    const { receiver } = new Session()
    receiver.feed(Buffer.from(`${hello}NOOP\r\nHELP\r\nVRFY x\r\n`))
    assert.equal(receiver.next().type, 'need-input')
    assert.equal(codes(receiver.takeOutput().toString()), '250 250/2.0.0 214/2.0.0 252/2.1.5')
  })

  test('hands out the body as views, all of a chunk in one', () => {
    const session = new Session()
    session.send(`${hello}${envelope}DATA\r\n`)
    const chunk = Buffer.from('a line of text\r\n'.repeat(50))
    session.receiver.feed(chunk)
    const event = session.receiver.next()
    assert.ok(event.type === 'body')
    assert.deepEqual([event.octets.buffer === chunk.buffer, event.octets.length], [true, chunk.length])
    assert.equal(session.receiver.next().type, 'need-input')
  })

  const stops = [
    { name: 'answers the next command 421', before: '', sent: 'NOOP\r\n', codes: '421/4.3.2', idle: true },
    { name: 'does not go on with an envelope', before: envelope, sent: 'DATA\r\n', codes: '421/4.3.2', idle: false },
    {
      name: 'finishes a body',
      before: `${envelope}DATA\r\na`,
      sent: '\r\n.\r\nNOOP\r\n',
      codes: '250/2.0.0 421/4.3.2',
      idle: false,
    },
    {
      name: 'finishes a message in chunks',
      before: `${envelope}BDAT 3\r\na\r\n`,
      sent: 'BDAT 1\r\nbBDAT 2 LAST\r\n\r\nNOOP\r\n',
      codes: '250/2.0.0 250/2.0.0 421/4.3.2',
      idle: false,
    },
  ]
  for (const { name, before, sent, codes: expected, idle } of stops) {
    test(`when it stops, ${name}`, () => {
      const session = new Session()
      session.send(`${hello}${before}`)
      assert.equal(session.receiver.idle, idle)
      session.receiver.shutDown()
      assert.equal(codes(session.send(sent)), expected)
      assert.equal(session.log.at(-1), 'closed')
    })
  }
})
