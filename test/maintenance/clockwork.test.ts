/** What happens at fixed times happens then, however clocks go: maintenance/jobs.ts. */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { rememberRun } from '../../src/doctor/job.ts'
import { duties } from '../../src/maintenance/duties.ts'
import { Ward } from '../doctor/ward.ts'
import { deliver, letter } from '../store/letters.ts'
import { day, hour, jumping, minute, withJobs } from './workshop.ts'

test('each job has its hour on the days on which clocks are changed, too', async () => {
  const { schedule } = await import('node-cron')
  for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
    for (const [name, { cron }] of Object.entries(duties)) {
      const task = schedule(cron, () => {}, { timezone: zone })
      const runs = task.getNextRuns(800).map(run => run.getTime())
      await task.destroy()
      const gaps = runs.slice(1).map((run, i) => (run - (runs[i] ?? 0)) / hour)
      const days = cron.endsWith('* * *') ? 1 : 7
      assert.deepEqual(
        gaps.filter(gap => Math.abs(gap - 24 * days) > 1),
        [],
        `${name} in ${zone}`,
      )
    }
  }
})

describe('the clockwork', () => {
  const zones: readonly (readonly [zone: string, hour: number])[] = [
    ['UTC', 3],
    ['Europe/Berlin', 2],
    ['America/New_York', 8],
  ]
  test('goes by the household, which may move', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async jobs => {
      const next = () => new Date(jobs.list().find(({ name }) => name === 'sweep')?.next ?? 0)
      for (const [zone, hour] of zones) {
        const { household } = ward
        household.config = { ...household.config, console: { ...household.config.console, time_zone: zone } }
        jobs.reload()
        // Daylight saving time may be on.
        assert.ok([hour, hour - 1].includes(next().getUTCHours()), `${zone}: ${next().toISOString()}`)
        assert.equal(next().getUTCMinutes(), 30)
        assert.ok(next().getTime() > Date.now() && next().getTime() <= Date.now() + day)
      }
    })
  })

  test('does what is due', async () => {
    await using ward = await Ward.make()
    ward.household.config = readConfig('console.time_zone = "UTC"', '.')
    const { store } = ward.household
    for (let i = 0; i < 5; i++) await deliver(store, ['alice'], letter(1000, i))
    // A Sunday.
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 10, 22, 4, 29, 59, 500) })
    try {
      await withJobs(ward, async (jobs, lines) => {
        mock.timers.tick(1000)
        while (!jobs.list().some(({ name, running }) => name === 'verify' && running)) await setImmediate()
        while (lines.length === 0) await setImmediate()
        assert.deepEqual(lines.at(-1)?.fields, { job: 'verify', result: '5 messages read (4.9 KiB), all as received.' })
      })
    } finally {
      mock.timers.reset()
    }
  })

  test('leaves out what still goes on, and says so', async () => {
    const asked = Promise.withResolvers<void>()
    await using ward = await Ward.make({
      config: 'console.time_zone = "UTC"',
      names: () => {
        asked.resolve()
        return []
      },
    })
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 10, 23, 5, 9, 59, 500) })
    try {
      await withJobs(ward, async (jobs, lines) => {
        const stop = new AbortController()
        const running = jobs.run('doctor', stop.signal)
        await asked.promise
        mock.timers.tick(1000)
        while (lines.length === 0) await setImmediate()
        assert.deepEqual(lines, [
          { level: 'warn', fields: { job: 'doctor' }, words: 'job left out: its last run still goes on' },
        ])
        stop.abort()
        await assert.rejects(running, error => error instanceof Failure && error.code === 'GIVEN_UP')
      })
    } finally {
      mock.timers.reset()
    }
  })

  test('knows when each job is done next', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async jobs => {
      assert.deepEqual(
        jobs.list().map(({ name }) => name),
        Object.keys(duties),
      )
      for (const { name, meaning, next } of jobs.list()) {
        assert.notEqual(meaning, '')
        assert.ok(next > Date.now() && next <= Date.now() + 7 * day, name)
      }
    })
  })
})

/** Waits for a job to end; one that was never begun is given up. */
async function somethingDone(lines: readonly unknown[]): Promise<void> {
  const patience = performance.now() + 10_000
  while (lines.length === 0 && performance.now() < patience) await setImmediate()
}

describe('a clock that jumps', () => {
  for (const [way, before] of [
    ['ahead', Date.UTC(1999, 0, 1)],
    ['back', Date.UTC(2099, 0, 4, 12)],
  ] as const) {
    test(`${way} takes the jobs along`, async () => {
      await using ward = await Ward.make({ config: 'console.time_zone = "UTC"' })
      const after = Date.UTC(2026, 10, 23, 3, 29, 0)
      mock.timers.enable({ apis: ['setTimeout', 'Date'], now: before })
      const wall = jumping(before)
      try {
        await withJobs(
          ward,
          async (_jobs, lines) => {
            await wall.look(minute)
            mock.timers.setTime(after)
            wall.jump(after)
            await wall.look(minute)
            mock.timers.setTime(after + minute)
            mock.timers.tick(500)
            await somethingDone(lines)
            assert.deepEqual(
              lines.map(({ fields }) => fields.job),
              ['sweep'],
            )
          },
          { clock: wall.clock },
        )
      } finally {
        mock.timers.reset()
      }
    })
  }
})

describe('what was missed', () => {
  test('while the process was busy is done late', async () => {
    await using ward = await Ward.make({ config: 'console.time_zone = "UTC"' })
    const due = Date.UTC(2026, 10, 23, 3, 30)
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: due - 500 })
    try {
      await withJobs(ward, async (_jobs, lines) => {
        mock.timers.setTime(due + 20 * minute)
        mock.timers.tick(500)
        await somethingDone(lines)
        assert.equal(lines.at(-1)?.fields.job, 'sweep')
      })
    } finally {
      mock.timers.reset()
    }
  })

  test('while the box was off is made up for, a while after the start, each once', async () => {
    await using ward = await Ward.make({ config: 'maintenance.digest = "off"' })
    const { store } = ward.household
    const made = store.accounts.find('alice')?.created ?? 0
    const start = made + 30 * day
    const week = { ms: 1, result: 'Well.', failed: false }
    await rememberRun(store.settings, 'verify', { ...week, date: start - 7.5 * day })
    await rememberRun(store.settings, 'sweep', { ...week, date: start - day })
    await rememberRun(store.settings, 'traces', { ...week, date: start + 3650 * day })
    const wall = jumping(start)
    await withJobs(
      ward,
      async (_jobs, lines) => {
        const done = () => lines.filter(({ words }) => words === 'job done').map(({ fields }) => fields.job)
        await wall.look(14 * minute)
        assert.deepEqual(done(), [])
        await wall.look(minute)
        // Whose last run lies in what is the future now was run under another clock.
        const missed = ['statistics', 'retention', 'traces', 'doctor']
        assert.deepEqual(done(), missed)
        await wall.look(minute)
        assert.deepEqual(done(), missed)
        await wall.look(12 * hour)
        assert.deepEqual(done(), [...missed, 'sweep', 'verify'])
      },
      { clock: wall.clock },
    )
  })

  test('in a house that is new is nothing', async () => {
    await using ward = await Ward.make()
    const wall = jumping((ward.household.store.accounts.find('alice')?.created ?? 0) + hour)
    await withJobs(
      ward,
      async (_jobs, lines) => {
        await wall.look(hour)
        assert.deepEqual(lines, [])
      },
      { clock: wall.clock },
    )
  })
})
