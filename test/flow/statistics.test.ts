/** What is noted each day of the disk, and for how many days it will do: flow/statistics.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { type Day, daysLeft, noteDay, notedDays } from '../../src/flow/statistics.ts'
import { deliver, letter, Postbox } from '../store/letters.ts'

const dayMs = 24 * 60 * 60_000
const today = 20_779
const now = today * dayMs + 5 * 60 * 60_000
const GiB = 1024 ** 3

/** @param free GiB, of the days up to today */
const days = (...free: readonly number[]): Day[] =>
  free.map((size, i) => ({ day: today - free.length + 1 + i, mail: 0, free: size * GiB }))

const cases: readonly (readonly [name: string, days: readonly Day[], room: number, left: number | undefined])[] = [
  ['nothing is known', [], 10, undefined],
  ['too little is known', days(13, 12, 11), 10, undefined],
  ['a GiB goes each day', days(13, 12, 11, 10), 10, 10],
  ['half of one goes each day', days(12, 11.5, 11, 10.5, 10), 10, 20],
  ['nothing goes', days(10, 10, 10, 10), 10, undefined],
  ['it empties', days(10, 11, 12, 13), 13, undefined],
  ['it fills in centuries', days(10.0003, 10.0002, 10.0001, 10), 10, undefined],
  ['there is no room left', days(4, 3, 2, 1), 0, 0],
  ['there is less than none', days(4, 3, 2, 1), -1, 0],
  ['one day in the middle had a large film', days(20, 20, 20, 20, 18, 18, 18, 18), 18, 47],
  ['today had a large film', days(20, 20, 20, 20, 20, 20, 20, 18), 18, 108],
  [
    'the last month counts, and not the one before',
    [...days(...Array<number>(60).fill(90)).slice(0, 30), ...days(13, 12, 11, 10)],
    10,
    10,
  ],
  ['the clock was ahead once', [...days(13, 12, 11, 10), { day: today + 900, mail: 0, free: 0 }], 10, 10],
]

describe('the days that are left, when', () => {
  for (const [name, noted, room, left] of cases) {
    test(name, () => assert.equal(daysLeft(noted, room * GiB, now), left))
  }

  test('any days are noted, are a whole number or not known', () => {
    const day = fc.record({ day: fc.nat(today + 5), mail: fc.nat(), free: fc.maxSafeNat() })
    fc.assert(
      fc.property(fc.array(day, { maxLength: 80 }), fc.maxSafeInteger(), (noted, room) => {
        const left = daysLeft(noted, room, now)
        assert.ok(left === undefined || (Number.isInteger(left) && left >= 0))
      }),
    )
  })
})

describe('a day', () => {
  test('is noted with its mail and the room on the disk, and again in place of itself', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    const { store } = postbox
    assert.deepEqual(notedDays(store.settings), [])
    await noteDay(store, now)
    assert.deepEqual(
      notedDays(store.settings).map(({ day, mail }) => [day, mail]),
      [[today, 0]],
    )
    await deliver(store, ['alice', 'bob'], letter(5000))
    await noteDay(store, now + 60_000)
    const [noted, ...others] = notedDays(store.settings)
    assert.deepEqual(others, [])
    const octets = store.accounts.list().map(({ id }) => store.mailbox(id).octets)
    assert.equal(
      noted?.mail,
      octets.reduce((sum, one) => sum + one, 0),
    )
    assert.ok((noted?.free ?? 0) > 0)
  })

  test('is remembered for two months, over a restart, and not longer', async () => {
    await using postbox = await Postbox.make()
    for (let i = 0; i < budget.statisticsDays + 10; i++) await noteDay(postbox.store, now + i * dayMs)
    await postbox.restart()
    const noted = notedDays(postbox.store.settings)
    assert.equal(noted.length, budget.statisticsDays)
    assert.equal(noted.at(-1)?.day, today + budget.statisticsDays + 9)
  })

  test('that was noted under a clock that was ahead is forgotten', async () => {
    await using postbox = await Postbox.make()
    for (const ms of [now + 900 * dayMs, now]) await noteDay(postbox.store, ms)
    assert.deepEqual(
      notedDays(postbox.store.settings).map(({ day }) => day),
      [today],
    )
  })

  const damaged = ['', 'nonsense', '{}', '[1, "two", null, [], [1], [1, 2], [1, 2, -3], [1.5, 2, 3], ["1", 2, 3]]']
  for (const text of damaged) {
    test(`is not read from ${JSON.stringify(text)}`, () => assert.deepEqual(notedDays({ get: () => text }), []))
  }
})
