/** The queue: what goes out when, over how many connections, and what a failure leaves behind. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { budget } from '../../src/base/budget.ts'
import { a, mx } from '../dns/name-server.ts'
import { openStore } from '../support/household.ts'
import { AwayHost, at } from './away.ts'
import { day, domain, hour, minute, Sending, until } from './sending.ts'

/** A name server for which every domain has the one host. */
const everywhere = ({ name, type }: { name: string; type: string }) =>
  type === 'MX'
    ? [{ answers: [mx(name, 10, 'mail.away.example')] }]
    : [{ answers: type === 'A' ? [a(name, '127.0.0.1')] : [] }]

describe('many recipients', () => {
  test('of 300 domains all get the message, over as many connections at once as the budget says', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, names: everywhere })
    const to = Array.from({ length: 1000 }, (_, i) => `user${i}@domain${i % 300}.example`)
    await sending.submit(to)
    await sending.settle()
    assert.deepEqual(host.mails.flatMap(mail => mail.to).sort(), to.toSorted())
    assert.equal(host.mails.length, 300, 'one transaction for each domain')
    assert.ok(host.mostAtOnce <= budget.nextHops * budget.hopConnections, `${host.mostAtOnce} connections at once`)
    assert.equal(sending.store.outbound.length, 0)
    await host.left()
  })

  test('of messages that come while others go all get theirs, with nobody asked to look again', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, names: everywhere })
    sending.queue.start()
    const count = 150
    for (let i = 0; i < count; i++) {
      await sending.submit([`user${i}@domain${i % 3}.example`])
      for (let turns = i % 5; turns > 0; turns--) await setImmediate()
    }
    await sending.settle()
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [count, 0])
  })

  test('get theirs though hosts are slow to say goodbye', async () => {
    await using host = await AwayHost.start({ manner: at({ QUIT: 'silence' }) })
    await using sending = await Sending.make({ port: host.port, names: everywhere, services: { pace: 0.03 } })
    sending.queue.start()
    for (let i = 1; i <= 4; i++) {
      await sending.submit([`user${i}@b.example`])
      await until(() => sending.store.outbound.length === 0, `message ${i} has arrived`)
    }
    assert.equal(host.mails.length, 4)
    await sending.settle()
    assert.ok(host.mostAtOnce <= budget.hopConnections)
  })
})

describe('a destination that cannot be reached', () => {
  test('is knocked at once for all its mail, and left alone by new mail', async () => {
    await using host = await AwayHost.start({ manner: at({ greeting: '421 busy' }) })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    for (let i = 0; i < budget.dispatches + 10; i++) await sending.submit([`${i}@b.example`])
    await sending.settle()
    assert.equal(host.came, 1)
    const waiting = await sending.waiting()
    assert.equal(waiting.length, budget.dispatches + 10)
    assert.ok(waiting.every(({ attempts, last }) => attempts === 1 && last === '421 busy'))
    assert.ok(new Set(waiting.map(({ due }) => due)).size > 10, 'they do not all come back at the same moment')

    await sending.submit(['new@b.example'])
    await sending.pass(minute / 2)
    assert.equal(host.came, 1)
    host.manner = () => undefined
    await sending.pass(minute)
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [budget.dispatches + 11, 0])
    assert.equal(host.came, 2)
  })

  test('is tried at once when somebody knows better', async () => {
    await using host = await AwayHost.start({ manner: at({ greeting: '421 busy' }) })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.submit(['bob@b.example'])
    await sending.settle()
    host.manner = () => undefined
    await sending.retry()
    assert.equal(host.mails.length, 0, 'it rests')
    sending.queue.forgetRests()
    await sending.retry()
    assert.equal(host.mails.length, 1)
  })

  test('is not in the way of others', async () => {
    await using host = await AwayHost.start()
    const records = [...domain('b.example', '127.0.0.9'), ...domain('c.example')]
    await using sending = await Sending.make({ port: host.port, records })
    await sending.submit(['bob@b.example', 'carol@c.example'])
    await sending.settle()
    assert.deepEqual(host.mails[0]?.to, ['carol@c.example'])
    assert.equal((await sending.lone()).last, '451 4.4.1 mail.b.example takes no connections')
  })

  test('through which the mail of many domains goes is knocked at once by each connection', async () => {
    await using host = await AwayHost.start({ manner: at({ greeting: '421 busy' }) })
    const config = `[relay]\nmode = "smarthost"\nhost = "127.0.0.1"\nport = ${host.port}\ntls = "none"`
    await using sending = await Sending.make({ config })
    await sending.submit(Array.from({ length: 50 }, (_, i) => `user@domain${i}.example`))
    await sending.settle()
    assert.ok(host.came <= budget.hopConnections, `${host.came} connections`)
    assert.ok((await sending.waiting()).every(({ attempts, last }) => attempts === 1 && last === '421 busy'))
    host.manner = () => undefined
    await sending.pass(2 * minute)
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [50, 0])
  })
})

