import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import type { Exchange } from '../../src/smtp/login.ts'
import type { SenderEvent } from '../../src/smtp/sender-event.ts'
import { everySplit } from '../wire/splits.ts'
import { Service, transaction } from './sender-run.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** An exchange with its responses ready; none left gives it up. */
function exchange(
  mechanism: string,
  initial: string | undefined,
  ...responses: string[]
): Exchange & { heard: string[] } {
  const heard: string[] = []
  return {
    mechanism,
    initial,
    heard,
    answer(challenge) {
      heard.push(challenge)
      return responses.shift()
    },
    verified: () => true,
  }
}

const plain = base64('\0alice\0correct horse')

/** A dialogue from AUTH on: what the peer says and what is said to that. */
type Dialogue = {
  name: string
  exchange: () => Exchange
  auth: string
  turns: [heard: string, said: string | undefined][]
  log: string[]
}

const dialogues: Dialogue[] = [
  {
    name: 'PLAIN goes with the command',
    exchange: () => exchange('PLAIN', plain),
    auth: `AUTH PLAIN ${plain}`,
    turns: [['235 2.7.0 welcome', 'QUIT']],
    log: ['authenticated'],
  },
  {
    name: 'an empty first response is an equals sign',
    exchange: () => exchange('EXTERNAL', ''),
    auth: 'AUTH EXTERNAL =',
    turns: [['235 welcome', 'QUIT']],
    log: ['authenticated'],
  },
  {
    name: 'LOGIN answers two challenges',
    exchange: () => exchange('LOGIN', undefined, base64('alice'), base64('correct horse')),
    auth: 'AUTH LOGIN',
    turns: [
      ['334 VXNlcm5hbWU6', base64('alice')],
      ['334 UGFzc3dvcmQ6', base64('correct horse')],
      ['235 welcome', 'QUIT'],
    ],
    log: ['authenticated'],
  },
  {
    name: 'a first response that is too long for the command waits for the first challenge',
    exchange: () => exchange('PLAIN', base64('x'.repeat(400))),
    auth: 'AUTH PLAIN',
    turns: [
      ['334 ', base64('x'.repeat(400))],
      ['235 welcome', 'QUIT'],
    ],
    log: ['authenticated'],
  },
  {
    name: 'an empty response is an empty line',
    exchange: () => exchange('X', undefined, ''),
    auth: 'AUTH X',
    turns: [
      ['334', ''],
      ['235 welcome', 'QUIT'],
    ],
    log: ['authenticated'],
  },
  {
    name: 'a refusal for good',
    exchange: () => exchange('PLAIN', plain),
    auth: `AUTH PLAIN ${plain}`,
    turns: [['535 5.7.8 wrong', 'QUIT']],
    log: ['auth-refused 535/5.7.8'],
  },
  {
    name: 'a refusal for now',
    exchange: () => exchange('PLAIN', plain),
    auth: `AUTH PLAIN ${plain}`,
    turns: [['454 4.7.0 later', 'QUIT']],
    log: ['auth-refused 454/4.7.0'],
  },
  {
    name: 'a challenge that the exchange cannot answer is cancelled',
    exchange: () => exchange('LOGIN', undefined),
    auth: 'AUTH LOGIN',
    turns: [
      ['334 !!!', '*'],
      ['501 5.5.2 cancelled', 'QUIT'],
    ],
    log: ['auth-refused 454/4.7.0*'],
  },
  {
    name: 'a peer that is content with a cancelled login is not believed',
    exchange: () => exchange('LOGIN', undefined),
    auth: 'AUTH LOGIN',
    turns: [
      ['334 x', '*'],
      ['235 welcome', 'QUIT'],
    ],
    log: ['auth-refused 454/4.7.0*'],
  },
  {
    name: 'a peer that asks on after a cancelled login',
    exchange: () => exchange('LOGIN', undefined),
    auth: 'AUTH LOGIN',
    turns: [
      ['334 x', '*'],
      ['334 x', undefined],
    ],
    log: ['failed 451/4.5.0*'],
  },
  {
    name: 'a peer that lets us in without the proof that the mechanism wants',
    exchange: () => ({ ...exchange('SCRAM-SHA-256', plain), verified: () => false }),
    auth: `AUTH SCRAM-SHA-256 ${plain}`,
    turns: [['235 welcome', 'QUIT']],
    log: ['auth-refused 454/4.7.0*'],
  },
  {
    name: 'a peer that leaves',
    exchange: () => exchange('PLAIN', plain),
    auth: `AUTH PLAIN ${plain}`,
    turns: [['421 4.7.0 too many', undefined]],
    log: ['failed 421/4.7.0'],
  },
  {
    name: 'an answer of another kind',
    exchange: () => exchange('PLAIN', plain),
    auth: `AUTH PLAIN ${plain}`,
    turns: [['354 go', undefined]],
    log: ['failed 451/4.5.0*'],
  },
]

