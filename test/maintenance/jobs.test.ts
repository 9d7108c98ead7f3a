/** What happens at fixed times does what it says, and its times are times. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { runJob, startJobs } from '../../src/maintenance/jobs.ts'
import { encodeLogKey } from '../../src/store/keys.ts'
import { blockHead } from '../../src/store/record.ts'
import { deliver, letter, numbers, openDatabase, Postbox, submit } from '../store/letters.ts'

/** A log that keeps what it is told. */
function keeping(): { log: Log; lines: { level: string; fields: Record<string, unknown>; words: string }[] } {
  const lines: { level: string; fields: Record<string, unknown>; words: string }[] = []
  const keep = (level: string) => (fields: Record<string, unknown>, words: string) =>
    void lines.push({ level, fields, words })
  const log = Object.assign(Object.create(silentLog), { info: keep('info'), error: keep('error') })
  return { log, lines }
}

const signal = new AbortController().signal

test('the clockwork takes its times, and stops', async () => {
  await using postbox = await Postbox.make()
  const stop = await startJobs({ store: postbox.store, log: silentLog, clock: systemClock })
  stop()
})

test('the sweep at night goes further than those by day', async () => {
  await using postbox = await Postbox.make(['alice'])
  const { store } = postbox
  for (let i = 0; i < 20; i++) await deliver(store, ['alice'], letter(1000, i))
  await store.remove(numbers(store, 'alice')[0] ?? 0, [1, 2, 3])
  const { log, lines } = keeping()
  await runJob('sweep', { store, log, clock: systemClock, signal })
  assert.deepEqual(lines, [
    {
      level: 'info',
      fields: { job: 'sweep', result: { segments: 1, messages: 3, octets: 3 * (1000 + blockHead) } },
      words: 'job done',
    },
  ])
})

test('what became of mail is forgotten after 30 days', async () => {
  await using postbox = await Postbox.make(['alice'])
  const { store } = postbox
  const day = 24 * 60 * 60_000
  const { log } = keeping()
  const traces = async () => (await Array.fromAsync(store.outbound.traces())).length
  await submit(store, ['a@away.example'], { date: 1_795_299_352_000 })
  await submit(store, ['b@away.example'], { date: 1_795_299_352_000 + day })
  const work = (now: number) => runJob('traces', { store, log, clock: { ...systemClock, now: () => now }, signal })
  await work(1_795_299_352_000 + 30 * day)
  assert.equal(await traces(), 2)
  await work(1_795_299_352_000 + 30 * day + 1)
  assert.equal(await traces(), 1)
})

test('a message that is damaged is named before anybody wants to read it', async () => {
  await using postbox = await Postbox.make(['alice', 'bob'])
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
  const { log: told, lines } = keeping()
  await runJob('verify', { store: postbox.store, log: told, clock: systemClock, signal })
  const why = `record ${maildrop.seq(1) - 1} of the log cannot be read: it is not what was written`
  assert.deepEqual(lines, [
    {
      level: 'error',
      fields: { id: maildrop.uidl(1), accounts: ['alice', 'bob'], why },
      words: 'a message is not as it was received',
    },
    { level: 'info', fields: { job: 'verify', result: { messages: 3, octets: 2000, flaws: 1 } }, words: 'job done' },
  ])
})

test('a job that is stopped says nothing, one that fails says why', async () => {
  await using postbox = await Postbox.make(['alice'])
  await deliver(postbox.store, ['alice'], letter(1000))
  const { log, lines } = keeping()
  await runJob('verify', { store: postbox.store, log, clock: systemClock, signal: AbortSignal.abort() })
  assert.deepEqual(lines, [])
  await postbox.close()
  await runJob('sweep', { store: postbox.store, log, clock: systemClock, signal })
  assert.deepEqual(lines, [
    { level: 'error', fields: { job: 'sweep', reason: 'The mail store is closed.' }, words: 'job failed' },
  ])
  await postbox.open()
})
