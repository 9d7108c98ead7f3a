/** Dates as mail writes them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDate } from '../../src/message/date.ts'

const cases: readonly (readonly [date: string, text: string])[] = [
  ['1970-01-01T00:00:00.000Z', 'Thu, 1 Jan 1970 00:00:00 +0000'],
  ['1999-12-31T23:59:59.999Z', 'Fri, 31 Dec 1999 23:59:59 +0000'],
  ['2000-02-29T09:05:07.000Z', 'Tue, 29 Feb 2000 09:05:07 +0000'],
  ['2026-11-21T22:15:52.000Z', 'Sat, 21 Nov 2026 22:15:52 +0000'],
  ['2027-03-01T00:00:00.000Z', 'Mon, 1 Mar 2027 00:00:00 +0000'],
]

describe('a date (RFC 5322 §3.3)', () => {
  for (const [date, text] of cases) {
    test(`${date} is written ${text}`, () => assert.equal(formatDate(Date.parse(date)), text))
  }

  test('reads back as the same second, whatever it is', () => {
    const years = { min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }
    fc.assert(
      fc.property(fc.date(years), date => {
        const seconds = Math.floor(date.getTime() / 1000)
        assert.equal(Date.parse(formatDate(date.getTime())), seconds * 1000)
      }),
    )
  })
})
