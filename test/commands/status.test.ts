/** What status says: of mail that waits, memory, certificate, board and disk: commands/status.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import type { Sensors } from '../../src/board/sensors.ts'
import type { Household } from '../../src/commands/command.ts'
import { boardStatus, certificateWords, diskWords, memoryWords, queueStatus } from '../../src/commands/status.ts'
import { noteDay } from '../../src/flow/statistics.ts'
import { submit, waiting } from '../store/letters.ts'
import { openHousehold, temporaryDirectory } from './household.ts'

type Opened = Awaited<ReturnType<typeof openHousehold>>

const hour = 60 * 60_000
const oneWaits = ['queue', '1 waiting, the oldest for 3h'] as const

async function put(household: Opened, due = 0): Promise<void> {
  await submit(household.store, ['bob@away.example'], { date: Date.now() - 3.5 * hour })
  if (due > 0) await household.outbound.decide(await waiting(household.store), { kind: 'release', now: due }, 0)
  // As the queue does: what it has looked at goes from the front of the schedule.
  if (due > 0) await household.outbound.takeDue(Date.now(), () => 'struck')
}

const rows: readonly (readonly [
  name: string,
  prepare: (household: Opened) => Promise<Partial<Household['delivery']>>,
  said: readonly (readonly [string, string])[],
])[] = [
  ['nothing waits', async () => ({}), [['queue', 'empty']]],
  [
    'something is due',
    async household => {
      await put(household)
      return {}
    },
    [oneWaits, ['delivery', 'next attempt now']],
  ],
  [
    'something will be due',
    async household => {
      await put(household, Date.now() + 2.5 * hour)
      return {}
    },
    [oneWaits, ['delivery', 'next attempt in 2h']],
  ],
  [
    'all is held',
    async household => {
      await put(household)
      await household.outbound.decide(await waiting(household.store), { kind: 'hold' }, 0)
      await household.outbound.takeDue(Date.now(), () => 'struck')
      return {}
    },
    [oneWaits, ['delivery', 'nothing is due; what waits is held']],
  ],
  [
    'it is under way',
    async household => {
      await put(household)
      return { underWay: 2 }
    },
    [oneWaits, ['delivery', 'under way, over 2 connections']],
  ],
  [
    'the network is away',
    async household => {
      await put(household)
      return { offline: true }
    },
    [oneWaits, ['delivery', 'no name server answers; the network is looked for every minute']],
  ],
  [
    'delivery is suspended',
    async () => ({ suspended: true }),
    [
      ['queue', 'empty'],
      ['delivery', 'suspended; to go on: porchlight queue resume'],
    ],
  ],
  [
    'port 25 is closed',
    async () => ({ blocked: { since: Date.UTC(2026, 10, 22, 8, 10, 22), why: 'nobody\nanswers' } }),
    [
      ['queue', 'empty'],
      ['port 25', 'blocked since 2026-11-22 08:10:22 UTC: nobody?answers'],
    ],
  ],
]

describe('status, when', () => {
  for (const [name, prepare, said] of rows) {
    test(name, async () => {
      await using directory = await temporaryDirectory()
      await using household = await openHousehold(directory.path)
      const delivery = { ...household.delivery, ...(await prepare(household)) }
      assert.deepEqual(await queueStatus({ ...household, delivery }), said)
    })
  }

  test('it is asked, leaves the schedule as it is', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    await put(household)
    for (let i = 0; i < 3; i++) await queueStatus(household)
    const domains: string[] = []
    await household.outbound.takeDue(Date.now(), domain => {
      domains.push(domain)
      return 'taken'
    })
    assert.deepEqual(domains, ['away.example'])
  })
})

const MiB = 1024 ** 2
const memories: readonly (readonly [resident: number, anonymous: number, words: string])[] = [
  [74, 41, '74.0 MiB of 120.0 MiB'],
  [120, 119, '120.0 MiB of 120.0 MiB'],
  [200, 50, '50.0 MiB of 120.0 MiB, and 150.0 MiB that the system can take back'],
  [200, 121, '200.0 MiB; more than the 120.0 MiB that are planned'],
]

const dayMs = 24 * hour
const noon = Date.UTC(2026, 10, 22, 12)
/** From when to when a certificate is good, in days from now. */
const certificates: readonly (readonly [from: number, to: number, words: string])[] = [
  [-1, 6500, 'good for 6500 days'],
  [-1, 30, 'good for 30 days'],
  [-1, 29.9, 'good for 29 days only, until 2026-12-22 09:36:00'],
  [-1, 1, 'good for 1 day only, until 2026-11-23 12:00:00'],
  [-1, 0.5, 'good for 0 days only, until 2026-11-23 00:00:00'],
  [-2, -1, 'its time was over on 2026-11-21 12:00:00; programs refuse it'],
  [1, 90, 'its time begins on 2026-11-23 12:00:00; is the clock right?'],
]

const boards: readonly (readonly [board: Sensors, rows: readonly (readonly [string, string])[]])[] = [
  [{}, []],
  [{ model: 'Raspberry Pi 4', load: [0, 0, 0] }, [['board', 'Raspberry Pi 4']]],
  [
    { temperature: 48.312, strains: [] },
    [
      ['temperature', '48.3 degrees Celsius'],
      ['power', 'well'],
    ],
  ],
  [{ temperature: 80 }, [['temperature', '80.0 degrees Celsius; that is hot']]],
  [
    { strains: ['power-low', 'was-slowed'] },
    [
      ['power', 'the voltage is too low now; a stronger power supply or a shorter cable helps'],
      ['power', 'the board was slowed down at times, since it was too warm or its power too weak'],
    ],
  ],
]

describe('status says', () => {
  for (const [resident, anonymous, words] of memories) {
    test(`of ${resident} MiB, ${anonymous} of its own: ${words}`, () => {
      assert.equal(memoryWords({ resident: resident * MiB, anonymous: anonymous * MiB }), words)
    })
  }
  for (const [from, to, words] of certificates) {
    test(`of a certificate from day ${from} to ${to}: ${words}`, () => {
      const [validFromDate, validToDate] = [new Date(noon + from * dayMs), new Date(noon + to * dayMs)]
      assert.equal(certificateWords({ validFromDate, validToDate }, noon), words)
    })
  }
  for (const [board, said] of boards) {
    test(`of a board that tells ${JSON.stringify(board)}`, () => assert.deepEqual(boardStatus(board), said))
  }

  test('for how many days the disk will do, once it is known', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path)
    const { store } = household
    const { accounts, settings } = store
    const disk = (free: number) => {
      return { accounts, settings, mailbox: store.mailbox.bind(store), space: { free, hasRoom: () => free > 0 } }
    }
    const GiB = 1024 ** 3
    assert.equal(diskWords(disk(10 * GiB), noon), '10.0 GiB free')
    for (const [i, free] of [13, 12, 11, 10].entries()) await noteDay(disk(free * GiB), noon + (i - 3) * dayMs)
    assert.equal(diskWords(disk(10 * GiB + budget.reserve), noon), '10.3 GiB free; enough for 10 days at this rate')
    assert.equal(diskWords(disk(0), noon), '0 B free; too little, so mail is refused')
  })
})
