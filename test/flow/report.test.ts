/** Who hears what of a message: RFC 3461, seen in the mailbox of its sender. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { notify, type Recipient } from '../../src/store/message.ts'
import { logRecords } from '../store/letters.ts'
import { AwayHost, at, type Manner } from './away.ts'
import { domain, hour, Sending } from './sending.ts'

type Household = { readonly host: AwayHost; readonly sending: Sending } & AsyncDisposable

async function household(manner: Manner = () => undefined, extensions = ['DSN']): Promise<Household> {
  const host = await AwayHost.start({ manner, extensions })
  const sending = await Sending.make({ port: host.port, records: domain('b.example') })
  return {
    host,
    sending,
    async [Symbol.asyncDispose]() {
      await sending[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}

const bob = (notify: number, orcpt = ''): Recipient => ({ path: 'bob@b.example', notify, orcpt })
const actionOf = (report: string) => /^Action: (\w+)\r\n/m.exec(report)?.[1]

const refuse = at({ RCPT: '550 5.1.1 nobody' })
const delay = at({ RCPT: '450 4.2.1 busy' })
const take = at({})

const wishes: readonly (readonly [
  name: string,
  manner: Manner,
  notify: number,
  dsn: boolean,
  actions: readonly string[],
])[] = [
  ['that fails', refuse, 0, true, ['failed']],
  ['that fails, asked to hear of that', refuse, notify.failure, true, ['failed']],
  ['that fails, asked to hear of delays only', refuse, notify.delay, true, []],
  ['that fails, asked to hear of success only', refuse, notify.success, true, []],
  ['that fails, asked never to hear', refuse, notify.never, true, []],
  ['that is delayed', delay, 0, true, ['delayed']],
  ['that is delayed, asked to hear of that', delay, notify.delay, true, ['delayed']],
  ['that is delayed, asked to hear of failure only', delay, notify.failure, true, []],
  ['that is delayed, asked never to hear', delay, notify.never, true, []],
  ['that is delivered', take, 0, false, []],
  ['that is delivered to a host with DSN, asked to hear of that', take, notify.success, true, []],
  ['that is delivered to a host without DSN, asked to hear of that', take, notify.success, false, ['relayed']],
  ['that is delivered to a host without DSN, asked to hear of failure', take, notify.failure, false, []],
]

describe('the sender of a message', () => {
  for (const [name, manner, bits, dsn, actions] of wishes) {
    test(`${name} hears of ${actions.join() || 'nothing'}`, async () => {
      await using house = await household(manner, dsn ? ['DSN'] : [])
      const { sending } = house
      await sending.submit([bob(bits)])
      await sending.settle()
      await sending.pass(4 * hour)
      await sending.pass(8 * hour)
      assert.deepEqual((await sending.reports()).map(actionOf), actions)
    })
  }

  test('hears of each recipient what holds for that one', async () => {
    await using house = await household((stage, line) => {
      if (stage !== 'RCPT') return undefined
      if (line.includes('never') || line.includes('fails')) return '550 5.1.1 nobody'
      return undefined
    }, [])
    const { sending } = house
    const to = (name: string, bits: number) => ({ path: `${name}@b.example`, notify: bits, orcpt: '' })
    await sending.submit([to('fails', 0), to('never', notify.never), to('asks', notify.success), to('rests', 0)])
    await sending.settle()
    const reports = await sending.reports()
    assert.deepEqual(reports.map(actionOf), ['failed', 'relayed'])
    assert.deepEqual(
      reports.map(report => [...report.matchAll(/^Final-Recipient: rfc822; (\w+)@/gm)].map(([, name]) => name)),
      [['fails'], ['asks']],
    )
  })
})

describe('a report', () => {
  test('names what the sender named, and goes out with nobody to answer to', async () => {
    await using house = await household(refuse)
    const { sending, host } = house
    const id = await sending.submit([bob(0, 'rfc822;robert@c.example')], { envid: 'QQ 314' })
    await sending.settle()
    const [message, ...others] = await sending.household.inbox('alice')
    assert.equal(others.length, 0)
    const report = message?.octets.toString() ?? ''
    assert.match(report, /^Original-Envelope-Id: QQ 314\r\n/m)
    assert.match(report, /^Original-Recipient: rfc822; ?robert@c\.example\r\n/m)
    assert.match(report, /^Remote-MTA: dns; ?mail\.b\.example\r\n/m)
    assert.match(report, /^Auto-Submitted: auto-/m)
    assert.equal(message?.record.reversePath, '')
    assert.equal(message?.record.recipients[0]?.notify, notify.never)
    assert.notEqual(id, '')
    assert.match(host.lines.find(line => line.startsWith('RCPT')) ?? '', / ORCPT=rfc822;robert@c\.example$/)
    assert.match(host.lines.find(line => line.startsWith('MAIL')) ?? '', / ENVID=QQ\+20314$/)
  })

  for (const [ret, octets, whole] of [
    ['', 100, false],
    ['HDRS', 100, false],
    ['FULL', 100, true],
    ['FULL', budget.reportFull, false],
  ] as const) {
    test(`returns ${whole ? 'the message' : 'its header'} for RET=${ret || 'nothing'} and ${octets} octets`, async () => {
      await using house = await household(refuse)
      const { sending } = house
      await sending.submit([bob(0)], { ret, body: `Subject: hello\r\n\r\nthe text\r\n${'x'.repeat(octets)}\r\n` })
      await sending.settle()
      const [report = ''] = await sending.reports()
      assert.equal(report.includes('\r\nthe text\r\n'), whole)
      assert.match(report, /^Subject: hello\r\n/m)
    })
  }

  test('of a delay is never the whole message', async () => {
    await using house = await household(delay)
    const { sending } = house
    await sending.submit([bob(0)], { ret: 'FULL' })
    await sending.settle()
    await sending.pass(4 * hour)
    const [report = ''] = await sending.reports()
    assert.equal(actionOf(report), 'delayed')
    assert.doesNotMatch(report, /Good evening/)
  })

  test('is never made of a report', async () => {
    await using house = await household(refuse)
    const { sending } = house
    await sending.submit([bob(0)], { reversePath: '' })
    await sending.settle()
    assert.deepEqual([sending.store.outbound.length, await sending.reports()], [0, []])
    assert.equal(sending.logged('a report could not be delivered; it ends here').length, 1)
  })

  test('for an account that is gone ends in the log', async () => {
    await using house = await household(refuse)
    const { sending } = house
    await sending.submit([bob(0)], { reversePath: 'zoe@home.example' })
    await sending.settle()
    assert.equal(sending.store.outbound.length, 0)
    assert.equal(sending.logged('a report has nobody to go to; it ends here').length, 1)
  })

  test('for a sender elsewhere, whose mail was only passed on, goes there', async () => {
    await using house = await household((stage, line) =>
      stage === 'RCPT' && line.includes('bob') ? '550 5.1.1 no' : undefined,
    )
    const { sending, host } = house
    await sending.submit([bob(0)], { reversePath: 'carol@b.example' })
    await sending.settle()
    assert.deepEqual(
      host.mails.map(({ from, to }) => [from, to]),
      [['', ['carol@b.example']]],
    )
    assert.match(host.mails[0]?.body ?? '', /^Action: failed\r\n/m)
    assert.ok(host.lines.some(line => /^RCPT TO:<carol@b\.example> NOTIFY=NEVER$/.test(line)))
  })

  test('of a failure and the failure itself are kept together: they follow each other in the log, in one batch', async () => {
    await using house = await household(refuse)
    const { sending } = house
    await sending.submit([bob(0)])
    await sending.settle()
    assert.equal((await sending.reports()).length, 1)
    await sending.queue.stop()
    const copy = await mkdtemp(join(tmpdir(), 'porchlight-report-'))
    await sending.household.restart()
    await cp(sending.household.directory, copy, { recursive: true, filter: path => !path.endsWith('/LOCK') })
    const records = await logRecords(copy).finally(() => rm(copy, { recursive: true }))
    // Beside them the queue notes what the clock shows.
    const mail = records.map(({ record }) => record.kind).filter(kind => kind !== 'setting')
    assert.deepEqual(mail.slice(-4), ['message', 'block', 'message', 'attempt'])
  })
})
