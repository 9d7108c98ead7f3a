/** One examination: doctor/examine.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { checks } from '../../src/doctor/checks.ts'
import { chosenChecks, examine } from '../../src/doctor/examine.ts'
import { advice, type Finding, nameOf, quoted, sorted } from '../../src/doctor/finding.ts'
import type { Check } from '../../src/doctor/patient.ts'
import { isPrivateName } from '../../src/doctor/patient.ts'
import { span } from '../../src/doctor/span.ts'
import { a, mx, txt } from '../dns/name-server.ts'
import { StillClock } from '../dns/still-clock.ts'
import { Ward } from './ward.ts'

const { signal: never } = new AbortController()
const day = 24 * 60 * 60_000

describe('an examination', () => {
  test('makes every check, tells of each as it ends, and has its findings in the order of the table', async () => {
    await using ward = await Ward.make()
    const told: string[] = []
    const findings = await examine(ward.patient, { signal: never, found: ({ name }) => void told.push(name) })
    assert.deepEqual(told.toSorted(), checks.map(({ name }) => name).toSorted())
    assert.deepEqual(
      [...new Set(findings.map(({ check }) => check))],
      checks.map(({ name }) => name),
    )
    for (const { says, knownBy, state, fix } of findings) {
      assert.match(says, /^\S[^\n]*\.$/)
      assert.notEqual(knownBy, '')
      if (state === 'trouble') assert.ok(fix, `nothing to do about: ${says}`)
    }
    assert.equal(new Set(findings.map(nameOf)).size, findings.length, 'two findings have one name')
  })

  test('makes those that were asked for', () => {
    assert.deepEqual(
      chosenChecks(['spf', 'mx']).map(({ name }) => name),
      ['mx', 'spf'],
    )
    assert.deepEqual(chosenChecks([]), checks)
    assert.throws(
      () => chosenChecks(['mx', 'dkin']),
      error =>
        error instanceof Failure && error.code === 'USAGE' && /no check dkin; did you mean dkim\?/.test(error.message),
    )
  })

  test('goes on where a check fails, and says why it cannot tell', async () => {
    await using ward = await Ward.make()
    const failing: Check = {
      name: 'failing',
      meaning: 'whether it fails',
      look: () => Promise.reject(new Failure('NETWORK', 'The network is away.')),
    }
    const well: Check = {
      name: 'well',
      meaning: '',
      look: async () => [{ state: 'well', says: 'Good.', knownBy: 'It is.' }],
    }
    const findings = await examine(ward.patient, { signal: never, found: () => {} }, [failing, well])
    assert.deepEqual(findings, [
      {
        check: 'failing',
        state: 'unknown',
        says: 'It cannot be told now whether it fails.',
        knownBy: 'The network is away.',
      },
      { check: 'well', state: 'well', says: 'Good.', knownBy: 'It is.' },
    ])
  })

  test('gives a check up that takes too long, and tells it to end', async () => {
    const clock = new StillClock()
    await using ward = await Ward.make({ clock })
    let told: AbortSignal | undefined
    const endless: Check = {
      name: 'endless',
      meaning: 'whether it ends',
      look: (_visit, signal) => {
        told = signal
        return new Promise(() => {})
      },
    }
    const running = examine(ward.patient, { signal: never, found: () => {} }, [endless])
    await setImmediate()
    clock.pass(budget.doctorCheckMs)
    const [finding] = await running
    assert.deepEqual([finding?.state, finding?.says], ['unknown', 'It cannot be told now whether it ends.'])
    assert.equal(told?.aborted, true)
  })

  test('ends at once when it is stopped, though nobody answers', async () => {
    const asked = Promise.withResolvers<void>()
    await using ward = await Ward.make({
      names: () => {
        asked.resolve()
        return []
      },
    })
    const stop = new AbortController()
    const running = examine(ward.patient, { signal: stop.signal, found: () => {} }, chosenChecks(['mx', 'clock']))
    await asked.promise
    const begun = systemClock.elapsed()
    stop.abort()
    await assert.rejects(running, error => error instanceof Failure && error.code === 'GIVEN_UP')
    assert.ok(systemClock.elapsed() - begun < 2000)
  })

  test('makes no more than a few checks at once', async () => {
    await using ward = await Ward.make()
    let [now, most] = [0, 0]
    const busy = Array.from(
      { length: 12 },
      (_, i): Check => ({
        name: `c${i}`,
        meaning: '',
        look: async () => {
          most = Math.max(most, ++now)
          await setImmediate()
          now -= 1
          return []
        },
      }),
    )
    await examine(ward.patient, { signal: never, found: () => {} }, busy)
    assert.equal(most, budget.doctorChecks)
  })

  test('says nothing that a terminal would act on, whatever strangers publish', async () => {
    const odd = '\x1b[2J\u202egnp\r\n\x9b5m'
    let text = odd
    await using ward = await Ward.make({
      names: ({ name, type }) => {
        if (type === 'TXT') return [{ answers: [txt(name, [text], 0)] }]
        if (type === 'MX') return [{ answers: [mx(name, 1, 'a\x1bb.net', 0)] }]
        if (type === 'PTR') return [{ answers: [{ type: 'PTR', name, data: 'x\x1b[1m.net', ttl: 0 }] }]
        return [{ answers: type === 'A' ? [a(name, name.endsWith('porch.net') ? '5.6.7.8' : '127.0.0.4', 0)] : [] }]
      },
      port: 9,
    })
    const texts = fc.oneof(
      fc.string().map(rest => `v=spf1 ${odd}${rest}`),
      fc.string().map(rest => `v=DMARC1; p=${odd}${rest}`),
      fc.string().map(rest => `v=DKIM1; p=${odd}${rest}`),
      fc.string({ unit: 'binary', maxLength: 100 }),
    )
    await fc.assert(
      fc.asyncProperty(texts, async given => {
        text = Buffer.from(given).subarray(0, 255).toString('latin1')
        for (const check of ['mx', 'reverse', 'spf', 'dkim', 'dmarc', 'blocklists']) {
          for (const finding of await ward.check(check)) {
            const said = [finding.says, finding.knownBy, finding.fix?.replaceAll('\n', '')].join('')
            assert.doesNotMatch(said, /[\p{Cc}\u202a-\u202e]/u)
            assert.ok(said.length < 4000)
          }
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('findings', () => {
  const finding = (state: Finding['state'], check: string): Finding => ({ check, state, says: '', knownBy: '' })
  test('come trouble first, and else in their order', () => {
    const some = [
      finding('well', 'a'),
      finding('unknown', 'b'),
      finding('trouble', 'c'),
      finding('warning', 'd'),
      finding('trouble', 'e'),
    ]
    assert.deepEqual(
      sorted(some).map(({ check }) => check),
      ['c', 'e', 'd', 'b', 'a'],
    )
  })
  test('quote strangers shortly and harmlessly', () => {
    assert.equal(quoted('a\x00b\u202ec\ud800'), 'a?b?c\ufffd')
    assert.equal(quoted('x'.repeat(500)).length, 120)
  })
  test('have what is to be copied on lines of its own', () =>
    assert.equal(advice('Do so:', 'a', 'b'), 'Do so:\n  a\n  b'))
  test('tell spans in words', () => {
    const spans: readonly (readonly [number, string])[] = [
      [0, 'less than a minute'],
      [60_000, '1 minute'],
      [59.9 * 60_000, '59 minutes'],
      [2 * 60 * 60_000, '2 hours'],
      [3.5 * day, '3 days'],
    ]
    for (const [ms, words] of spans) assert.equal(span(ms), words)
  })
  test('know the names that are for the house', () => {
    for (const name of [
      'home.example',
      'box.lan',
      'printer',
      'x.home.arpa',
      'a.test',
      'b.local',
      'c.internal',
      'example',
    ])
      assert.equal(isPrivateName(name), true, name)
    for (const name of ['porch.net', 'example.org', 'lan.net', 'mylan.de', 'arpa.net'])
      assert.equal(isPrivateName(name), false, name)
  })
})
