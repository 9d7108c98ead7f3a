import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import type { Sender } from '../../src/smtp/sender.ts'
import { cut, everySplit, places } from '../wire/splits.ts'
import { type Dialogue, dialogues, hello, send, startTls, turns } from './sender-dialogues.ts'
import { type Run, Service, transaction } from './sender-run.ts'

async function play(dialogue: Dialogue, split: (heard: Buffer, turn: number) => Iterable<Buffer>): Promise<void> {
  const service = new Service(dialogue)
  for (const [at, { heard, said }] of turns(dialogue.wire).entries()) {
    const words: Buffer[] = []
    for (const chunk of split(Buffer.from(heard), at)) words.push(await service.hear(chunk))
    assert.equal(Buffer.concat(words).toString(), said)
  }
  assert.deepEqual(service.log, dialogue.log)
}

describe('dialogues with the sender', () => {
  for (const dialogue of dialogues) {
    test(`${dialogue.name}, at every split`, async () => {
      for (const [turn, { heard }] of turns(dialogue.wire).entries()) {
        for (const chunks of everySplit(Buffer.from(heard))) {
          await play(dialogue, (whole, at) => (at === turn ? chunks : [whole]))
        }
      }
      await play(dialogue, whole => cut(whole, [...whole.keys()]))
    })
  }

  test('come to the same however the octets of all turns are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...dialogues),
        fc.array(places, { minLength: 40, maxLength: 40 }),
        (dialogue, at) => play(dialogue, (whole, turn) => cut(whole, at[turn] ?? [])),
      ),
    )
  })
})

describe('what the peer sends unasked', () => {
  const group = `${hello('PIPELINING')}
    C: MAIL FROM:<bob@home.example>
    C: RCPT TO:<alice@away.example>
    C: DATA`
  const table: { name: string; steps: Run['steps']; before: string; unasked: string; log: string[] }[] = [
    {
      name: 'more answers than EHLO asked for',
      steps: [send()],
      before: '',
      unasked: '220 mx\r\n220 mx\r\n250 mx\r\n',
      log: ['failed 451/4.5.0*'],
    },
    {
      name: 'an answer behind that to EHLO',
      steps: [send()],
      before: 'S: 220 mx\nC: EHLO home.example',
      unasked: '250 mx\r\n250 ok\r\n',
      log: ['greeted', 'done deferred 451/4.5.0*', 'failed 451/4.5.0*'],
    },
    {
      name: 'an answer more than the group had commands',
      steps: [send()],
      before: group,
      unasked: '250 ok\r\n550 who?\r\n554 no\r\n250 ok\r\n250 ok\r\n',
      log: ['greeted', 'done bounced 550', 'failed 451/4.5.0*'],
    },
    {
      name: 'a refusal before the message was given, which is an answer to it',
      steps: [send()],
      before: group,
      unasked: '250 ok\r\n250 ok\r\n354 go\r\n552 5.3.4 too big\r\n',
      log: ['greeted', 'done bounced 552/5.3.4', 'failed 552/5.3.4'],
    },
    {
      name: 'consent before the message was given, which is no answer',
      steps: [send()],
      before: group,
      unasked: '250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n',
      log: ['greeted', 'done deferred 451/4.5.0*', 'failed 451/4.5.0*'],
    },
  ]
  for (const { name, steps = [], before, unasked, log } of table) {
    test(name, async () => {
      const service = new Service({ steps })
      for (const { heard } of before === '' ? [] : turns(before)) await service.hear(heard)
      await service.hear(unasked)
      assert.deepEqual(service.log, log)
    })
  }

  test('answers pipelined across STARTTLS are not heard', async () => {
    const service = new Service({ steps: [startTls] })
    await service.hear('220 mx\r\n')
    await service.hear('250-mx\r\n250 STARTTLS\r\n')
    assert.equal(
      (await service.hear('220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n250-e')).toString(),
      'EHLO home.example\r\n',
    )
    assert.deepEqual(service.log, ['greeted', 'starttls'])
    await service.hear('250-mx\r\n250 DSN\r\n')
    assert.deepEqual(service.sender.extensions.authMechanisms, [])
    assert.equal(service.sender.extensions.has('DSN'), true)
  })

  test('octets fed while TLS begins are not heard either', async () => {
    const service = new Service({ steps: [startTls, () => undefined] })
    await service.hear('220 mx\r\n')
    await service.hear('250-mx\r\n250 STARTTLS\r\n')
    const { sender } = service
    sender.feed(Buffer.from('220 go\r\n'))
    assert.equal(sender.next().type, 'starttls')
    sender.feed(Buffer.from('250 evil\r\n'))
    assert.equal(sender.next().type, 'starttls')
    assert.equal(sender.extensions.has('STARTTLS'), true)
    sender.secured()
    assert.equal(sender.extensions.has('STARTTLS'), false)
    assert.equal(sender.next().type, 'need-input')
    assert.equal(sender.takeOutput().toString(), 'EHLO home.example\r\n')
  })

  test('a greeting without end', async () => {
    const service = new Service()
    for (let lines = 0; service.log.length === 0 && lines <= 2 * budget.replyLines; lines++)
      await service.hear('220-x\r\n')
    assert.deepEqual(service.log, ['failed 451/4.5.0*'])
  })

  test('421 between two commands', async () => {
    const service = new Service({ steps: [() => undefined] })
    await service.hear('220 mx\r\n')
    await service.hear('250 mx\r\n')
    await service.hear('421 4.4.2 idle\r\n')
    assert.deepEqual(service.log, ['greeted', 'failed 421/4.4.2'])
  })
})

describe('whatever the peer sends', () => {
  const words = fc.constantFrom(
    ...[
      '220 mx\r\n',
      '250 ok\r\n',
      '250-mx\r\n250-CHUNKING\r\n250 PIPELINING\r\n',
      '354 go\r\n',
      '334 x\r\n',
      '450 a\r\n',
    ],
    ...['550 5.1.1 a\r\n', '500 a\r\n', '235 a\r\n', '421 a\r\n', '250-', '\r\n', 'a', '\xff', '\x1b[2J'],
  )
  const begin = fc.constantFrom('', '220 mx\r\n250 mx\r\n', '220 mx\r\n250-mx\r\n250-CHUNKING\r\n250 PIPELINING\r\n')

  test('each transaction gets its outcomes once, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(begin, fc.array(words, { maxLength: 30 }), async (start, parts) => {
        let sent = 0
        const step = (sender: Sender) => {
          sent += 1
          sender.send(transaction({}, 'a@b.example', 'c@b.example'))
        }
        const service = new Service({ steps: Array.from({ length: 20 }, () => step) })
        for (const part of [...start.split(/(?<=\r\n)(?!250 P|250-C)/), ...parts])
          await service.hear(Buffer.from(part, 'latin1'))
        service.sender.gone()
        await service.run()
        assert.deepEqual([service.results.length, /^(failed|closed)/.test(service.log.at(-1) ?? '')], [sent, true])
        for (const results of service.results) assert.equal(results.length, 2)
        assert.doesNotMatch(JSON.stringify(service.results), /\\u00/)
      }),
    )
  })
})
