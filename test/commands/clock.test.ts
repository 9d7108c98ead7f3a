/** The command time: what it says of the clock, and how it knows: commands/clock.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { agreement, newestMessage, newestWords } from '../../src/commands/clock.ts'
import { submit } from '../store/letters.ts'
import { openHousehold, run, temporaryDirectory } from './household.ts'

const now = Date.UTC(2026, 10, 22, 10, 15)
const answer = { roundTrip: 40, stratum: 2, address: '192.0.2.1' }
const known = '(asked at 192.0.2.1, right to 20 ms)'

const agreements: readonly (readonly [offset: number, words: string])[] = [
  [0, `agrees with time.example to 1 ms ${known}`],
  [12.4, `agrees with time.example to 12 ms ${known}`],
  [-1999, `agrees with time.example to 1999 ms ${known}`],
  [2000, `this clock is 2 seconds behind time.example ${known}`],
  [-59_400, `this clock is 59 seconds ahead of time.example ${known}`],
  [3_700_000, `this clock is 1 hour behind time.example ${known}`],
  [-5 * 86_400_000, `this clock is 5 days ahead of time.example ${known}`],
]

const newest: readonly (readonly [date: number | undefined, words: string])[] = [
  [undefined, 'none has come in the last weeks'],
  [now - 1000, 'came 2026-11-22 10:14:59; this clock is not before it'],
  [now + 30_000, 'came 2026-11-22 10:15:30; this clock is not before it'],
  [now + 3_600_000, 'came 2026-11-22 11:15:00, which is still to come: this clock is behind'],
]

describe('a clock that the server says is', () => {
  for (const [offset, words] of agreements) {
    test(`${offset} ms off`, () => assert.equal(agreement('time.example', { offset, ...answer }), words))
  }
  test('asked over a fast line, is right to a millisecond', () => {
    assert.match(agreement('time.example', { ...answer, offset: 0, roundTrip: 0.2 }), /right to 1 ms/)
  })
})

describe('the newest message', () => {
  for (const [date, words] of newest) test(words, () => assert.equal(newestWords(date, now), words))

  test('is the one that was taken last', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    assert.equal(await newestMessage(household), undefined)
    for (const date of [now - 5000, now]) await submit(household.store, ['bob@away.example'], { date })
    assert.equal(await newestMessage(household), now)
  })
})

describe('time', () => {
  const open = (settings: string) => ({ open: (places: { data: string }) => openHousehold(places.data, settings) })

  test('says the time, the zone, and that no server is set', async () => {
    await using directory = await temporaryDirectory()
    const settings = 'maintenance.time_server = ""\nconsole.time_zone = "UTC"'
    const { exit, printed } = await run(['time', '--data', directory.path], '', open(settings))
    assert.equal(exit, 0)
    const [first = '', ...others] = printed
    assert.match(first, /^now {13}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    assert.deepEqual(others, [
      'time zone       UTC, UTC',
      'time server     none is set. To set one: porchlight config set maintenance.time_server pool.ntp.org',
      'newest message  none has come in the last weeks',
    ])
  })

  test('says that it cannot tell where the server is not there', async () => {
    await using directory = await temporaryDirectory()
    const settings = 'maintenance.time_server = "127.0.0.1"\ndns.servers = ["127.0.0.1:1"]'
    const { exit, printed } = await run(['time', '--data', directory.path], '', open(settings))
    assert.equal(exit, 0)
    assert.equal(printed[0], 'Asking 127.0.0.1...')
    assert.match(
      printed.join('\n'),
      /\ntime server +cannot tell: The time server 127\.0\.0\.1 gives no time: nobody listens there\.\n/,
    )
  })
})
