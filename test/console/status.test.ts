/** What status says of mail that waits: console/status.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Household } from '../../src/console/command.ts'
import { queueStatus } from '../../src/console/status.ts'
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
