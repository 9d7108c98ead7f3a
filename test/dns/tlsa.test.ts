/** DANE: which records count, and which certificates they match. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import type { RecordOf } from '../../src/dns/record.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { matchesTlsa, type ShownCertificate, tlsaRecords } from '../../src/dns/tlsa.ts'
import { Issued } from './authority.ts'
import { code, NameServer, type Say, tlsa, zone } from './name-server.ts'
import { StillClock } from './still-clock.ts'

const name = '_25._tcp.m.example'
const octets = (length: number) => Buffer.alloc(length, 1)

async function look(say: Say): Promise<unknown> {
  await using server = await NameServer.start(say)
  const found = await tlsaRecords(new Resolver({ servers: [server.address], clock: new StillClock() }), 'm.example', 25)
  return found.kind === 'usable'
    ? found.records.map(({ usage, selector, matchingType }) => `${usage} ${selector} ${matchingType}`)
    : found.kind
}

describe('TLSA records', () => {
  const cases = [
    { given: [tlsa(name, 3, 1, 1, octets(32))], found: ['3 1 1'] },
    { given: [tlsa(name, 2, 0, 2, octets(64))], found: ['2 0 2'] },
    { given: [tlsa(name, 3, 0, 0, octets(300))], found: ['3 0 0'] },
    { given: [tlsa(name, 0, 1, 1, octets(32)), tlsa(name, 1, 1, 1, octets(32))], found: 'unusable' },
    { given: [tlsa(name, 3, 2, 1, octets(32)), tlsa(name, 3, 1, 3, octets(32))], found: 'unusable' },
    { given: [tlsa(name, 3, 1, 1, octets(31)), tlsa(name, 3, 1, 2, octets(32))], found: 'unusable' },
    { given: [tlsa(name, 255, 1, 1, octets(32)), tlsa(name, 3, 1, 1, octets(32))], found: ['3 1 1'] },
    { given: [tlsa(name, 3, 1, 1, octets(32)), tlsa(name, 3, 1, 2, octets(64))], found: ['3 1 2'] },
    { given: [tlsa(name, 3, 1, 1, octets(32)), tlsa(name, 3, 0, 2, octets(64))], found: ['3 1 1', '3 0 2'] },
    { given: [tlsa(name, 3, 1, 1, octets(32)), tlsa(name, 3, 1, 2, octets(63))], found: ['3 1 1'] },
    { given: [tlsa('_25._tcp.n.example', 3, 1, 1, octets(32))], found: 'none' },
  ]
  for (const { given, found } of cases) {
    const shown = given.map(
      ({ data }) => `${data.usage} ${data.selector} ${data.matchingType} [${data.certificate.length}]`,
    )
    test(`${shown.join(', ')} are ${found}`, async () =>
      assert.deepEqual(await look(zone(given, { secure: true })), found))
  }

  test('that nobody signed are none', async () => {
    assert.equal(await look(zone([tlsa(name, 3, 1, 1, octets(32))])), 'none')
  })

  test('that cannot be looked up hold mail back', async () => {
    const failed = (error: unknown) => error instanceof Failure && error.code === 'DNS'
    await assert.rejects(
      look(() => [{ code: code.serverFailure }]),
      failed,
    )
  })
})

const root = await Issued.make('root', true)
const middle = await Issued.make('middle', true, root)
const own = await Issued.make('m.example', false, middle)
const stranger = await Issued.make('m.example', false)
const noAuthority = await Issued.make('no-authority', false, root)
const underNoAuthority = await Issued.make('m.example', false, noAuthority)
const expired = await Issued.make('m.example', false, root, { notAfter: new Date('2025-01-01') })
const forged = await Issued.make('m.example', false, await Issued.make('root', true))
const twin = await Issued.make('twin', true, root, { keysOf: middle })
const chain = [own, middle, root]
/** One longer than is looked at, from below. */
const deep = [root]
while (deep.length <= budget.chain) deep.unshift(await Issued.make('deep', deep.length < budget.chain, deep[0]))
const now = Date.parse('2026-06-01')

type Selection = readonly [usage: number, selector: number, matchingType: number, of: Issued]

function record([usage, selector, matchingType, of]: Selection): RecordOf<'TLSA'> {
  const selected = selector === 0 ? of.shown.raw : of.shown.publicKey
  const digest = ['', 'sha256', 'sha512'][matchingType] ?? ''
  const association = digest === '' ? selected : createHash(digest).update(selected).digest()
  return { type: 'TLSA', usage, selector, matchingType, association }
}

const certificates = (shown: readonly Issued[]): readonly ShownCertificate[] => shown.map(({ shown }) => shown)

describe('a chain', () => {
  for (const selector of [0, 1]) {
    for (const matchingType of [0, 1, 2]) {
      test(`is matched by selector ${selector} and matching type ${matchingType}`, () => {
        const match = (usage: number, of: Issued, shown = chain) =>
          matchesTlsa([record([usage, selector, matchingType, of])], certificates(shown), now)
        assert.equal(match(3, own), 'ee')
        assert.equal(match(2, root), 'ta')
        assert.equal(match(2, middle), 'ta')
        assert.equal(match(2, middle, [own, middle]), 'ta')
        assert.equal(match(3, own, [stranger, own]), undefined)
        assert.equal(match(3, root), undefined)
      })
    }
  }

  const no: readonly (readonly [name: string, anchor: Issued, shown: readonly Issued[]])[] = [
    ["ends with somebody else's anchor", root, [stranger, root]],
    ['is signed by another of that name', root, [forged, root]],
    ['leaves one out', root, [own, root]],
    ['goes through what is no authority', root, [underNoAuthority, noAuthority, root]],
    ['is out of date', root, [expired, root]],
    ['is its own anchor', stranger, [stranger]],
    ['is shown twice', stranger, [stranger, stranger]],
    ['is empty', root, []],
    ['has its anchor too far up', deep.at(-1) ?? root, deep],
    ['has an anchor of another name with the same key', twin, [own, twin]],
  ]
  for (const [name, anchor, shown] of no)
    test(`that ${name} is under no anchor`, () =>
      assert.equal(matchesTlsa([record([2, 1, 1, anchor])], certificates(shown), now), undefined))

  test('is matched for its own certificate whatever its dates', () => {
    assert.equal(matchesTlsa([record([3, 1, 1, expired])], certificates([expired]), now), 'ee')
    assert.equal(matchesTlsa([record([2, 1, 1, root])], certificates([expired, root]), Date.parse('2024-06-01')), 'ta')
  })

  test('is matched as far up as is looked', () => {
    const anchor = deep.at(-2) ?? root
    assert.equal(matchesTlsa([record([2, 1, 1, anchor])], certificates(deep), now), 'ta')
  })

  test('is matched by any of several records', () => {
    const records = [record([3, 1, 1, stranger]), record([2, 1, 1, root])]
    assert.equal(matchesTlsa(records, certificates(chain), now), 'ta')
  })

  test('that is no certificate is under no anchor', () => {
    const noise = { raw: octets(40), publicKey: octets(40) }
    assert.equal(matchesTlsa([record([2, 1, 1, root])], [noise, root.shown], now), undefined)
  })
})
