// Whatever a host says to us, at any split: never a throw, output in bounded memory and made of whole commands of ours, one
// outcome for each recipient of each message, and no word of it that holds a control character or what we logged in with.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { mostRecipients } from '../../../src/smtp/extensions.ts'
import { Service, type Step, transaction } from '../../smtp/sender-run.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const password = 'wasser-melone'
const credentials = Buffer.from(`\0alice\0${password}`).toString('base64')
const paths = ['alice@away.example', 'bob@away.example'] as const
const message = ['Subject: x\r\n\r\n', '.dot\r\n', 'QUIT\r\n'].map(text => Buffer.from(text))

const login: Step = sender =>
  sender.login({
    mechanism: 'PLAIN',
    initial: credentials,
    answer: () => undefined,
    verified: () => true,
  })
/** As many of them as the host takes. */
const send: Step = sender =>
  sender.send(transaction({ octets: 100, dotted: true }, ...paths.slice(0, mostRecipients(sender.extensions))))

const runs: readonly (readonly Step[])[] = [
  [send, send],
  [sender => sender.startTls(), login, send],
]
const line =
  /^(?:EHLO home\.example|HELO home\.example|STARTTLS|AUTH PLAIN \S+|\*|MAIL FROM:<bob@home\.example>[ -~]*|RCPT TO:<(?:alice|bob)@away\.example>[ -~]*|DATA|BDAT \d+(?: LAST)?|RSET|QUIT|Subject: x||\.{1,2}dot|\.)$/

async function converse(chunks: readonly Buffer[], steps: readonly Step[]): Promise<readonly string[]> {
  const sent: number[] = []
  const counted = steps.map<Step>(step => sender => {
    if (step === send) sent.push(Math.min(paths.length, mostRecipients(sender.extensions)))
    step(sender)
  })
  const service = new Service({ steps: counted, message })
  let said = ''
  for (const chunk of chunks) said += (await service.hear(chunk)).toString('latin1')
  service.sender.gone()
  said += (await service.run()).toString('latin1')

  assert.ok(service.most < budget.output + 1000, `${service.most} octets of output stood unwritten`)
  for (const command of said.split('\r\n')) assert.match(command, line)
  assert.deepEqual(
    service.results.map(results => results.length),
    sent,
  )
  for (const { answer } of service.results.flat()) {
    assert.ok(answer.text.length <= budget.answerText)
    assert.doesNotMatch(answer.text, /\p{Cc}/u)
    if (!steps.includes(login)) continue
    assert.ok(!answer.text.includes(password) && !answer.text.includes(credentials))
  }
  assert.match(service.log.at(-1) ?? '', /^(failed|closed)/)
  return service.log
}

const greeting = '220 away.example\r\n'
const extensions = ['SIZE 1000', 'STARTTLS', 'AUTH PLAIN', '8BITMIME', 'DSN', 'ENHANCEDSTATUSCODES']
const offer = (...more: string[]) =>
  `250-away\r\n${[...extensions, ...more].map(one => `250-${one}\r\n`).join('')}250 HELP\r\n`
const taken = '250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n354 go\r\n250 2.0.0 kept\r\n'

export const smtpSender: Target = {
  seeds: [
    `${greeting}${offer('PIPELINING')}${taken}${taken}221 bye\r\n`,
    `${greeting}${offer('CHUNKING')}250 ok\r\n250 ok\r\n550 5.1.1 no\r\n250 kept\r\n421 4.3.2 enough\r\n`,
    `${greeting}${offer()}220 go\r\n${offer()}235 2.7.0 in\r\n${taken}`,
    `${greeting}${offer()}220 go\r\n${offer()}535 5.7.8 ${password} ${credentials} is wrong\r\n`,
    `${greeting}500 what\r\n250 hello\r\n250 ok\r\n450 later\r\n550 no\r\n503 sequence\r\n`,
    '554-no\r\n554 5.7.1 really\r\n',
  ],
  words: [
    ...[
      greeting,
      offer(),
      taken,
      '250 ok\r\n',
      '250-ok\r\n',
      '354 go\r\n',
      '334 \r\n',
      '235 2.7.0 in\r\n',
      '221 bye\r\n',
    ],
    ...[
      '421 4.3.2 later\r\n',
      '450 4.2.0 later\r\n',
      '550 5.1.1 no\r\n',
      '220 go\r\n',
      '999 x\r\n',
      '25',
      '250',
      '-',
      ' ',
    ],
    ...['250-PIPELINING\r\n', '250-CHUNKING\r\n', '250-LIMITS RCPTMAX=1\r\n', '250-SIZE 1\r\n', password, credentials],
    ...['\r\n', '\r', '\n', '\0', '\x1b[2J', '\xff', 'ü', '5.1.1 ', '4.', 'x'.repeat(600)],
  ],
  most: 4000,
  async check(input) {
    const signs: string[] = []
    for (const steps of runs) {
      for (const chunks of cuttings(input)) signs.push(...stretches(await converse(chunks, steps), 3))
    }
    return signs
  },
}