describe('the schedule', () => {
  test('waits longer after each attempt, tells of the delay once, and gives up', async () => {
    await using host = await AwayHost.start({ manner: at({ RCPT: '450 4.2.1 busy' }) })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    const begun = sending.clock.now()
    await sending.submit(['bob@b.example'])
    await sending.settle()
    const waits: number[] = []
    let toldAfter = 0
    while (sending.store.outbound.length > 0) {
      const { dueIn, attempts } = await sending.lone()
      assert.equal(attempts, waits.length + 1)
      waits.push(dueIn)
      await sending.pass(Math.ceil(dueIn * minute))
      if (toldAfter === 0 && (await sending.reports()).length > 0) toldAfter = sending.clock.now() - begun
    }
    const { retry } = sending.config.delivery
    // The fourth hour and the fifth day are moments of their own: then the sender is told.
    for (const [i, wait] of waits.slice(0, 6).entries()) {
      const planned = (retry[i] ?? 0) / minute
      const inTime = wait >= planned * 0.9 && wait <= planned * 1.1
      assert.ok(inTime || i === 5, `${wait} minutes after attempt ${i + 1}`)
    }
    assert.ok(Math.max(...waits) <= 4.4 * 60)
    assert.ok(toldAfter >= 4 * hour && toldAfter < 4 * hour + minute, `told after ${toldAfter / hour} hours`)
    const took = sending.clock.now() - begun
    assert.ok(took >= 5 * day && took < 5 * day + minute, `gave up after ${took / hour} hours`)
    const reports = await sending.reports()
    assert.deepEqual(
      reports.map(report => /^Action: (\w+)\r\n/m.exec(report)?.[1]),
      ['delayed', 'failed'],
    )
    assert.match(reports[1] ?? '', /^Status: 4\.4\.7\r\n|^Status: 5\.4\.7\r\n/m)
    assert.match(
      (reports[1] ?? '').replace(/\r\n +/g, ' '),
      /4\.4\.7 It could not be delivered in time; last: 450 4\.2\.1 busy/,
    )
    assert.equal(host.mails.length, 0)
  })

  test('tells in time also where the destination rests', async () => {
    await using host = await AwayHost.start({ manner: at({ greeting: '421 busy' }) })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    const begun = sending.clock.now()
    await sending.submit(['bob@b.example'])
    await sending.settle()
    for (let i = 0; (await sending.reports()).length === 0 && i < 50; i++) {
      const { dueIn } = await sending.lone()
      await sending.pass(Math.max(minute, Math.ceil(dueIn * minute)))
    }
    const toldAfter = sending.clock.now() - begun
    assert.ok(toldAfter >= 4 * hour && toldAfter < 4 * hour + 2 * minute, `told after ${toldAfter / hour} hours`)
  })
})

