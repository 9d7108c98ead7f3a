import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Service, type Step, transaction } from './sender-run.ts'

const send: Step = sender => sender.send(transaction({}, 'a@b.example', 'c@b.example'))
const two = (outcome: string) => `done ${outcome} ${outcome}`

/** What the peer has said when it falls silent, how long it may stay so, and what becomes of the two recipients. */
const stages: { name: string; heard: string[]; patience: number; done: string[] }[] = [
  { name: 'before the greeting', heard: [], patience: budget.greetingMs, done: [] },
  { name: 'after EHLO', heard: ['220 mx\r\n'], patience: budget.commandMs, done: [] },
  {
    name: 'after MAIL',
    heard: ['220 mx\r\n', '250 mx\r\n'],
    patience: budget.commandMs,
    done: [two('deferred 451/4.4.2*')],
  },
  {
    name: 'after RCPT, one of which was refused',
    heard: ['220 mx\r\n', '250 mx\r\n', '250 ok\r\n', '550 5.1.1 who?\r\n'],
    patience: budget.commandMs,
    done: ['done bounced 550/5.1.1 deferred 451/4.4.2*'],
  },
  {
    name: 'after DATA',
    heard: ['220 mx\r\n', '250 mx\r\n', '250 ok\r\n', '250 ok\r\n', '250 ok\r\n'],
    patience: budget.dataMs,
    done: [two('deferred 451/4.4.2*')],
  },
  {
    name: 'after the end of the message',
    heard: ['220 mx\r\n', '250 mx\r\n', '250 ok\r\n', '250 ok\r\n', '550 5.1.1 who?\r\n', '354 go\r\n'],
    patience: budget.messageEndMs,
    done: ['done deferred? 451/4.4.2* bounced 550/5.1.1'],
  },
  {
    name: 'in the middle of its answer to the message',
    heard: ['220 mx\r\n', '250 mx\r\n', '250 ok\r\n', '250 ok\r\n', '250 ok\r\n', '354 go\r\n', '250 2.0.0 queu'],
    patience: budget.messageEndMs,
    done: [two('deferred? 451/4.4.2*')],
  },
  {
    name: 'after the last chunk',
    heard: ['220 mx\r\n', '250-mx\r\n250 CHUNKING\r\n', '250 ok\r\n', '250 ok\r\n', '250 ok\r\n'],
    patience: budget.messageEndMs,
    done: [two('deferred? 451/4.4.2*')],
  },
]

describe('a peer that is lost', () => {
  for (const how of ['gone', 'timedOut'] as const) {
    for (const { name, heard, patience, done } of stages) {
      test(`${how} ${name}`, async () => {
        const service = new Service({ steps: [send, send] })
        await service.run()
        for (const words of heard) await service.hear(words)
        assert.equal(service.patience, patience)
        service.sender[how]()
        const said = await service.run()
        assert.equal(said.length, 0)
        const greeted = heard.length > 1 ? ['greeted'] : []
        // The step after that finds the session over: its two are deferred.
        const later = done.map(() => two('deferred 451/4.4.2*'))
        assert.deepEqual(service.log, [...greeted, ...done, ...later, 'failed 451/4.4.2*'])
      })
    }
  }

  test('is not suspected of having the message while its end is unwritten', async () => {
    for (const extensions of ['PIPELINING', 'CHUNKING']) {
      const service = new Service({ steps: [send] })
      await service.hear('220 mx\r\n')
      await service.hear(`250-mx\r\n250 ${extensions}\r\n`)
      const { sender } = service
      const answers = ['250 ok\r\n', '250 ok\r\n', '250 ok\r\n', ...(extensions === 'CHUNKING' ? [] : ['354 go\r\n'])]
      for (const words of answers) {
        sender.takeOutput()
        sender.feed(Buffer.from(words))
        sender.next()
      }
      sender.body(Buffer.from('hi\r\n'))
      sender.endBody()
      sender.gone()
      await service.run()
      assert.deepEqual(service.log, ['greeted', two('deferred 451/4.4.2*'), 'failed 451/4.4.2*'])
    }
  })

  test('may have the message, too, where the service breaks off after its end', async () => {
    const service = new Service({ steps: [send] })
    for (const words of stages.find(({ name }) => name === 'after the last chunk')?.heard ?? [])
      await service.hear(words)
    service.sender.abort()
    await service.run()
    assert.deepEqual(service.log, ['greeted', two('deferred? 451/4.3.0*'), 'closed'])
  })

  test('after QUIT has left in good order', async () => {
    for (const how of ['gone', 'timedOut'] as const) {
      const service = new Service()
      await service.hear('220 mx\r\n')
      await service.hear('250 mx\r\n')
      assert.equal(service.patience, budget.quitMs)
      service.sender[how]()
      await service.run()
      assert.deepEqual(service.log, ['greeted', 'closed'])
    }
  })

  test('changes nothing once the session is over', async () => {
    const service = new Service()
    await service.hear('554 no\r\n')
    service.sender.gone()
    service.sender.timedOut()
    service.sender.abort()
    service.sender.feed(Buffer.from('220 mx\r\n'))
    await service.run()
    assert.deepEqual(service.log, ['failed 554'])
  })
})

describe('a service that does what is not its turn', () => {
  const deeds: [string, Step][] = [
    ['send', sender => sender.send(transaction())],
    ['startTls', sender => sender.startTls()],
    ['quit', sender => sender.quit()],
    ['secured', sender => sender.secured()],
    ['body', sender => sender.body(Buffer.from('x'))],
    ['endBody', sender => sender.endBody()],
  ]
  for (const [name, deed] of deeds) {
    test(`is told that ${name}() is a mistake`, () => assert.throws(() => deed(new Service().sender), Error))
    test(`may call ${name}() once the session is over`, async () => {
      const service = new Service()
      await service.hear('554 no\r\n')
      deed(service.sender)
      assert.equal(service.sender.takeOutput().length, 0)
    })
  }
})
