/** Dates as mail writes them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDate, parseDate } from '../../src/message/date.ts'

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
        assert.equal(parseDate(formatDate(date.getTime())), seconds * 1000)
      }),
    )
  })
})

const read: readonly (readonly [text: string, date: string | undefined])[] = [
  // RFC 5322 appendix A.1.1, A.5 and A.6.2.
  ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06Z'],
  ['Thu,\t13 Feb\t 1969 23:32 -0330', '1969-02-14T03:02:00Z'],
  ['21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06Z'],
  ['Sat, 21 Nov 2026 22:15:52 +0000 (UTC)', '2026-11-21T22:15:52Z'],
  ['21 nov 2026 22:15:52', '2026-11-21T22:15:52Z'],
  ['Saturday, 21-Nov-26 22:15:52 PST', '2026-11-22T06:15:52Z'],
  ['21 November 126 1:02 Z', '2026-11-21T01:02:00Z'],
  ['1 Jan 49 00:00:60 EDT', '2049-01-01T04:01:00Z'],
  ['Thu, 31 Feb 1901 25:61:61 -9999', undefined],
  ['0 Nov 2026 01:02', undefined],
  ['21 Nix 2026 01:02', undefined],
  ['2026-11-21T22:15:52Z', undefined],
  ['tomorrow', undefined],
  ['', undefined],
]

describe('a date in a header', () => {
  for (const [text, date] of read) {
    test(`"${text}" is ${date ?? 'none'}`, () => {
      assert.equal(parseDate(text), date === undefined ? undefined : Date.parse(date))
    })
  }
})
