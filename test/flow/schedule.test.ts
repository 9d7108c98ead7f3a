/** When a message is tried again, and when its sender hears of it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { defaultConfig } from '../../src/base/config.ts'
import { givesUp, nextAttempt, nextNews, tellsOfDelay } from '../../src/flow/schedule.ts'

const { delivery } = defaultConfig()
const minute = 60_000
const hour = 60 * minute
const now = 1_795_299_352_000

describe('the next attempt', () => {
  for (const [attempts, minutes] of [
    [1, 1],
    [2, 5],
    [3, 15],
    [4, 30],
    [5, 60],
    [6, 120],
    [7, 240],
    [8, 240],
    [1000, 240],
  ] as const) {
    test(`after ${attempts} is about ${minutes} minutes later`, () => {
      assert.equal(nextAttempt(attempts, now, delivery, 0.5), now + minutes * minute)
      assert.equal(nextAttempt(attempts, now, delivery, 0), now + minutes * minute * 0.9)
    })
  }

  test('is a tenth sooner or later at most', () => {
    const retry = fc.array(fc.integer({ min: 1000, max: 7 * 24 * hour }), { minLength: 1, maxLength: 50 })
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), retry, random, (attempts, retry, random) => {
        const wait = nextAttempt(attempts, now, { ...delivery, retry }, random) - now
        const planned = retry[Math.min(attempts, retry.length) - 1] ?? 0
        assert.ok(wait >= planned * 0.9 - 1 && wait <= planned * 1.1 + 1)
      }),
    )
  })
})

describe('the sender', () => {
  const cases = [
    [0, false, false, 4 * hour],
    [4 * hour - 1, false, false, 4 * hour],
    [4 * hour, true, false, 5 * 24 * hour],
    [5 * 24 * hour - 1, true, false, 5 * 24 * hour],
    [5 * 24 * hour, true, true, Number.POSITIVE_INFINITY],
  ] as const
  for (const [age, delayed, back, news] of cases) {
    test(`of a message that is ${age / hour} hours old hears ${back ? 'that it is back' : delayed ? 'of the delay' : 'nothing'}`, () => {
      assert.equal(tellsOfDelay(now - age, now, delivery), delayed)
      assert.equal(givesUp(now - age, now, delivery), back)
      assert.equal(nextNews(now - age, now, delivery), now - age + news)
    })
  }
})
