// Any text is a size or a duration, or is none; one that was read is a whole number that comes back from how it is written.
import assert from 'node:assert/strict'
import { formatDuration, formatSize, parseDuration, parseSize, roundSize } from '../../../src/base/units.ts'
import type { Target } from '../engine.ts'

const kinds = [
  [parseSize, formatSize],
  [parseDuration, formatDuration],
] as const

export const units: Target = {
  seeds: ['50 MiB', '64kB', '1h30m', '90s', '1d 2h 3m 4s 5ms', '12345', '0s'],
  words: [
    '0',
    '1',
    '9',
    '99999999999999999999',
    ' ',
    'B',
    'kB',
    'KiB',
    'MiB',
    'GB',
    'TiB',
    'd',
    'h',
    'm',
    's',
    'ms',
    '-',
    '.',
    'e',
    'x',
    '\n',
    '٣',
    'K',
  ],
  most: 400,
  check(input) {
    const text = input.toString()
    return kinds.map(([parse, format]) => {
      const value = parse(text)
      if (value === undefined) return 'none'
      assert.ok(Number.isSafeInteger(value) && value >= 0)
      assert.equal(parse(format(value)), value)
      assert.match(roundSize(value), /^\d+(?:\.\d)? (?:[KMGT]i)?B$/)
      return text.replaceAll(/\d+/g, '1')
    })
  },
}
