/** From when on waiting counts, whatever the clock does: flow/waits.ts, and the queue by it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'
import { Waits } from '../../src/flow/waits.ts'
import { AwayHost, at } from './away.ts'
import { day, domain, hour, minute, Sending } from './sending.ts'

const year = 365 * day
const today = Date.UTC(2026, 10, 22)

/** A house of settings and a clock, and starts of it. */
class Box {
  readonly noted = new Map<string, string>()
  writes = 0
  now = today
  elapsed = 0
  unset = false
  waits = this.start()

  start(): Waits {
    const clock: Clock = {
      now: () => this.now,
      elapsed: () => this.elapsed,
      sleep: async () => {},
      unset: () => this.unset,
    }
    const settings = {
      get: (name: string) => this.noted.get(name),
      set: async (name: string, value: string) => {
        this.writes += 1
        this.noted.set(name, value)
      },
    }
    this.elapsed = 0
    this.waits = new Waits(() => settings, clock)
    return this.waits
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= hour) {
      this.now += Math.min(left, hour)
      this.elapsed += Math.min(left, hour)
      await this.waits.look(true)
    }
  }
}

describe('a message has waited since', () => {
  test('it was accepted, while the clock goes as it should', async () => {
    const box = new Box()
    await box.waits.look(true)
    await box.pass(3 * day)
    assert.equal(box.waits.since(today + hour), today + hour)
    assert.ok(box.writes <= 7, `${box.writes} writes to the card in three days`)
  })

  for (const [name, jump] of [
    ['ahead', 8 * year],
    ['back', -8 * year],
    ['ahead by a day', day],
  ] as const) {
    test(`the clock was set, where it jumps ${name}; and over a restart`, async () => {
      const box = new Box()
      await box.waits.look(true)
      box.now += jump
      assert.equal(await box.waits.look(true), true)
      const set = box.now
      await box.pass(2 * hour)
      assert.equal(box.waits.since(today - hour), set)
      box.start()
      assert.equal(await box.waits.look(true), false)
      assert.equal(box.waits.since(today - hour), set)
      assert.equal(box.waits.since(set + hour), set + hour)
    })
  }

  test('the start, where the box was off for weeks', async () => {
    const box = new Box()
    await box.waits.look(true)
    box.now += 30 * day
    box.start()
    assert.equal(await box.waits.look(true), true)
    assert.equal(box.waits.since(today), box.now)
  })

  test('it was accepted, where the box was off for a night', async () => {
    const box = new Box()
    await box.waits.look(true)
    await box.pass(13 * hour)
    box.now += 12 * hour
    box.start()
    assert.equal(await box.waits.look(true), false)
    assert.equal(box.waits.since(today + hour), today + hour)
  })

  test('this moment, while the clock is not set', async () => {
    const box = new Box()
    await box.waits.look(true)
    box.unset = true
    await box.pass(20 * day)
    assert.equal(box.waits.since(today), box.now)
  })

  test('no moment that is still to come', async () => {
    const box = new Box()
    assert.equal(box.waits.since(today + minute), today)
    await box.waits.look(true)
    box.now += minute
    assert.ok(box.waits.since(box.now + day) <= box.now)
  })

  test('whenever, where nothing waits: nothing is written then', async () => {
    const box = new Box()
    await box.waits.look(false)
    box.now += 5 * day
    box.elapsed += 5 * day
    assert.equal(await box.waits.look(false), false)
    assert.equal(box.writes, 0)
  })

  test('it was accepted, where the note makes no sense', () => {
    const box = new Box()
    box.noted.set('clock.waits', '-1 x')
    assert.equal(box.start().since(today - hour), today - hour)
  })
})

/** A message to somebody who is busy for ever, tried once. */
async function busy(): Promise<{ host: AwayHost; sending: Sending } & AsyncDisposable> {
  const host = await AwayHost.start({ manner: at({ RCPT: '450 4.2.1 busy' }) })
  const sending = await Sending.make({ port: host.port, records: domain('b.example') })
  await sending.submit(['bob@b.example'])
  await sending.settle()
  return {
    host,
    sending,
    [Symbol.asyncDispose]: async () => {
      await sending[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}

/** Has all that is due tried, again and again, for so long. */
async function pass(sending: Sending, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= hour) await sending.pass(Math.min(left, hour))
}

describe('mail that waits', () => {
  test('does not come back because the clock jumped years ahead, and does when it has waited from then on', async () => {
    await using house = await busy()
    const { sending } = house
    sending.clock.wrong = 8 * year
    await pass(sending, 3 * hour)
    assert.ok((await sending.lone()).attempts > 2)
    assert.deepEqual(await sending.reports(), [])
    assert.equal(sending.logged('the clock was set; what waits counts from now on').length, 1)
    await pass(sending, 4 * day)
    assert.equal(sending.store.outbound.length, 1)
    await pass(sending, 2 * day)
    assert.equal(sending.store.outbound.length, 0)
  })

  test('is tried again soon though it was put off by years under a clock that was ahead', async () => {
    await using house = await busy()
    const { sending } = house
    sending.clock.wrong = 8 * year
    await pass(sending, 8 * hour)
    const { attempts } = await sending.lone()
    sending.clock.wrong = 0
    await pass(sending, 5 * hour)
    assert.ok((await sending.lone()).attempts > attempts)
  })

  test('does not come back, and nobody is told of a delay, while the clock is not set', async () => {
    await using house = await busy()
    const { sending } = house
    sending.clock.guesses = true
    await pass(sending, 6 * day)
    assert.equal(sending.store.outbound.length, 1)
    assert.deepEqual(await sending.reports(), [])
  })

  test('is tried for as long as any other after weeks in which the box was off', async () => {
    await using house = await busy()
    const { sending } = house
    await sending.queue.stop()
    sending.clock.pass(30 * day)
    await sending.restart()
    await sending.settle()
    assert.equal((await sending.lone()).attempts, 2)
    assert.deepEqual(await sending.reports(), [])
  })
})
