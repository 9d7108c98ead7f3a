/**
 * Kills the server while mail goes out, starts it again on the same data, and looks what became of each message: none that was
 * acknowledged is lost, and one arrives twice only where RFC 5321 §4.5.4.2 leaves no choice, which is between the other host's
 * 250 and our note of it. By hand, with any number of rounds and the seed of a run before:
 * `node test/crash/outbound.crash.ts 500 7`, or PORCHLIGHT_ROUNDS=500.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { MailHost } from './mailhost.ts'
import { playOutboundRounds } from './outbound-rounds.ts'
import { bounceStages, deliveryStages, playStages } from './outbound-stages.ts'
import { Outbox, until } from './outbox.ts'
import { Postbag, sender, senderAddress } from './postbag.ts'
import { Random } from './random.ts'
import { chooseRounds } from './rounds.ts'
import { command } from './session.ts'
import { setBack } from './setback.ts'

const { rounds, seed } = chooseRounds(Number(process.env.PORCHLIGHT_ROUNDS ?? 20))

describe('killed while mail goes out', { concurrency: true }, () => {
  test('at each step of an attempt, no message is lost, and none arrives twice for no reason', async () => {
    for (const line of await playStages({ stages: deliveryStages })) console.log(line)
  })

  test('around a refusal, the message comes back once', async () => {
    for (const line of await playStages({ stages: bounceStages })) console.log(line)
  })

  test('what is forwarded arrives, and what an alias leads to here as well', async () => {
    await using host = await MailHost.open('modern')
    await using outbox = await Outbox.make({ hosts: new Map([['b.example', host]]) })
    const [postbag, random] = [new Postbag(), new Random(1)]
    await command(outbox.server, ['alias', 'add', 'club', sender, 'bob@b.example'])
    for (const at of ['submitted', 'MAIL', 'end'] as const) {
      const reached = Promise.withResolvers<void>()
      host.manner = {
        answer: step => {
          if (step === at) reached.resolve()
          return step === at || at === 'submitted' ? 'silence' : undefined
        },
      }
      const letter = postbag.compose(random, [senderAddress, 'bob@b.example'])
      await outbox.hand({ ...letter, to: ['club@home.example'] }, random)
      if (at !== 'submitted') await reached.promise
      outbox.strike()
      await outbox.fallen()
      host.manner = {}
      await outbox.start()
    }
    outbox.strike()
    await outbox.fallen()
    const { tally } = await outbox.finish(postbag)
    assert.equal(tally.arrived, 3)
    assert.equal(tally.bounced, 0)
  })

  test('50 messages that wait for their next attempt keep their places in the schedule', async () => {
    await using host = await MailHost.open('modern')
    const domains = ['b.example', 'c.example', 'd.example']
    await using outbox = await Outbox.make({ hosts: new Map(domains.map(domain => [domain, host])), retry: '15s' })
    const [postbag, random] = [new Postbag(), new Random(1)]
    host.manner = { answer: step => (step === 'RCPT' ? '451 4.2.1 Not now' : undefined) }
    {
      using submitter = await outbox.submitter()
      for (let i = 0; i < 50; i++) {
        await submitter.hand(postbag.compose(random, [`bob@${domains[i % domains.length]}`]), random)
      }
    }
    await until('all are deferred', () => outbox.server.log.filter(({ msg }) => msg === 'deferred').length >= 50)
    outbox.strike()
    await outbox.fallen()
    const schedule = await outbox.waiting()
    assert.deepEqual(
      schedule.map(({ attempts, last }) => ({ attempts, last })),
      Array.from({ length: 50 }, () => ({ attempts: 1, last: '451 4.2.1 Not now' })),
    )
    assert.deepEqual(await outbox.waiting(true), schedule)

    await rm(join(outbox.data, 'index'), { recursive: true })
    await outbox.start()
    outbox.strike()
    await outbox.fallen()
    assert.deepEqual(await outbox.waiting(), schedule)

    const came = new Map<string, number>()
    host.manner = {
      answer: (step, token) => {
        if (step === 'end') came.set(token, Date.now())
        return undefined
      },
    }
    const { tally } = await outbox.finish(postbag)
    assert.deepEqual(tally, { arrived: 50, bounced: 0, again: 0 })
    // One submitter: the records stand in the order of the messages.
    const early = schedule.filter(({ due }, i) => (came.get(`m${i}`) ?? 0) < due)
    assert.deepEqual(early, [], 'these were tried before they were due')
  })

  test(`at ${rounds} moments of mixed traffic, nothing acknowledged is lost (seed ${seed})`, async () => {
    await playOutboundRounds({ rounds, seed, befall: setBack })
  })
})
