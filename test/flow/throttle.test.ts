/** The throttle in time that is passed in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Throttle } from '../../src/flow/throttle.ts'

const start = 1000
const minute = 60_000
const address = '192.0.2.7'

/** Fails so often, at one moment, from one address, each time at another account. */
function fail(throttle: Throttle, times: number, at = start): void {
  for (let i = 0; i < times; i++) throttle.failed(address, `account ${i}`, at)
}

describe('an address', () => {
  const waits: readonly (readonly [failures: number, ms: number])[] = [
    [0, 0],
    [4, 0],
    [5, 1000],
    [6, 2000],
    [9, 16_000],
    [14, 512_000],
    [15, 15 * minute],
    [500, 15 * minute],
  ]
  for (const [failures, ms] of waits) {
    test(`after ${failures} failed logins is turned away for ${ms} ms`, () => {
      const throttle = new Throttle()
      fail(throttle, failures)
      if (ms > 0) assert.ok(throttle.turnsAway(address, start + ms - 1))
      assert.ok(!throttle.turnsAway(address, start + ms))
      assert.ok(!throttle.turnsAway('192.0.2.8', start))
    })
  }

  test('is forgiven by a login that succeeds', () => {
    const throttle = new Throttle()
    fail(throttle, 20)
    throttle.succeeded(address, 'alice')
    assert.ok(!throttle.turnsAway(address, start))
    fail(throttle, 4)
    assert.ok(!throttle.turnsAway(address, start))
  })

  test('is forgiven after an hour without a failure', () => {
    const throttle = new Throttle()
    fail(throttle, 20)
    fail(throttle, 1, start + 60 * minute)
    assert.ok(!throttle.turnsAway(address, start + 60 * minute))
  })
})

describe('an account', () => {
  test('is answered later at each failure, up to eight seconds, wherever they come from', () => {
    const throttle = new Throttle()
    const delays = Array.from({ length: 8 }, (_, i) => throttle.failed(`192.0.2.${i}`, 'alice', start))
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000])
    assert.equal(throttle.failed(address, 'bob', start), 500)
  })

  test('begins anew after a login that succeeds, and after an hour', () => {
    const throttle = new Throttle()
    for (let i = 0; i < 5; i++) throttle.failed(address, 'alice', start)
    assert.equal(throttle.failed(address, 'alice', start + 60 * minute), 500)
    throttle.failed(address, 'alice', start + 60 * minute)
    throttle.succeeded(address, 'alice')
    assert.equal(throttle.failed(address, 'alice', start + 60 * minute), 500)
  })
})

test('so many addresses are remembered and no more: the one that failed longest ago is forgotten', () => {
  const throttle = new Throttle()
  fail(throttle, 20)
  for (let i = 0; i < budget.throttleEntries - 1; i++) throttle.failed(`2001:db8::${i}`, 'x', start)
  assert.ok(throttle.turnsAway(address, start))
  throttle.failed('192.0.2.8', 'x', start)
  assert.ok(!throttle.turnsAway(address, start))
})

test('failures are remembered for who looks after the box, as many as may be, and until a login succeeds', () => {
  const throttle = new Throttle()
  for (let i = 0; i < 3; i++) throttle.failed(address, 'alice', start + i)
  assert.deepEqual(throttle.remembered(start + minute), [
    { kind: 'address', name: address, count: 3, ago: minute - 2 },
    { kind: 'account', name: 'alice', count: 3, ago: minute - 2 },
  ])
  throttle.succeeded(address, 'alice')
  assert.deepEqual(throttle.remembered(start), [])
  for (let i = 0; i < budget.throttleEntries + 5; i++) throttle.failed(`address ${i}`, `account ${i}`, start)
  assert.equal(throttle.remembered(start).length, 2 * budget.throttleEntries)
})
