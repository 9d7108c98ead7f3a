/** What the doctor sees of the box itself: disk, wear, memory, queue, logins, aliases, store, certificate. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { call } from '../../src/doctor/call.ts'
import { judgeDisk } from '../../src/doctor/disk.ts'
import type { State } from '../../src/doctor/finding.ts'
import { rememberRun } from '../../src/doctor/job.ts'
import { judgeCall } from '../../src/doctor/port-in.ts'
import { Throttle } from '../../src/flow/throttle.ts'
import { loadCertificate } from '../../src/net/certificate.ts'
import { Issued } from '../dns/authority.ts'
import { AwayHost, at, type Manner } from '../flow/away.ts'
import { attempt, submit, waiting } from '../store/letters.ts'
import { Ward } from './ward.ts'

const GiB = 1024 ** 3
const hour = 3_600_000
const day = 24 * hour

describe('the disk', () => {
  const { reserve } = budget
  const disks: readonly (readonly [
    name: string,
    free: number,
    days: number | undefined,
    state: State,
    says: RegExp,
  ])[] = [
    ['has room', 8 * GiB, undefined, 'well', /^7\.8 GiB are left for mail\.$/],
    ['has room for years', 8 * GiB, 700, 'well', /does for 700 days\.$/],
    ['fills fast', 8 * GiB, 29, 'warning', /does for 29 days\.$/],
    ['has little left', 2 * reserve - 1, undefined, 'warning', /^Only 256\.0 MiB are left for mail\.$/],
    ['is full', reserve - 1, undefined, 'trouble', /less than the reserve of 256\.0 MiB\. Mail is refused/],
  ]
  for (const [name, free, days, state, says] of disks) {
    test(name, () => {
      const symptom = judgeDisk(free, days)
      assert.equal(symptom.state, state)
      assert.match(symptom.says, says)
    })
  }
  test('is asked', async () => {
    await using ward = await Ward.make()
    assert.match((await ward.lone('disk')).says, /left for mail|Mail is refused/)
  })
})

async function put(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

describe('the storage', () => {
  const told: readonly (readonly [life: string, left: string, state: State, says: RegExp])[] = [
    ['0x01 0x01\n', '0x01\n', 'well', /about 10% of its life/],
    ['0x00 0x03\n', '0x01\n', 'well', /about 30%/],
    ['0x08 0x02\n', '0x01\n', 'warning', /is worn\. It has lived about 80%/],
    ['0x0b 0x01\n', '0x01\n', 'trouble', /about 100%/],
    ['0x01 0x01\n', '0x02\n', 'warning', /More than 80% of the spare blocks/],
    ['0x01 0x01\n', '0x03\n', 'trouble', /Nearly all spare blocks/],
    ['0x00 0x00\n', '0x00\n', 'unknown', /does not say/],
    ['\0\xff garbage 99 -3 1e9', 'x', 'unknown', /does not say/],
  ]
  for (const [life, left, state, says] of told) {
    test(`says ${JSON.stringify([life, left])}`, async () => {
      await using ward = await Ward.make()
      const folder = 'sys/block/mmcblk0/device'
      await put(ward.root, { [`${folder}/life_time`]: life, [`${folder}/pre_eol_info`]: left })
      // Its boot partitions are no devices of their own.
      await put(ward.root, { 'sys/block/mmcblk0boot0/device/life_time': '0x0b 0x0b' })
      const finding = await ward.lone('wear')
      assert.equal(finding.state, state)
      assert.match(finding.says, says)
    })
  }
  test('says nothing', async () => {
    await using ward = await Ward.make()
    assert.equal((await ward.lone('wear')).state, 'unknown')
  })
})

describe('the memory', () => {
  const rows: readonly (readonly [status: string | undefined, state: State])[] = [
    ['VmRSS:\t  200000 kB\nRssAnon:\t   40000 kB\n', 'well'],
    [`VmRSS:\t262144 kB\nRssAnon:\t${budget.memory / 1024 + 1} kB\n`, 'warning'],
    ['VmRSS: 3 kB\n', 'unknown'],
    [undefined, 'unknown'],
  ]
  for (const [status, state] of rows) {
    test(`of ${JSON.stringify(status)}`, async () => {
      await using ward = await Ward.make()
      if (status !== undefined) await put(ward.root, { 'proc/self/status': status })
      assert.equal((await ward.lone('memory')).state, state)
    })
  }
  test('is that of no server where none runs', async () => {
    await using ward = await Ward.make()
    assert.equal((await ward.lone('memory', { throttle: undefined, root: '/' })).state, 'unknown')
    assert.match((await ward.lone('memory', { root: '/' })).says, /^Porchlight uses/)
  })
})

describe('the queue', () => {
  const since = 1_795_299_352_000
  const clock = (ms: number) => ({ ...systemClock, now: () => since + ms })

  test('is empty', async () => {
    await using ward = await Ward.make()
    assert.equal((await ward.lone('queue')).says, 'Nothing waits to be sent.')
  })
  test('waits for a moment', async () => {
    await using ward = await Ward.make({ clock: clock(3 * hour) })
    await submit(ward.household.store, ['bob@away.net'])
    const { state, says } = await ward.lone('queue')
    assert.deepEqual([state, says], ['well', '1 message on the way, none for long.'])
  })
  test('waits for too long', async () => {
    await using ward = await Ward.make({ clock: clock(30 * hour) })
    const { store } = ward.household
    await submit(store, ['bob@away.net'])
    const [one] = await waiting(store)
    assert.ok(one)
    await store.outbound.settle([attempt(one, 'deferred', { due: since + 60 * hour })])
    const { state, says } = await ward.lone('queue')
    assert.equal(state, 'warning')
    assert.match(says, /^Mail for away\.net waits, the oldest for 1 day\. Last: .*so deferred/)
  })
  test('waits for many: the trouble is ours', async () => {
    await using ward = await Ward.make({ clock: clock(30 * hour) })
    for (const name of ['a', 'b', 'c', 'd']) await submit(ward.household.store, [`bob@${name}.net`])
    const { state, says } = await ward.lone('queue')
    assert.equal(state, 'trouble')
    assert.match(says, /^Mail for a\.net, b\.net, c\.net and 1 more waits/)
  })
  test('is held by a person', async () => {
    await using ward = await Ward.make({ clock: clock(30 * hour) })
    const { store } = ward.household
    await submit(store, ['bob@away.net'])
    await store.outbound.decide(await waiting(store), { kind: 'hold' }, since)
    assert.equal((await ward.lone('queue')).state, 'well')
  })
  test('is suspended', async () => {
    await using ward = await Ward.make()
    await submit(ward.household.store, ['bob@away.net'])
    const { state, fix } = await ward.lone('queue', { delivery: { suspended: true, blocked: undefined } })
    assert.equal(state, 'warning')
    assert.match(fix ?? '', /^ {2}porchlight queue resume$/m)
  })
})

describe('failed logins', () => {
  const clock = { ...systemClock, elapsed: () => 10 * day }
  function failing(address: string, account: string, times: number, ago = hour): Throttle {
    const throttle = new Throttle()
    for (let i = 0; i < times; i += 1) throttle.failed(address, account, 10 * day - ago)
    return throttle
  }
  const rows: readonly (readonly [
    name: string,
    throttle: Throttle,
    about: readonly (string | undefined)[],
    says: RegExp,
  ])[] = [
    ['are few', failing('5.6.7.8', 'alice', 19), [undefined], /Nobody has failed/],
    [
      'are of a stranger',
      failing('5.6.7.8', 'admin', 20),
      ['5.6.7.8'],
      /Somebody at 5\.6\.7\.8 has tried passwords 20 times, the last time 1 hour ago/,
    ],
    [
      'are for somebody here',
      failing('5.6.7.8', 'alice', 20),
      ['alice', '5.6.7.8'],
      /Logins as alice have failed 20 times/,
    ],
    ['are of a device in the house', failing('192.168.1.7', 'nobody', 30), ['192.168.1.7'], /A program in your house/],
    ['were the day before', failing('5.6.7.8', 'alice', 50, day), [undefined], /Nobody has failed/],
    ['are of somebody with an odd name', failing('5.6.7.8', 'a\x1b[2J', 50), ['5.6.7.8'], /5\.6\.7\.8/],
  ]
  for (const [name, throttle, about, says] of rows) {
    test(name, async () => {
      await using ward = await Ward.make({ clock })
      const findings = await ward.check('logins', { throttle })
      assert.deepEqual(
        findings.map(one => one.about),
        about,
      )
      assert.match(findings[0]?.says ?? '', says)
    })
  }
  test('are not known where no server runs', async () => {
    await using ward = await Ward.make()
    assert.equal((await ward.lone('logins', { throttle: undefined })).state, 'unknown')
  })
})

describe('addresses', () => {
  type Case = readonly [
    name: string,
    accounts: readonly string[],
    aliases: Readonly<Record<string, readonly string[]>>,
    config: string,
    found: readonly (readonly [state: State, about: string | undefined])[],
  ]
  const cases: readonly Case[] = [
    ['lead to somebody', ['alice'], { info: ['alice'], 'x@porch.net': ['info'] }, '', [['well', undefined]]],
    ['have nobody', [], {}, '', [['trouble', undefined]]],
    [
      'lead nowhere',
      ['alice'],
      { info: ['alice', 'bob'], gone: ['bob'] },
      '',
      [
        ['warning', 'gone'],
        ['warning', 'info'],
      ],
    ],
    [
      'lead nowhere, though a catch-all takes it',
      ['alice'],
      { info: ['bob'] },
      'mail.catch_all = "alice"',
      [['warning', 'info']],
    ],
    [
      'lead back',
      ['alice'],
      { a: ['b'], b: ['a'] },
      '',
      [
        ['trouble', 'a'],
        ['trouble', 'b'],
      ],
    ],
    ['are in a domain of others', ['alice'], { 'x@old.net': ['alice'] }, '', [['warning', 'x@old.net']]],
    ['lead outside', ['alice'], { info: ['joe@elsewhere.net'] }, '', [['well', undefined]]],
    ['are those of settings', ['alice'], {}, 'mail.postmaster = "bob"', [['warning', 'mail.postmaster']]],
  ]
  for (const [name, accounts, aliases, config, found] of cases) {
    test(name, async () => {
      await using ward = await Ward.make({ accounts, config })
      for (const [address, targets] of Object.entries(aliases))
        await ward.household.store.accounts.setAlias(address, targets)
      assert.deepEqual(
        (await ward.check('aliases')).map(({ state, about }) => [state, about]),
        found,
      )
    })
  }
})

describe('the store', () => {
  const now = Date.now()
  const runs: readonly (readonly [
    run: { ms: number; result: string; failed: boolean; date: number } | undefined,
    state: State,
    says: RegExp,
  ])[] = [
    [undefined, 'well', /never all looked at/],
    [{ date: now - day, ms: 5, result: '3 messages read.', failed: false }, 'well', /takes mail\. 3 messages read\./],
    [{ date: now - 20 * day, ms: 5, result: 'all', failed: false }, 'warning', /last looked at 20 days ago/],
    [{ date: now - day, ms: 5, result: '1 of 3', failed: true }, 'trouble', /has failed: 1 of 3/],
  ]
  for (const [run, state, says] of runs) {
    test(`was ${JSON.stringify(run?.result ?? 'never')} looked at`, async () => {
      await using ward = await Ward.make()
      const { store } = ward.household
      if (run) await rememberRun(store.settings, 'verify', run)
      const finding = await ward.lone('store')
      assert.equal(finding.state, state)
      assert.match(finding.says, says)
    })
  }
  test('takes no mail', async () => {
    await using ward = await Ward.make()
    const { store } = ward.household
    const failing = Object.create(store, { failure: { value: new Failure('STORE_IO', 'The disk is broken.') } })
    const { state, says } = await ward.lone('store', { store: failing })
    assert.deepEqual(
      [state, says],
      ['trouble', 'The mail store takes no mail: The disk is broken. Senders try again later.'],
    )
  })
})

describe('the certificate', () => {
  const rows: readonly (readonly [name: string, host: string, until: number, state: State, says: RegExp])[] = [
    ['holds', 'mail.porch.net', 100, 'well', /holds for 100 days more\.$/],
    ['ends soon', 'mail.porch.net', 13, 'trouble', /ends in 13 days/],
    ['has ended', 'mail.porch.net', -2, 'trouble', /has ended 2 days ago/],
    ['is for another', 'mail.elsewhere.net', 100, 'trouble', /is not for mail\.porch\.net/],
  ]
  for (const [name, host, until, state, says] of rows) {
    test(name, async () => {
      const now = Date.UTC(2026, 10, 22)
      const authority = await Issued.make('authority', true)
      const issued = await Issued.make(host, false, authority, { notAfter: new Date(now + until * day) })
      const config = 'tls.certificate = "cert.pem"\ntls.key = "key.pem"\n'
      await using ward = await Ward.make({ config, clock: { ...systemClock, now: () => now } })
      await writeFile(join(ward.household.directory, 'cert.pem'), issued.pem)
      const finding = await ward.lone('certificate')
      assert.equal(finding.state, state, finding.says)
      assert.match(finding.says, says)
    })
  }
  test('is our own', async () => {
    await using ward = await Ward.make()
    const { directory } = ward.household
    await loadCertificate({ certificate: '', key: '', directory, hostname: 'mail.porch.net' })
    const { state, says } = await ward.lone('certificate')
    assert.equal(state, 'well')
    assert.match(says, /made by this box itself/)
  })
  test('is not there, or something else', async () => {
    await using ward = await Ward.make()
    assert.match((await ward.lone('certificate')).says, /cannot be read/)
    await writeFile(join(ward.household.directory, 'cert.pem'), 'hello')
    const { state, says } = await ward.lone('certificate')
    assert.equal(state, 'trouble')
    assert.match(says, /is no certificate/)
  })
})

describe('a call to our own address', () => {
  const rows: readonly (readonly [name: string, manner: Manner, state: State])[] = [
    ['answered by us', at({ greeting: '220 mail.porch.net ESMTP Porchlight' }), 'well'],
    ['answered by us, written otherwise', at({ greeting: '220 MAIL.porch.net' }), 'well'],
    ['answered by another', () => undefined, 'trouble'],
    ['answered by nobody', at({ greeting: 'drop' }), 'unknown'],
  ]
  for (const [name, manner, state] of rows) {
    test(name, async () => {
      await using host = await AwayHost.start({ manner })
      const { signal } = new AbortController()
      const called = await call('127.0.0.1', host.port, 'mail.porch.net', { ms: 5000, signal })
      assert.equal(judgeCall('5.6.7.8', called, 'mail.porch.net').state, state)
      await host.left()
    })
  }
})
