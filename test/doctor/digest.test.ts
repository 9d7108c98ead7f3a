/** When the postmaster hears of what the doctor has found, and how: doctor/digest.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { silentLog } from '../../src/base/log.ts'
import { type Delivered, deliverDigest, letterText, summary } from '../../src/doctor/digest.ts'
import { advice, type Finding } from '../../src/doctor/finding.ts'
import type { PostServices } from '../../src/flow/posting.ts'
import { Ward } from './ward.ts'

const hour = 3_600_000
const day = 24 * hour
/** A Monday. */
const monday = Date.UTC(2026, 10, 23, 5, 10)

const finding = (check: string, state: Finding['state'] = 'trouble', about?: string): Finding => ({
  check,
  state,
  says: `${check} is ${state}.`,
  knownBy: 'It was looked at.',
  ...(about === undefined ? {} : { about }),
  ...(state === 'trouble' ? { fix: advice('Mend it:', `porchlight mend ${check}`) } : {}),
})
const disk = finding('disk')
const mx = finding('mx', 'trouble', 'porch.net')
const well = finding('store', 'well')

function servicesOf(ward: Ward, now: number, digest = 'problems', domains = ['porch.net']): PostServices {
  const { store, keyring, config } = ward.household
  const maintenance = {
    ...config.maintenance,
    digest: digest === 'off' || digest === 'weekly' ? digest : 'problems',
  } as const
  const zone = { ...config.console, time_zone: 'UTC' }
  const changed = { ...config, domains, maintenance, console: zone }
  const clock = { now: () => now, elapsed: () => now, sleep: async () => {} }
  return { store, keyring, config: () => changed, clock, log: silentLog }
}

type Step = readonly [days: number, findings: readonly Finding[], delivered: Delivered]
const stories: readonly (readonly [name: string, digest: string, steps: readonly Step[]])[] = [
  [
    'hears nothing while all is well',
    'problems',
    [
      [0, [well], 'nothing new'],
      [6, [well], 'nothing new'],
      [30, [well, finding('wear', 'unknown'), finding('spf', 'warning')], 'nothing new'],
    ],
  ],
  [
    'hears of a trouble once, and again after a week',
    'problems',
    [
      [0, [disk], 'sent'],
      [1, [disk], 'nothing new'],
      [6, [disk], 'nothing new'],
      [7, [disk], 'sent'],
      [8, [disk], 'nothing new'],
      [14, [disk], 'sent'],
    ],
  ],
  [
    'hears of a second trouble, and with it of the first',
    'problems',
    [
      [0, [disk], 'sent'],
      [2, [disk, mx], 'sent'],
      [7, [disk, mx], 'nothing new'],
      [9, [disk, mx], 'sent'],
    ],
  ],
  [
    'hears of a trouble that comes back',
    'problems',
    [
      [0, [disk], 'sent'],
      [1, [], 'nothing new'],
      [2, [disk], 'sent'],
    ],
  ],
  [
    'is told the domains apart',
    'problems',
    [
      [0, [mx], 'sent'],
      [1, [mx, finding('mx', 'trouble', 'second.net')], 'sent'],
      [2, [finding('mx', 'trouble', 'second.net')], 'nothing new'],
    ],
  ],
  [
    'is told every Sunday, too, if wished',
    'weekly',
    [
      [0, [well], 'nothing new'],
      [6, [well], 'sent'],
      [7, [well], 'nothing new'],
      [8, [disk], 'sent'],
      [13, [disk], 'sent'],
    ],
  ],
  [
    'is never told, if wished',
    'off',
    [
      [0, [disk], 'off'],
      [6, [disk, mx], 'off'],
    ],
  ],
  [
    'is told when the clock was ahead',
    'problems',
    [
      [4000, [disk], 'sent'],
      [0, [disk], 'sent'],
      [1, [disk], 'nothing new'],
    ],
  ],
]

