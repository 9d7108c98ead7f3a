/** Mail that cannot go out directly goes through the smarthost: when that is concluded, and for how long. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { aaaa } from '../dns/name-server.ts'
import { AwayHost, at } from './away.ts'
import { day, domain, minute, Sending, until } from './sending.ts'

const changed = 'mail goes through the smarthost from now on; tomorrow it is tried directly again'
const complaint = 'mail cannot go out directly; set relay.host to a smarthost'
const silent = ['one.example', 'two.example', 'three.example'] as const

/** A household in a house whose line has port 25 closed, so to speak: the evidence is given by hand, the rest is real. */
async function household(smarthost: AwayHost | undefined, direct: AwayHost): Promise<Sending> {
  const relay = smarthost ? `[relay]\nhost = "127.0.0.1"\nport = ${smarthost.port}\ntls = "none"` : ''
  return Sending.make({ config: relay, port: direct.port, records: domain('b.example') })
}

async function showSilence(sending: Sending, domains: readonly string[] = silent): Promise<void> {
  for (const domain of domains) await sending.blockage.note({ kind: 'silent', domain })
}

describe('hosts of three domains that are silent', () => {
  test('send the mail through the smarthost, with the reason in the log, over a restart, for a day', async () => {
    await using direct = await AwayHost.start()
    await using smarthost = await AwayHost.start()
    await using sending = await household(smarthost, direct)
    await showSilence(sending, silent.slice(0, 2))
    assert.equal(sending.queue.blocked, undefined)
    await showSilence(sending, silent.slice(2))
    const why = 'the hosts of one.example, two.example, three.example do not answer: port 25 is closed on this line'
    assert.deepEqual(sending.queue.blocked, { since: sending.clock.now(), why })
    assert.deepEqual(
      sending.logged(changed).map(line => line.why),
      [why],
    )
    await sending.restart()
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.deepEqual([direct.mails.length, smarthost.mails.length], [0, 1])
    await sending.pass(day - minute)
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.equal(smarthost.mails.length, 2)
    await sending.pass(2 * minute)
    assert.equal(sending.queue.blocked, undefined)
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.deepEqual([direct.mails.length, smarthost.mails.length], [1, 2])
  })

  test('mean nothing where another host has answered in between, or where one is silent thrice', async () => {
    await using direct = await AwayHost.start()
    await using smarthost = await AwayHost.start()
    await using sending = await household(smarthost, direct)
    await showSilence(sending, silent.slice(0, 2))
    await sending.submit(['bob@b.example'])
    await sending.settle()
    assert.equal(direct.mails.length, 1)
    await showSilence(sending, [silent[2], silent[2], silent[2]])
    assert.equal(sending.queue.blocked, undefined)
  })

  test('are complained of once where there is no smarthost', async () => {
    await using direct = await AwayHost.start()
    await using sending = await household(undefined, direct)
    await showSilence(sending)
    await showSilence(sending)
    assert.equal(sending.logged(complaint).length, 1)
    assert.equal(sending.queue.blocked, undefined)
  })
})

/** A port that is as if closed on the way: connections to it come to nothing, and nobody says so. */
async function deafPort() {
  const worker = new Worker(new URL('./deaf-worker.ts', import.meta.url))
  const [port]: number[] = await once(worker, 'message')
  worker.postMessage('sleep')
  const crowd = Array.from({ length: 8 }, () => connect({ port: port ?? 0, host: '127.0.0.1' }).on('error', () => {}))
  let connected = 0
  for (const socket of crowd) socket.once('connect', () => (connected += 1))
  await until(() => connected >= 2, 'the kernel takes no more connections')
  return {
    port: port ?? 0,
    async [Symbol.asyncDispose]() {
      for (const socket of crowd) socket.destroy()
      await worker.terminate()
    },
  }
}

test('mail for hosts that are silent, or to which there is no way, goes through the smarthost at its next attempt', async () => {
  await using deaf = await deafPort()
  await using smarthost = await AwayHost.start()
  const relay = `[relay]\nhost = "127.0.0.1"\nport = ${smarthost.port}\ntls = "none"`
  // There is no way to an address of a link without the link: so it looks where there is no IPv6.
  const records = silent.flatMap(name => [...domain(name), aaaa(`mail.${name}`, 'fe80::1')])
  await using sending = await Sending.make({ config: relay, port: deaf.port, records, services: { pace: 0.005 } })
  for (const name of silent) await sending.submit([`bob@${name}`])
  await sending.settle()
  assert.match(sending.queue.blocked?.why ?? '', /do not answer: port 25 is closed on this line$/)
  assert.ok((await sending.waiting()).every(({ attempts }) => attempts === 1))
  await sending.pass(2 * minute)
  assert.deepEqual([smarthost.mails.length, sending.store.outbound.length], [3, 0])
})

const words: readonly (readonly [answer: string, blocked: boolean])[] = [
  ['550 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org', true],
  ['554 5.7.1 Your address is on our blocklist', true],
  ['550-your host is in a dynamic range\r\n550 go away', true],
  ['450 4.7.1 Client host rejected: residential address', true],
  ['550 5.7.1 Message content rejected', false],
  ['550 5.1.1 no such user in our dynamic directory', false],
  ['452 4.2.2 mailbox full', false],
]

describe('a refusal', () => {
  for (const stage of ['greeting', 'RCPT', 'end'] as const) {
    for (const [answer, blocked] of words) {
      test(`at ${stage} with ${JSON.stringify(answer)} ${blocked ? 'means the line' : 'means the message'}`, async () => {
        await using direct = await AwayHost.start({ manner: at({ [stage]: answer }) })
        await using smarthost = await AwayHost.start()
        await using sending = await household(smarthost, direct)
        await sending.submit(['bob@b.example'])
        await sending.settle()
        assert.equal(sending.queue.blocked !== undefined, blocked)
        if (blocked) assert.match(sending.queue.blocked?.why ?? '', /^b\.example takes no mail from this address: /)
      })
    }
  }
})
