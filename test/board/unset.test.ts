/** While the clock of a board is not set, nothing goes by what it shows, and that is said: board/clock.ts and who asks it. */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { blockedSince } from '../../src/flow/blockage.ts'
import { expire, keepFor } from '../../src/flow/retention.ts'
import { loadCertificate } from '../../src/net/certificate.ts'
import { Ward } from '../doctor/ward.ts'
import { hour, jumping, minute, withJobs } from '../maintenance/workshop.ts'

const day = 24 * hour
const year = 365 * day

/** The clock of this machine, off by so much, and not set. */
function guessing(wrong = 0): Clock {
  return { ...systemClock, now: () => Date.now() + wrong, unset: () => true }
}

describe('while the clock is not set', () => {
  test('no job begins by itself, and what was left out is made up for once it is', async () => {
    await using ward = await Ward.make({ config: 'console.time_zone = "UTC"' })
    const due = Date.now() + 60 * day
    const begun = new Date(due).setUTCHours(3, 29, 59, 500)
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: begun })
    const wall = jumping(begun)
    let unset = true
    try {
      const clock: Clock = { ...wall.clock, unset: () => unset }
      await withJobs(
        ward,
        async (jobs, lines) => {
          const said = async (words: string) => {
            while (!lines.some(line => line.words === words)) await setImmediate()
            return lines.filter(line => line.words === words).map(({ fields }) => fields.job)
          }
          mock.timers.tick(1000)
          assert.deepEqual(await said('job left out: the clock is not set yet'), ['sweep'])
          // Long after the quiet that follows a start, and all jobs were missed.
          await wall.look(hour)
          assert.deepEqual(
            lines.filter(line => line.words === 'job done').map(({ fields }) => fields.job),
            [],
          )
          assert.equal(
            jobs.list().some(({ running }) => running),
            false,
          )
          unset = false
          await wall.look(minute)
          assert.ok((await said('job done')).includes('sweep'))
        },
        { clock },
      )
    } finally {
      mock.timers.reset()
    }
  })

  test('no mail goes by its age, whatever a time server says', async () => {
    await using ward = await Ward.make()
    const { store } = ward.household
    const [account] = store.accounts.list()
    assert.ok(account)
    await keepFor(store.settings, account.id, 30 * day)
    const services = { store, clock: guessing(), log: silentLog, open: new Set<number>(), offset: async () => 0 }
    await assert.rejects(expire(services, new AbortController().signal), {
      code: 'REFUSED',
      message: 'The clock is not set yet. So no mail was removed.',
    })
  })

  test('the doctor says so, and judges no certificate by it', async () => {
    await using ward = await Ward.make({ clock: guessing(-20 * year) })
    const { directory } = ward.household
    await loadCertificate({ certificate: '', key: '', directory, hostname: 'mail.porch.net' })
    const [clock, certificate] = [await ward.lone('clock'), await ward.lone('certificate')]
    assert.equal(clock.state, 'warning')
    assert.match(clock.says, /^The clock is not set yet/)
    assert.deepEqual(
      [certificate.state, certificate.says],
      ['unknown', 'Whether the certificate holds cannot be told: the clock is not set yet.'],
    )
  })
})

test('a closed port that was noted under a clock that was years ahead is tried again today', async () => {
  await using ward = await Ward.make()
  const { settings } = ward.household.store
  const now = Date.now()
  await settings.set('delivery:blocked', `${now - hour} port 25 is closed on this line`)
  assert.equal(blockedSince(settings, now)?.since, now - hour)
  await settings.set('delivery:blocked', `${now + 8 * year} port 25 is closed on this line`)
  assert.equal(blockedSince(settings, now), undefined)
})