describe('the postmaster', () => {
  for (const [name, digest, steps] of stories) {
    test(name, async () => {
      await using ward = await Ward.make()
      let sent = 0
      for (const [days, findings, delivered] of steps) {
        // The night's work takes its time, now more and now less.
        const now = monday + days * day + (days % 3) * 60_000
        assert.equal(await deliverDigest(findings, servicesOf(ward, now, digest)), delivered, `day ${days}`)
        sent += delivered === 'sent' ? 1 : 0
        assert.equal((await ward.household.inbox('alice')).length, sent)
        // What was told outlives a restart.
        await ward.household.restart()
      }
    })
  }

  test('gets a letter that nobody answers by machine', async () => {
    await using ward = await Ward.make()
    await deliverDigest([disk, finding('spf', 'warning')], servicesOf(ward, monday))
    const [message] = await ward.household.inbox('alice')
    const [header = '', text = ''] = message?.octets.toString().split('\r\n\r\n', 2) ?? []
    assert.equal(message?.record.reversePath, '')
    for (const field of [
      /^From: .*<mailer-daemon@mail\.porch\.net>$/m,
      /^To: <?postmaster@porch\.net>?$/m,
      /^Subject: 1 thing at mail\.porch\.net needs you$/m,
      /^Auto-Submitted: auto-generated$/m,
      /^Date: Mon, 23 Nov 2026 /m,
      /^Message-ID: </im,
    ])
      assert.match(header.replaceAll('\r', ''), field)
    assert.match(text, /mail\.porch\.net/)
  })

  test('is the account that has that name', async () => {
    await using ward = await Ward.make({ accounts: ['alice', 'bob'] })
    await ward.household.store.accounts.setAlias('postmaster', ['bob'])
    assert.equal(await deliverDigest([disk], servicesOf(ward, monday)), 'sent')
    assert.equal((await ward.household.inbox('bob')).length, 1)
  })

  test('is nobody where there is no account: the job fails with words, and nothing counts as told', async () => {
    await using ward = await Ward.make({ accounts: [] })
    await assert.rejects(deliverDigest([disk], servicesOf(ward, monday)), /nobody at postmaster@porch\.net/)
    await ward.household.addAccount('alice')
    assert.equal(await deliverDigest([disk], servicesOf(ward, monday)), 'sent')
  })

  test('is told though what was noted makes no sense', async () => {
    for (const noted of ['{', '[]', '{"a":1}', '[1,["x"],[null,3],["disk","y"]]', 'null']) {
      await using ward = await Ward.make()
      await ward.household.store.settings.set('doctor.told', noted)
      assert.equal(await deliverDigest([disk], servicesOf(ward, monday)), 'sent', noted)
    }
  })

  test('is told of very many things, of which as many are remembered as may be', async () => {
    await using ward = await Ward.make()
    const many = Array.from({ length: budget.doctorTold + 50 }, (_, i) =>
      finding('mx', 'trouble', `${'x'.repeat(200)}${i}.net`),
    )
    assert.equal(await deliverDigest(many, servicesOf(ward, monday)), 'sent')
    const noted: unknown = JSON.parse(ward.household.store.settings.get('doctor.told') ?? '')
    assert.equal(Array.isArray(noted) && noted.length, budget.doctorTold)
  })
})

describe('the letter', () => {
  test('has what needs a person first, and lines to copy whole', () => {
    const long = 'v=DKIM1; k=rsa; p='.padEnd(300, 'A')
    const record: Finding = {
      ...disk,
      fix: advice('Publish this record, which is rather long:', `x.net. IN TXT "${long}"`),
    }
    const text = letterText([finding('wear', 'unknown'), finding('spf', 'warning'), record, well], 'mail.porch.net')
    assert.equal(
      text,
      `This is the mail box mail.porch.net. It has looked itself over.

What needs you:

* disk is trouble.
Publish this record, which is rather long:
  x.net. IN TXT "${long}"

Good to know:

* spf is warning.

What cannot be told: wear.

To see all of it, with how each thing is known, write at the console:
  porchlight doctor
How often such a letter comes is a setting:
  porchlight config show maintenance.digest
`,
    )
  })
  test('says so when all is well', () => assert.match(letterText([well], 'x'), /^Nothing needs you\.$/m))

  const summaries: readonly (readonly [findings: readonly Finding[], words: string])[] = [
    [[well], 'Nothing needs you, 1 well.'],
    [[disk, well, well], '1 thing needs you, 2 well.'],
    [
      [disk, mx, finding('spf', 'warning'), finding('wear', 'unknown')],
      '2 things need you, 1 warning, 1 cannot be told, 0 well.',
    ],
  ]
  for (const [findings, words] of summaries) test(`in one line: ${words}`, () => assert.equal(summary(findings), words))
})
