/** What happens at fixed times does what it says, at its times, and is remembered: maintenance/jobs.ts, duties.ts. */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { lastRun, rememberRun } from '../../src/doctor/job.ts'
import { believe } from '../../src/flow/calendar.ts'
import { keepFor } from '../../src/flow/retention.ts'
import { notedDays } from '../../src/flow/statistics.ts'
import { duties, type Workshop } from '../../src/maintenance/duties.ts'
import { Jobs } from '../../src/maintenance/jobs.ts'
import { loadCertificate } from '../../src/net/certificate.ts'
import { encodeLogKey } from '../../src/store/keys.ts'
import { blockHead } from '../../src/store/record.ts'
import { Ward } from '../doctor/ward.ts'
import { deliver, envelope, letter, numbers, openDatabase, Postbox, submit } from '../store/letters.ts'

/** A log that keeps what it is told. */
function keeping(): { log: Log; lines: { level: string; fields: Record<string, unknown>; words: string }[] } {
  const lines: { level: string; fields: Record<string, unknown>; words: string }[] = []
  const keep = (level: string) => (fields: Record<string, unknown>, words: string) =>
    void lines.push({ level, fields, words })
  const log = Object.assign(Object.create(silentLog), { info: keep('info'), warn: keep('warn'), error: keep('error') })
  return { log, lines }
}

const never = new AbortController().signal
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** When the messages of these tests came. */
const came = 1_795_299_352_000

/** What jobs work with, on the store of a ward. */
function workshop(ward: Ward, changes: Partial<Workshop> = {}): Workshop {
  const { config, keyring, store, directory } = ward.household
  const { certificate, key } = config.tls
  return {
    store,
    keyring,
    log: silentLog,
    clock: systemClock,
    config: () => ward.household.config,
    open: new Set(),
    identity: () => ({
      options: { certificate, key, directory, hostname: config.hostname },
      inUse: undefined,
      now: () => Date.now(),
      reload: async () => {},
    }),
    patient: () => ward.patient,
    ...changes,
  }
}

async function withJobs(
  ward: Ward,
  use: (jobs: Jobs, lines: ReturnType<typeof keeping>['lines']) => Promise<void>,
  changes: Partial<Workshop> = {},
): Promise<void> {
  const { log, lines } = keeping()
  const jobs = await Jobs.start(workshop(ward, { log, ...changes }))
  try {
    await use(jobs, lines)
  } finally {
    jobs.stop()
  }
}

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === 'REFUSED' && words.test(error.message)

describe('a job', () => {
  test('that is done says what it came to, and that is remembered over a restart', async () => {
    await using ward = await Ward.make()
    const clock: Clock = { ...systemClock, now: () => came }
    await withJobs(
      ward,
      async (jobs, lines) => {
        assert.equal(jobs.list().find(({ name }) => name === 'sweep')?.last, undefined)
        assert.equal(await jobs.run('sweep', never), 'There was nothing to sweep.')
        assert.deepEqual(lines, [
          { level: 'info', fields: { job: 'sweep', result: 'There was nothing to sweep.' }, words: 'job done' },
        ])
      },
      { clock },
    )
    await ward.household.restart()
    await withJobs(ward, async jobs => {
      const { ms = -1, ...last } = jobs.list().find(({ name }) => name === 'sweep')?.last ?? {}
      assert.ok(ms >= 0)
      assert.deepEqual(last, { date: came, result: 'There was nothing to sweep.', failed: false })
    })
  })

  test('that nobody knows is refused, with the one that was meant', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async jobs => {
      await assert.rejects(jobs.run('swep', never), refused(/no job swep; did you mean sweep\?/))
      await assert.rejects(jobs.run('toString', never), refused(/no job toString/))
    })
  })

  test('that is running is not begun again, and can be stopped', async () => {
    await using ward = await Ward.make()
    const { store } = ward.household
    for (let i = 0; i < 3; i++) await deliver(store, ['alice'], letter(1000, i))
    await withJobs(ward, async (jobs, lines) => {
      const stop = new AbortController()
      const running = jobs.run('verify', stop.signal)
      assert.equal(jobs.list().find(({ name }) => name === 'verify')?.running, true)
      await assert.rejects(jobs.run('verify', never), refused(/^The job verify is running already\.$/))
      stop.abort()
      await assert.rejects(running, error => error instanceof Failure && error.code === 'GIVEN_UP')
      assert.deepEqual(lines, [])
      const { running: still, last } = jobs.list().find(({ name }) => name === 'verify') ?? {}
      assert.deepEqual([still, last?.result, last?.failed], [false, 'It was stopped before its end.', false])
    })
  })

  test('that fails says why', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async (jobs, lines) => {
      await ward.household.store.close()
      await assert.rejects(jobs.run('sweep', never), /The mail store is closed/)
      assert.deepEqual(lines.at(-1), {
        level: 'error',
        fields: { job: 'sweep', reason: 'The mail store is closed.' },
        words: 'job failed',
      })
    })
    await ward.household.restart()
  })

  test('is not begun any more when all stops', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async jobs => {
      jobs.stop()
      await assert.rejects(jobs.run('sweep', never), refused(/is stopping/))
    })
  })
})

