/** How many recipients a sender may name in an hour: never more in any hour, and not less for long. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { Quota } from '../../src/flow/quota.ts'

const minute = 60_000
const hour = 60 * minute

/** @returns how many of so many recipients are let pass */
function take(quota: Quota, count: number, now: number, most = 10): number {
  return Array.from({ length: count }, () => quota.take('alice', most, now)).filter(Boolean).length
}

describe('the recipients of an hour', () => {
  test('are counted for each sender by itself', () => {
    const quota = new Quota()
    assert.equal(take(quota, 12, 0), 10)
    assert.ok(quota.take('bob', 10, 0))
    assert.ok(!quota.take('alice', 10, 0))
    assert.ok(quota.take('alice', 11, 0), 'the limit is what the setting says now')
  })

  test('are those of the last hour, and not of the hour of the clock', () => {
    const quota = new Quota()
    assert.equal(take(quota, 10, 58 * minute), 10)
    assert.equal(take(quota, 1, 62 * minute), 0)
    assert.equal(take(quota, 1, 115 * minute), 0)
    assert.equal(take(quota, 11, 125 * minute), 10)
  })

  test('are forgotten after an hour of silence, also by one who had sent for hours', () => {
    const quota = new Quota()
    for (let at = 0; at < 3 * hour; at += 10 * minute) assert.equal(take(quota, 1, at), 1)
    assert.equal(take(quota, 20, 5 * hour), 10)
  })

  test('are never more than the limit, and nobody waits much longer than an hour', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat({ max: 40 * minute }), count: fc.nat({ max: 8 }) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, list => {
        const quota = new Quota()
        const passed: number[] = []
        let now = 0
        for (const { waitMs, count } of list) {
          now += waitMs
          for (let i = 0; i < count; i++) {
            const passes = quota.take('alice', 10, now)
            const lately = (ms: number) => passed.filter(at => at > now - ms).length
            if (passes) assert.ok(lately(hour) < 10)
            else assert.ok(lately(hour + 5 * minute) >= 10)
            if (passes) passed.push(now)
          }
        }
      }),
    )
  })

  test('of a bounded number of senders are remembered, those of the last ones', () => {
    const quota = new Quota()
    for (let i = 0; i <= budget.quotaEntries; i++) quota.take(`sender ${i}`, 1, 0)
    assert.ok(!quota.take(`sender ${budget.quotaEntries}`, 1, 0))
    assert.ok(quota.take('sender 0', 1, 0))
  })
})
