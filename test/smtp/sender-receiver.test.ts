/** The sender and the receiver of this house, each the other's peer. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { reply } from '../../src/smtp/reply.ts'
import type { Sender } from '../../src/smtp/sender.ts'
import { cut, lineNoise, places } from '../wire/splits.ts'
import { type Run, Service, type Step, transaction } from './sender-run.ts'
import { type Answers, Session } from './session.ts'

type Pair = {
  readonly run: Run
  readonly answers?: Answers
  readonly options?: ConstructorParameters<typeof Session>[0]
  /** Lines of the answer to EHLO that the sender does not get to see. */
  readonly without?: RegExp
  /** How octets of either side are cut. */
  readonly at?: readonly number[]
}

/** Lets the two talk until neither has anything to say. */
async function converse({
  run,
  answers,
  options,
  without,
  at = [],
}: Pair): Promise<{ service: Service; session: Session }> {
  const service = new Service(run)
  const session = new Session(options, answers)
  let said = Buffer.from('220 mail.home.example\r\n')
  while (said.length > 0) {
    const words: Buffer[] = []
    for (const chunk of cut(said, at)) words.push(await service.hear(chunk))
    let heard = ''
    for (const chunk of cut(Buffer.concat(words), at)) {
      heard += session.send(chunk)
      if (session.log.at(-1) === 'starttls' && !session.receiver.secure) session.receiver.secured()
    }
    said = Buffer.from(without ? heard.replace(without, '') : heard)
  }
  return { service, session }
}

const envelope = ['mail <bob@home.example> {"size":4}', 'recipient <alice@away.example> {}']
const received = (dotted = '') => [...envelope, 'body hi\r\n', `end 4${dotted}`]
const send: Step = sender => sender.send(transaction())

