/** The mail of today: counted from midnight where the household is, newest first: commands/today.ts, store/trace.ts. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { moment, startOfDay, useClock } from '../../src/commands/shown.ts'
import { mailSince, todayStatus } from '../../src/commands/today.ts'
import type { Outcome } from '../../src/store/attempt.ts'
import { attemptOf } from '../../src/store/outbound.ts'
import { deliver, envelope, letter, Postbox, submit, waiting } from '../store/letters.ts'

const hour = 60 * 60_000
const zoned = (time_zone: string) => useClock({ clock: 'iso', time_zone })
afterEach(() => zoned('UTC'))

const midnights: readonly (readonly [zone: string, at: string, midnight: string])[] = [
  ['UTC', '2026-11-22T18:05:12.345Z', '2026-11-22T00:00:00Z'],
  ['UTC', '2026-11-22T00:00:00Z', '2026-11-22T00:00:00Z'],
  ['Europe/Berlin', '2026-11-22T22:59:59Z', '2026-11-21T23:00:00Z'],
  ['Europe/Berlin', '2026-11-22T23:00:00Z', '2026-11-22T23:00:00Z'],
  // The clock goes forward, and back, in the night before.
  ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z'],
  ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z'],
  ['America/St_Johns', '2026-11-22T03:00:00Z', '2026-11-21T03:30:00Z'],
  ['Pacific/Kiritimati', '2026-11-22T09:59:00Z', '2026-11-21T10:00:00Z'],
  ['Pacific/Kiritimati', '2026-11-22T10:00:00Z', '2026-11-22T10:00:00Z'],
]

describe('the day began', () => {
  for (const [zone, at, midnight] of midnights) {
    test(`in ${zone} at ${midnight} for ${at}`, () => {
      zoned(zone)
      assert.equal(new Date(startOfDay(Date.parse(at))).toISOString(), new Date(midnight).toISOString())
    })
  }

  test('at midnight, at any time, within the last 25 hours', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe')
    fc.assert(
      fc.property(zones, fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) }), (zone, ms) => {
        zoned(zone)
        const begun = startOfDay(ms)
        assert.ok(begun <= ms && ms - begun < 25 * hour)
        assert.equal(moment(begun), `${moment(ms).slice(0, 10)} 00:00:00`)
      }),
      { numRuns: 300 },
    )
  })
})

const midnight = Date.UTC(2026, 10, 22)
const now = midnight + 18 * hour

/** Attempts to send on what waits, with this outcome for all. */
async function attempt(postbox: Postbox, outcome: Outcome, date: number): Promise<void> {
  const { outbound } = postbox.store
  const answer = { code: 250, enhanced: '2.0.0', text: 'OK' }
  const records = (await waiting(postbox.store)).map(one => {
    const results = one.pending.map(recipient => ({ recipient, outcome, answer }))
    return { ...attemptOf(one, date), remote: 'mx.away.example', results }
  })
  await outbound.settle(records)
}

/** Delivers a message that was taken at that moment. */
async function receive(postbox: Postbox, date: number): Promise<void> {
  const { store } = postbox
  await using incoming = store.incoming(10)
  await incoming.append(letter(10))
  await incoming.commit(
    envelope(
      store.accounts.list().map(({ id }) => id),
      date,
    ),
  )
}

describe('the mail of today', () => {
  test('is what came in, went out and came back since midnight', async () => {
    await using postbox = await Postbox.make(['alice'])
    const { outbound } = postbox.store
    const status = () => todayStatus({ outbound, now: () => now })
    assert.deepEqual(await status(), [['today', '0 received, 0 sent on']])
    await receive(postbox, midnight - 1)
    await submit(postbox.store, ['bob@away.example'], { date: midnight - 1 })
    await attempt(postbox, 'delivered', midnight - 1)
    assert.deepEqual(await status(), [['today', '0 received, 0 sent on']])
    await receive(postbox, midnight)
    await receive(postbox, now)
    await submit(postbox.store, ['bob@away.example', 'carol@other.example'], { date: now })
    await attempt(postbox, 'deferred', now)
    assert.deepEqual(await status(), [['today', '2 received, 0 sent on']])
    await attempt(postbox, 'delivered', now)
    assert.deepEqual(await status(), [['today', '2 received, 2 sent on']])
    await submit(postbox.store, ['nobody@away.example'], { date: now })
    await attempt(postbox, 'bounced', now)
    assert.deepEqual(await status(), [['today', '2 received, 2 sent on, 1 came back']])
  })

  test('is counted no further back than it has to be', async () => {
    await using postbox = await Postbox.make(['alice'])
    for (const date of [now - 2 * hour, now - hour, now]) await receive(postbox, date)
    const seen: number[] = []
    for await (const { date } of postbox.store.outbound.tracesSince(now - hour)) seen.push(date)
    assert.deepEqual(seen, [now, now - hour])
    // Where the clock was set back, what is behind an older message is not looked for.
    await receive(postbox, now - 3 * hour)
    assert.deepEqual(await mailSince(postbox.store.outbound, now - hour), { received: 0, sentOn: 0, cameBack: 0 })
  })

  test('has all of it, where it is more than is read at once', async () => {
    await using postbox = await Postbox.make(['alice'])
    await Promise.all(Array.from({ length: 450 }, () => deliver(postbox.store, ['alice'], letter(10))))
    assert.equal((await mailSince(postbox.store.outbound, 0)).received, 450)
  })
})