async function loggingIn(made: Exchange): Promise<{ service: Service; said: string }> {
  const service = new Service({ steps: [sender => sender.login(made)] })
  await service.hear('220 mx\r\n')
  return { service, said: (await service.hear('250-mx\r\n250 PIPELINING\r\n')).toString() }
}

describe('logging in', () => {
  for (const { name, exchange: make, auth, turns, log } of dialogues) {
    test(`${name}, at every split`, async () => {
      const longest = Buffer.from(turns.map(([heard]) => `${heard}\r\n`).join(''))
      for (const [chunks] of [...everySplit(longest)].entries()) {
        const { service, said } = await loggingIn(make())
        assert.equal(said, `${auth}\r\n`)
        for (const [heard, answer] of turns) {
          const octets = Buffer.from(`${heard}\r\n`)
          const at = chunks % octets.length
          const words = [await service.hear(octets.subarray(0, at)), await service.hear(octets.subarray(at))]
          assert.equal(words.join(''), answer === undefined ? '' : `${answer}\r\n`)
        }
        assert.deepEqual(service.log, ['greeted', ...log])
      }
    })
  }

  test('gives the challenges as they were sent', async () => {
    const made = exchange('LOGIN', undefined, '', '')
    const { service } = await loggingIn(made)
    await service.hear('334 VXNlcm5hbWU6\r\n')
    await service.hear('334\r\n')
    assert.deepEqual(made.heard, ['VXNlcm5hbWU6', ''])
  })

  test('waits for an exchange that has to work out its response', async () => {
    const made: Exchange = { ...exchange('X', undefined), answer: async challenge => base64(challenge) }
    const { service } = await loggingIn(made)
    assert.equal((await service.hear('334 abc\r\n')).toString(), `${base64('abc')}\r\n`)
    await service.hear('235 welcome\r\n')
    assert.deepEqual(service.log, ['greeted', 'login', 'authenticated'])
  })

  test('says nothing more when the peer was lost meanwhile', async () => {
    const worked = Promise.withResolvers<string>()
    const made: Exchange = { ...exchange('X', undefined), answer: () => worked.promise }
    const { sender } = (await loggingIn(made)).service
    sender.feed(Buffer.from('334 x\r\n'))
    const event = sender.next()
    assert.ok(event.type === 'login')
    sender.gone()
    worked.resolve(base64('secret'))
    await event.until
    assert.deepEqual([sender.next().type, sender.takeOutput().length], ['failed', 0])
  })

  test('ends after a bounded number of challenges', async () => {
    const made: Exchange = { ...exchange('X', undefined), answer: () => 'AAAA' }
    const { service } = await loggingIn(made)
    for (let round = 0; round < budget.loginRounds; round++) {
      assert.equal((await service.hear('334 x\r\n')).toString(), 'AAAA\r\n')
    }
    assert.equal((await service.hear('334 x\r\n')).toString(), '*\r\n')
  })

  const echoes = [
    `535 5.7.8 bad: AUTH PLAIN ${plain}`,
    `535-5.7.8 bad:\r\n535 5.7.8 ${plain}`,
    `535-${plain.slice(0, 10)}\r\n535 ${plain.slice(10)}`,
    '535 no, correct horse is not the password',
    `421 ${plain}`,
    `334 x\r\n535 ${plain}`,
  ]
  for (const echo of echoes) {
    test(`never shows what was sent: ${JSON.stringify(echo.slice(0, 40))}`, async () => {
      const { service } = await loggingIn(exchange('PLAIN', plain, plain))
      const events: SenderEvent[] = []
      for (const words of echo.split(/(?<=^334.*\r\n)/)) {
        service.sender.takeOutput()
        service.sender.feed(Buffer.from(words.endsWith('\r\n') ? words : `${words}\r\n`))
        events.push(service.sender.next())
      }
      assert.ok(events.some(event => event.type === 'auth-refused' || event.type === 'failed'))
      assert.doesNotMatch(JSON.stringify(events), /correct horse|GFsaWNl|jb3JyZWN0/)
    })
  }

  test('never shows it later either, where the peer repeats it in another answer', async () => {
    const made = exchange('LOGIN', undefined, base64('alice'), base64('tr0ub4dor'))
    const service = new Service({
      steps: [sender => sender.login(made), sender => sender.send(transaction())],
    })
    for (const words of [
      '220 mx',
      '250 mx',
      '334 x',
      '334 y',
      '235 ok',
      '550 5.7.1 alice, whose password is tr0ub4dor',
    ]) {
      await service.hear(`${words}\r\n`)
    }
    assert.equal(service.log.at(-1), 'done bounced 550/5.7.1')
    assert.doesNotMatch(JSON.stringify(service.results), /tr0ub4dor/)
  })

  test('takes no response that is not base64, and does not show it', async () => {
    for (const made of [exchange('PLAIN', 'se cret'), exchange('PLAIN', 'a\r\nQUIT')]) {
      await assert.rejects(loggingIn(made), (error: Error) => !/cret|QUIT/.test(error.message))
    }
    await assert.rejects(loggingIn(exchange('PLAIN x', undefined)), Error)
  })
})
