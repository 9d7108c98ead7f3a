/** How times are written: commands/shown.ts, in the forms and zones that a household may choose. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { defaultConfig } from '../../src/base/config.ts'
import { moment, momentWidth, useClock, zonedMoment, zoneWords } from '../../src/commands/shown.ts'

type Clock = ReturnType<typeof defaultConfig>['console']['clock']

const winter = Date.UTC(2026, 10, 22, 8, 5, 9)
const summer = Date.UTC(2026, 6, 1, 22, 59, 59)

const cases: readonly (readonly [clock: Clock, zone: string, ms: number, written: string, zone: string])[] = [
  ['iso', 'UTC', winter, '2026-11-22 08:05:09', 'UTC'],
  ['iso', 'Europe/Berlin', winter, '2026-11-22 09:05:09', 'UTC+1'],
  ['iso', 'Europe/Berlin', summer, '2026-07-02 00:59:59', 'UTC+2'],
  ['european', 'Europe/Berlin', summer, '02.07.2026 00:59:59', 'UTC+2'],
  ['european', 'Asia/Kathmandu', winter, '22.11.2026 13:50:09', 'UTC+5:45'],
  ['american', 'America/New_York', winter, '11/22/2026 3:05:09 AM', 'UTC-5'],
  ['american', 'America/New_York', summer, '07/01/2026 6:59:59 PM', 'UTC-4'],
  ['american', 'UTC', Date.UTC(2026, 0, 1, 0, 0, 0), '01/01/2026 12:00:00 AM', 'UTC'],
  ['american', 'UTC', Date.UTC(2026, 0, 1, 12, 0, 0), '01/01/2026 12:00:00 PM', 'UTC'],
  ['american', 'America/St_Johns', winter, '11/22/2026 4:35:09 AM', 'UTC-3:30'],
  // What a board without a battery believes when it starts.
  ['iso', 'UTC', 0, '1970-01-01 00:00:00', 'UTC'],
  ['iso', 'Pacific/Honolulu', 0, '1969-12-31 14:00:00', 'UTC-10'],
]

describe('a moment is written', () => {
  after(() => useClock({ clock: 'iso', time_zone: 'UTC' }))

  for (const [clock, time_zone, ms, written, zone] of cases) {
    test(`${clock} in ${time_zone}: ${written}`, () => {
      useClock({ clock, time_zone })
      assert.equal(moment(ms), written)
      assert.equal(zoneWords(ms), zone)
      assert.equal(zonedMoment(ms), `${written} ${zone}`)
      assert(written.length <= momentWidth())
    })
  }

  test('in the zone of this machine where none is set', () => {
    useClock({ clock: 'iso', time_zone: '' })
    const local = new Date(winter - new Date(winter).getTimezoneOffset() * 60_000)
    assert.equal(moment(winter), local.toISOString().slice(0, 19).replace('T', ' '))
  })
})

test('UTC is written until a configuration has been read', async () => {
  const { execFile } = await import('node:child_process')
  const script = `import { moment } from '${import.meta.dirname}/../../src/commands/shown.ts'; console.log(moment(0))`
  const { promise, resolve } = Promise.withResolvers<string>()
  const env = { ...process.env, TZ: 'Asia/Tokyo' }
  execFile(process.execPath, ['--input-type=module', '-e', script], { env }, (_error, output) => resolve(output))
  assert.equal((await promise).trim(), '1970-01-01 00:00:00')
})
