/** Sizes and durations: base/units.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, formatSize, parseDuration, parseSize, roundSize } from '../../src/base/units.ts'

const KiB = 1024
const MiB = 1024 * KiB

describe('sizes', () => {
  const good: Record<string, number> = {
    '0': 0,
    '1000': 1000,
    '1000 B': 1000,
    '64 KiB': 64 * KiB,
    '1GiB': 1024 * MiB,
    '50 MiB': 50 * MiB,
    ' 50 mib ': 50 * MiB,
    '10 MB': 10_000_000,
    '3kB': 3000,
    '2 TiB': 2 * 1024 ** 4,
  }
  for (const [text, octets] of Object.entries(good)) {
    test(`"${text}" is ${octets} octets`, () => assert.equal(parseSize(text), octets))
  }
  for (const text of [
    '',
    'lots',
    '50 M',
    '-1',
    '1.5 MiB',
    '1e3',
    '50 MiB x',
    'MiB',
    '50  MiB',
    '99999999999999999999',
    '9999999 TiB',
  ]) {
    test(`"${text}" is no size`, () => assert.equal(parseSize(text), undefined))
  }
  test('what formatSize writes, parseSize reads back exactly', () => {
    fc.assert(fc.property(fc.maxSafeNat(), octets => assert.equal(parseSize(formatSize(octets)), octets)))
  })
  test('the largest unit that fits exactly is written', () => {
    assert.deepEqual([0, 50 * MiB, 1536 * KiB, 10_000_000, 1001].map(formatSize), [
      '0 B',
      '50 MiB',
      '1536 KiB',
      '10 MB',
      '1001 B',
    ])
  })
  test('a table shows sizes rounded, in binary units', () => {
    assert.deepEqual([0, 1023, 1536, 3.4 * MiB, 10_000_000].map(roundSize), [
      '0 B',
      '1023 B',
      '1.5 KiB',
      '3.4 MiB',
      '9.5 MiB',
    ])
  })
})

describe('durations', () => {
  const good: Record<string, number> = {
    '500ms': 500,
    '90s': 90_000,
    '5m': 300_000,
    '1h30m': 5_400_000,
    '1h 30m': 5_400_000,
    ' 10 m ': 600_000,
    '2d': 172_800_000,
    '0s': 0,
    '1m1ms': 60_001,
  }
  for (const [text, ms] of Object.entries(good)) {
    test(`"${text}" is ${ms} ms`, () => assert.equal(parseDuration(text), ms))
  }
  for (const text of ['', '5', '5 minutes', '30m1h', '1m1m', '-5m', '1.5h', 'm', '5M', '99999999999999999999d']) {
    test(`"${text}" is no duration`, () => assert.equal(parseDuration(text), undefined))
  }
  test('what formatDuration writes, parseDuration reads back exactly', () => {
    fc.assert(fc.property(fc.maxSafeNat(), ms => assert.equal(parseDuration(formatDuration(ms)), ms)))
  })
  test('no unit without a count is written', () => {
    assert.deepEqual([0, 300_000, 90_000, 5_400_500].map(formatDuration), ['0s', '5m', '1m30s', '1h30m500ms'])
  })
})

test('any text gives a number or nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      for (const value of [parseSize(text), parseDuration(text)])
        assert(value === undefined || Number.isSafeInteger(value))
    }),
  )
})