describe('delivery', () => {
  test('can be suspended, over a restart as well, and goes on where it was', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    await sending.queue.suspend(true)
    await sending.submit(['bob@b.example'])
    await sending.settle()
    await sending.restart()
    await sending.pass(day)
    assert.deepEqual([sending.queue.suspended, host.came, sending.store.outbound.length], [true, 0, 1])
    await sending.queue.suspend(false)
    await sending.settle()
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 0])
  })

  test('that is suspended brings to its end what is under way, and no more', async () => {
    const suspended = Promise.withResolvers<void>()
    await using host = await AwayHost.start({
      manner: stage => {
        if (stage === 'DATA') void sending.queue.suspend(true).then(suspended.resolve, suspended.reject)
        return undefined
      },
    })
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    for (let i = 0; i < 3; i++) await sending.submit([`${i}@b.example`])
    await sending.settle()
    await suspended.promise
    assert.ok(host.mails.length >= 1 && host.mails.length < 3, `${host.mails.length} went out`)
    assert.equal(sending.store.outbound.length, 3 - host.mails.length)
    host.manner = () => undefined
    await sending.queue.suspend(false)
    await sending.settle()
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [3, 0])
  })

  test('that is stopped waits for the message under way', async () => {
    await using host = await AwayHost.start()
    await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
    let stopped: Promise<void> | undefined
    host.manner = stage => {
      if (stage === 'DATA') stopped ??= sending.queue.stop()
      return undefined
    }
    for (let i = 0; i < 3; i++) await sending.submit([`${i}@b.example`])
    sending.queue.start()
    await until(() => stopped !== undefined, 'the first message is under way')
    await stopped
    assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 2])
    await host.left()
  })

  for (const stage of ['greeting', 'DATA', 'end'] as const) {
    test(`that has to end at once leaves a host that is silent at ${stage}, and the message waits`, async () => {
      await using host = await AwayHost.start({ manner: at({ [stage]: 'silence' }) })
      await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
      await sending.submit(['bob@b.example'])
      sending.queue.start()
      const reached = stage === 'greeting' ? '' : 'DATA'
      await until(() => host.came === 1 && (reached === '' || host.lines.includes(reached)), 'it is under way')
      const stopped = sending.queue.stop()
      sending.end()
      await stopped
      await host.left()
      assert.equal(sending.store.outbound.length, 1)
    })
  }
})

/** Sets how large files of this process may grow; only the soft limit, so that it can be raised again. */
function limitFiles(octets: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${octets}:`])
}

test('an outcome that cannot be written down is none: the message is sent again', { timeout: 60_000 }, async t => {
  // Without a handler the signal that comes with the refusal would end the process.
  process.on('SIGXFSZ', () => {})
  t.after(() => limitFiles('unlimited'))
  await using host = await AwayHost.start()
  await using sending = await Sending.make({ port: host.port, records: domain('b.example') })
  const { household, clock } = sending
  await household.store.close()
  household.store = await openStore(household.directory, { clock })
  sending.renew()
  await sending.submit(['bob@b.example'])
  host.manner = stage => {
    if (stage !== 'end') return undefined
    const folder = join(household.directory, 'log')
    const logs = readdirSync(folder).filter(name => name.endsWith('.log'))
    limitFiles(Math.max(...logs.map(name => statSync(join(folder, name)).size)))
    return undefined
  }
  sending.queue.start()
  await until(() => sending.logged('mail for a domain could not be seen to').length === 1, 'the outcome is lost')
  assert.deepEqual([host.mails.length, sending.store.outbound.length], [1, 1])
  host.manner = () => undefined
  limitFiles('unlimited')
  await until(() => {
    if (sending.idle) clock.pass(5000)
    return host.mails.length === 2 && sending.store.outbound.length === 0
  }, 'the message is sent again, and that is known')
  assert.deepEqual(await sending.reports(), [])
})
