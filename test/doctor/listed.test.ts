/** What the doctor makes of published keys and of blocklists, and what it says where the DNS cannot tell. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Answer } from 'dns-packet'
import { budget } from '../../src/base/budget.ts'
import { reversed } from '../../src/doctor/address.ts'
import type { State } from '../../src/doctor/finding.ts'
import { dkimRecords } from '../../src/doctor/records.ts'
import { a, code, mx, txt, zone } from '../dns/name-server.ts'
import { Ward } from './ward.ts'

const us = '5.6.7.8'
const here = a('mail.porch.net', us)
const smarthost = 'relay.mode = "smarthost"\nrelay.host = "smtp.isp.net"\n'

describe('the keys of DKIM', () => {
  const published: readonly (readonly [
    name: string,
    change: (text: string, i: number) => string | undefined,
    state: State,
    says: RegExp,
  ])[] = [
    ['are there', text => text, 'well', /are published/],
    [
      'are there, written otherwise',
      text => text.replace('; k=', ' ;k=').replace(/p=(.{9})/, 'p= $1 '),
      'well',
      /are published/,
    ],
    [
      'are there but for the newer one',
      (text, i) => (i === 0 ? text : undefined),
      'warning',
      /ed25519\._domainkey\.porch\.net is not published/,
    ],
    ['are those of another box', text => text.replace(/p=.{9}/, 'p=AAAAAAAAA'), 'trouble', /another key/],
    ['are withdrawn', text => text.replace(/p=.*/, 'p='), 'trouble', /withdrawn/],
    ['are something else', () => 'hello', 'trouble', /not published/],
  ]
  for (const [name, change, state, says] of published) {
    test(name, async () => {
      const records: Answer[] = []
      await using ward = await Ward.make({ names: asked => zone(records)(asked) })
      for (const [i, { owner, value }] of (await dkimRecords('porch.net', ward.household.keyring)).entries()) {
        const text = change(value, i)
        if (text !== undefined) records.push(txt(owner, [text.slice(0, 255), text.slice(255)]))
      }
      const finding = await ward.lone('dkim')
      assert.deepEqual([finding.state, finding.about], [state, 'porch.net'], finding.says)
      assert.match(finding.says, says)
    })
  }
})

describe('a name server that has very many records', () => {
  const most = budget.doctorHosts
  const many = Array.from({ length: 40 }, (_, i) => i)
  const records = [
    ...many.map(i => mx('porch.net', 10, `mx${i}.far.net`)),
    ...many.map(i => a('mail.porch.net', `5.6.7.${i}`)),
  ]
  for (const [check, ending] of [
    ['mx', '.far.net'],
    ['blocklists', 'list.net'],
  ] as const) {
    test(`is asked for a few of them (${check})`, async () => {
      await using ward = await Ward.make({ records, config: 'maintenance.blocklists = ["list.net"]' })
      const findings = await ward.check(check)
      const asked = new Set(ward.names.asked.map(({ name }) => name).filter(name => name.endsWith(ending)))
      // And the list's own entry, to try it with.
      assert.ok(asked.size > 0 && asked.size <= most + 1, `${asked.size}`)
      assert.ok(findings.length <= most && findings.every(({ says }) => says.length < 500))
    })
  }
})

describe('the blocklists', () => {
  const list = 'zen.spamhaus.org'
  const config = `maintenance.blocklists = ["${list}"]\n`
  const entry = a(reversed('127.0.0.2', list), '127.0.0.2')
  const about = reversed(us, list)
  const cases: readonly (readonly [
    name: string,
    records: readonly Answer[],
    config: string,
    state: State,
    says: RegExp,
  ])[] = [
    ['do not have us', [entry], config, 'well', /does not stand on/],
    [
      'have us',
      [entry, a(about, '127.0.0.4'), txt(about, ['see https://x'])],
      config,
      'trouble',
      /stands on the list .*It says: see https:/,
    ],
    ['have us as a line at home', [entry, a(about, '127.0.0.10')], config, 'warning', /line at home/],
    ['have us, and the smarthost sends', [entry, a(about, '127.0.0.4')], config + smarthost, 'well', /does no harm/],
    ['do not want to answer', [entry, a(about, '127.255.255.254')], config, 'unknown', /does not want/],
    ['are no lists any more', [a(about, '9.9.9.9')], config, 'unknown', /does not want/],
    ['say nothing at all', [], config, 'unknown', /gives no answers/],
    ['are none', [], 'maintenance.blocklists = []', 'unknown', /No list is asked/],
  ]
  for (const [name, records, config, state, says] of cases) {
    test(name, async () => {
      await using ward = await Ward.make({ records: [here, ...records], config })
      const finding = await ward.lone('blocklists')
      assert.equal(finding.state, state, finding.says)
      assert.match(finding.says, says)
    })
  }
})

describe('where the DNS cannot tell', () => {
  for (const check of ['mx', 'address', 'reverse', 'spf', 'dkim', 'dmarc', 'blocklists', 'port-out']) {
    test(`nor can ${check}`, async () => {
      await using ward = await Ward.make({ names: () => [{ code: code.serverFailure }] })
      const findings = await ward.check(check)
      assert.ok(findings.length > 0)
      for (const { state, knownBy } of findings) {
        assert.equal(state, 'unknown')
        assert.match(knownBy, /SERVFAIL|not known|no public address/)
      }
    })
  }

  test('of one domain, the others are told', async () => {
    const names = zone([here, mx('porch.net', 10, 'mail.porch.net')])
    await using ward = await Ward.make({
      domains: ['bad.net', 'porch.net'],
      names: asked => (asked.name === 'bad.net' ? [{ code: code.serverFailure }] : names(asked)),
    })
    assert.deepEqual(
      (await ward.check('mx')).map(({ about, state }) => [about, state]),
      [
        ['bad.net', 'unknown'],
        ['porch.net', 'well'],
      ],
    )
  })
})
