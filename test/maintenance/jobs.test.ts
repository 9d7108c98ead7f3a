/** What happens at fixed times does what it says, at its times, and is remembered: maintenance/jobs.ts, duties.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { lastRun } from '../../src/doctor/job.ts'
import { believe } from '../../src/flow/calendar.ts'
import { keepFor } from '../../src/flow/retention.ts'
import { notedDays } from '../../src/flow/statistics.ts'
import { loadCertificate } from '../../src/net/certificate.ts'
import { encodeLogKey } from '../../src/store/keys.ts'
import { blockHead } from '../../src/store/record.ts'
import { Ward } from '../doctor/ward.ts'
import { deliver, envelope, letter, numbers, openDatabase, Postbox, submit } from '../store/letters.ts'
import { day, withJobs } from './workshop.ts'

const never = new AbortController().signal
/** When the messages of these tests came. */
const came = 1_795_299_352_000

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
      const told = () =>
        lines.filter(({ words }) => words === 'the doctor has found trouble').map(({ fields }) => fields.check)
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