test('each job has its hour on the days on which clocks are changed, too', async () => {
  const { schedule } = await import('node-cron')
  for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
    for (const [name, { cron }] of Object.entries(duties)) {
      const task = schedule(cron, () => {}, { timezone: zone })
      const runs = task.getNextRuns(800).map(run => run.getTime())
      await task.destroy()
      const gaps = runs.slice(1).map((run, i) => (run - (runs[i] ?? 0)) / hour)
      const days = cron.endsWith('* * *') ? 1 : 7
      assert.deepEqual(gaps.filter(gap => Math.abs(gap - 24 * days) > 1), [], `${name} in ${zone}`)
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

/** A clock whose wall jumps as a test wants; the jobs look at it each time that `look` is called, so much later. */
function jumping(start: number) {
  let [now, elapsed] = [start, 0]
  let wake = () => {}
  let asleep = Promise.withResolvers<void>()
  const clock: Clock = {
    now: () => now,
    elapsed: () => elapsed,
    sleep: (_ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      signal.addEventListener('abort', () => resolve())
      asleep.resolve()
      return promise
    },
  }
  return {
    clock,
    jump: (to: number) => {
      now = to
    },
    /** Lets time pass, and waits until the jobs have looked and sleep again. */
    look: async (ms: number) => {
      await asleep.promise
      now += ms
      elapsed += ms
      asleep = Promise.withResolvers<void>()
      wake()
      await asleep.promise
    },
  }
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
            for (let i = 0; i < 1000 && lines.length === 0; i++) await setImmediate()
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
        for (let i = 0; i < 1000 && lines.length === 0; i++) await setImmediate()
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

describe('what is done', () => {
  test('at night the sweep goes further than by day', async () => {
    await using ward = await Ward.make()
    const { store } = ward.household
    for (let i = 0; i < 20; i++) await deliver(store, ['alice'], letter(1000, i))
    await store.remove(numbers(store, 'alice')[0] ?? 0, [1, 2, 3])
    await withJobs(ward, async jobs => {
      const octets = `${((3 * (1000 + blockHead)) / 1024).toFixed(1)} KiB`
      assert.equal(await jobs.run('sweep', never), `3 messages swept, ${octets}.`)
    })
  })

  test('what became of mail is forgotten after 30 days', async () => {
    await using ward = await Ward.make()
    const { store } = ward.household
    const traces = async () => (await Array.fromAsync(store.outbound.traces())).length
    await submit(store, ['a@away.example'], { date: came })
    await submit(store, ['b@away.example'], { date: came + day })
    const trim = (now: number) =>
      withJobs(ward, async jobs => void (await jobs.run('traces', never)), {
        clock: { ...systemClock, now: () => now },
      })
    await trim(came + 30 * day)
    assert.equal(await traces(), 2)
    await trim(came + 30 * day + 1)
    assert.equal(await traces(), 1)
  })

  test('mail that is too old goes where that is wished', async () => {
    await using ward = await Ward.make({ accounts: ['alice', 'bob'], config: 'maintenance.time_server = ""' })
    const { store } = ward.household
    const [alice = 0, bob = 0] = numbers(store, 'alice', 'bob')
    const made = store.accounts.find('alice')?.created ?? 0
    await using incoming = store.incoming(1000)
    await incoming.append(letter(1000))
    await incoming.commit(envelope([alice, bob], made + 1))
    const now = made + 400 * day
    await keepFor(store.settings, alice, 90 * day)
    const retain = (lines: RegExp) =>
      withJobs(ward, async jobs => assert.match(await jobs.run('retention', never), lines), {
        clock: { ...systemClock, now: () => now },
      })
    await assert.rejects(retain(/^/), refused(/^No time server can be asked.* So no mail was removed\./))
    await believe(store.settings, now)
    await retain(/^1 message \(1\.\d KiB\) of alice removed\.$/)
    assert.deepEqual([store.mailbox(alice).count, store.mailbox(bob).count], [0, 1])
  })

  test('how full the disk is is noted', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async jobs => void (await jobs.run('statistics', never)))
    assert.equal(notedDays(ward.household.store.settings).length, 1)
  })

  test('the certificate is looked at', async () => {
    await using ward = await Ward.make()
    const { directory, config } = ward.household
    await loadCertificate({ certificate: '', key: '', directory, hostname: config.hostname })
    await withJobs(ward, async jobs => assert.equal(await jobs.run('certificate', never), 'The certificate is good.'))
  })

  test('a message that is damaged is named before anybody wants to read it, and the doctor hears of it', async () => {
    await using postbox = await Postbox.make(['alice', 'bob'])
    await using ward = await Ward.make()
    for (const seed of [1, 2, 3]) await deliver(postbox.store, ['alice', 'bob'], letter(1000, seed))
    const maildrop = await postbox.store.maildrop(numbers(postbox.store, 'alice')[0] ?? 0)
    await postbox.close()
    const log = await openDatabase(postbox.directory, 'log')
    const key = encodeLogKey(maildrop.seq(1) - 1)
    const block = Buffer.from((await log.get(key)) ?? [])
    block[500] = (block[500] ?? 0) ^ 1
    await log.put(key, block)
    await log.close()
    await postbox.open()
    const { store } = postbox
    await withJobs(
      ward,
      async (jobs, lines) => {
        const words = '1 of 3 messages cannot be read as received.'
        await assert.rejects(jobs.run('verify', never), new Failure('STORE_DAMAGED', words))
        const why = `record ${maildrop.seq(1) - 1} of the log cannot be read: it is not what was written`
        assert.deepEqual(lines, [
          {
            level: 'error',
            fields: { id: maildrop.uidl(1), accounts: ['alice', 'bob'], why },
            words: 'a message is not as it was received',
          },
          { level: 'error', fields: { job: 'verify', reason: words }, words: 'job failed' },
        ])
        assert.equal(lastRun(store.settings, 'verify')?.failed, true)
        const { state, says } = await ward.lone('store', { store })
        assert.deepEqual([state, says], ['trouble', `The last look at every message has failed: ${words}`])
      },
      { store },
    )
  })

  test('the doctor comes, and writes to the postmaster', async () => {
    await using ward = await Ward.make()
    await withJobs(ward, async (jobs, lines) => {
      const told = () => lines.filter(({ words }) => words === 'the doctor has found trouble').map(({ fields }) => fields.check)
      assert.match(await jobs.run('doctor', never), /^\d+ things need you, .* A letter went to the postmaster\.$/)
      const first = told()
      assert.ok(first.includes('mx') && first.includes('spf'), first.join())
      assert.match(await jobs.run('doctor', never), /^\d+ things need you, .* well\.$/)
      assert.deepEqual(told(), first)
    })
    const [message, ...others] = await ward.household.inbox('alice')
    assert.deepEqual(others, [])
    assert.match(message?.octets.toString() ?? '', /^Subject: \d+ things at mail\.porch\.net need you\r$/m)
  })
})