describe('between the sender and the receiver', () => {
  test('messages go in chunks, one after the other', async () => {
    const { service, session } = await converse({ run: { steps: [send, send] } })
    assert.deepEqual(service.log, ['greeted', 'done delivered 250/2.0.0 dsn', 'done delivered 250/2.0.0 dsn', 'closed'])
    assert.deepEqual(session.log.slice(0, 8), [...received(), ...received()])
  })

  test('TLS begins, and what was known before is asked again', async () => {
    const startTls = (sender: Sender) => {
      assert.equal(sender.extensions.has('STARTTLS'), true)
      sender.startTls()
    }
    const after = (sender: Sender) => {
      assert.equal(sender.extensions.has('STARTTLS'), false)
      assert.equal(sender.extensions.sizeLimit, 1000)
      send(sender)
    }
    const { service, session } = await converse({ run: { steps: [startTls, after] } })
    assert.deepEqual(service.log, ['greeted', 'starttls', 'greeted', 'done delivered 250/2.0.0 dsn', 'closed'])
    assert.deepEqual(session.log.slice(0, 5), ['starttls', ...received()])
  })

  test('every wish arrives as it was meant', async () => {
    const orcpt = 'utf-8;"a b"+älice@ö=\\.example'
    const wishes = {
      ...transaction({ eightBit: true, smtputf8: true, ret: 'FULL', envid: 'a+b=<c> d' }),
      recipients: [{ path: 'alice@away.example', notify: 'SUCCESS,FAILURE', orcpt }],
    }
    const { session } = await converse({ run: { steps: [sender => sender.send(wishes)] } })
    const parameters = { size: 4, body: '8BITMIME', smtputf8: true, ret: 'FULL', envid: 'a+b=<c> d' }
    const forReports = { notify: ['SUCCESS', 'FAILURE'], orcpt: { type: 'utf-8', address: '"a b"+älice@ö=\\.example' } }
    assert.deepEqual(session.log.slice(0, 2), [
      `mail <bob@home.example> ${JSON.stringify(parameters)}`,
      `recipient <alice@away.example> ${JSON.stringify(forReports)}`,
    ])
  })

  const outcomes: { name: string; answers?: Answers; without?: RegExp; paths: string[]; done: string; ends: string }[] =
    [
      {
        name: 'some recipients are refused',
        paths: ['eve@b.example', 'alice@b.example'],
        done: 'bounced 550/5.1.1 delivered 250/2.0.0',
        ends: 'end 4',
      },
      { name: 'all recipients are refused', paths: ['eve@b.example'], done: 'bounced 550/5.1.1', ends: 'reset' },
      {
        name: 'too many recipients are deferred',
        paths: ['alice@b.example', 'alice@c.example', 'alice@d.example', 'alice@e.example'].slice(0, 3),
        done: 'delivered 250/2.0.0 delivered 250/2.0.0 delivered 250/2.0.0',
        ends: 'end 4',
      },
      {
        name: 'DATA is refused',
        answers: event => (event.type === 'data' ? reply.storeFull : undefined),
        without: /250-CHUNKING\r\n/,
        paths: ['alice@b.example'],
        done: 'deferred 452/4.3.1',
        ends: 'reset',
      },
      {
        name: 'the message is refused',
        answers: event => (event.type === 'end' ? reply.loop : undefined),
        paths: ['alice@b.example'],
        done: 'bounced 554/5.4.6',
        ends: 'end 4',
      },
    ]
  for (const pipelining of [true, false]) {
    for (const { name, answers, without, paths, done, ends } of outcomes) {
      test(`${name}, ${pipelining ? 'in groups' : 'one command after the other'}, and the next message goes out`, async () => {
        const hidden = [without?.source, pipelining ? undefined : '250-PIPELINING\\r\\n'].filter(
          text => text !== undefined,
        )
        const first = answers
        let transactions = 0
        const { service, session } = await converse({
          run: { steps: [sender => sender.send(transaction({}, ...paths)), send] },
          answers: event => {
            if (event.type === 'mail') transactions += 1
            return transactions === 1 ? first?.(event) : undefined
          },
          ...(hidden.length > 0 && { without: new RegExp(hidden.join('|'), 'g') }),
        })
        assert.deepEqual(service.log, ['greeted', `done ${done} dsn`, 'done delivered 250/2.0.0 dsn', 'closed'])
        const second = session.log.lastIndexOf(envelope[0] ?? '')
        assert.equal(session.log[second - 1], ends)
      })
    }
  }

  test('recipients beyond what the receiver takes are a mistake of the service', async () => {
    const paths = ['alice@b.example', 'alice@c.example', 'alice@d.example', 'alice@e.example']
    const run = { steps: [(sender: Sender) => sender.send(transaction({}, ...paths))] }
    await assert.rejects(converse({ run }), Error)
  })

  test('a message larger than the receiver takes is not even begun', async () => {
    const { service, session } = await converse({
      run: { steps: [sender => sender.send(transaction({ octets: 1001 }))] },
    })
    assert.deepEqual(service.log, ['greeted', 'done bounced 552/5.3.4* dsn', 'closed'])
    assert.equal(session.log[0], 'closed')
  })

  test('a message arrives as it was, however it is given and however the octets are cut', async () => {
    const ways = fc.constantFrom(
      undefined,
      /250-CHUNKING\r\n/g,
      /250-PIPELINING\r\n/g,
      /250-(?:CHUNKING|PIPELINING)\r\n/g,
    )
    await fc.assert(
      fc.asyncProperty(lineNoise, places, places, ways, async (noise, given, at, without) => {
        const octets = Buffer.concat([noise, Buffer.from('\r\n')])
        const dotted: Step = sender => sender.send(transaction({ dotted: true, octets: octets.length }))
        const run = { steps: [dotted, dotted], message: cut(octets, given) }
        const { session, service } = await converse({ run, at, ...(without && { without }) })
        const body = session.log.find(line => line.startsWith('body '))?.slice('body '.length)
        assert.equal(body, octets.toString('latin1'))
        // Both times, whatever the receiver thinks of such a message.
        const [first, second] = service.results
        assert.deepEqual([first?.length, second], [1, first])
      }),
    )
  })
})
