/** What the boot scripts tell, at the start and while the server runs: board/board.ts, facts.ts, network.ts, ttys.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { silentLog } from '../../src/base/log.ts'
import { Board } from '../../src/board/board.ts'
import { clockOf } from '../../src/board/clock.ts'
import { readNetwork } from '../../src/board/network.ts'
import { readTtys } from '../../src/board/ttys.ts'
import { facts, RunDirectory } from './rundir.ts'

const network = {
  interface: 'eth0',
  how: 'dhcp',
  addresses: ['192.168.1.5/24', 'fe80::1/64'],
  gateway: '192.168.1.1',
  dns: ['192.168.1.1'],
  link: true,
} as const

describe('a board', () => {
  test('has the facts of the boot scripts', async () => {
    await using run = await RunDirectory.make({ trial: { left: 2, from: 'b' }, fallback: '0.3.0 did not come up' })
    using board = await Board.open(run.path, silentLog)
    assert.deepEqual(
      [board.arch, board.version, board.slot, board.other, board.trial, board.fallback, board.out],
      ['arm64', '0.2.0', 'a', facts.other, { left: 2, from: 'b' }, '0.3.0 did not come up', `${run.path}-out`],
    )
    assert.deepEqual(
      [board.facts.watchdog, board.facts.led, board.facts.repaired, board.network, board.ttys, board.clockSet],
      [undefined, undefined, undefined, undefined, [], false],
    )
  })

  const partly: readonly (readonly [name: string, said: object, left: object])[] = [
    ['without what may be missing', { other: undefined, trial: undefined, led: undefined }, { other: undefined }],
    [
      'with an empty other slot',
      { other: { ...facts.other, version: null } },
      { other: { ...facts.other, version: undefined } },
    ],
    ['with a name that is none', { model: 7 }, { model: 'a board that does not say its name' }],
    ['with words without end', { fallback: 'x'.repeat(5000) }, { fallback: 'x'.repeat(1000) }],
    ['of a newer release', { colour: 'green' }, { slot: 'a' }],
  ]
  for (const [name, said, left] of partly) {
    test(`is known ${name}`, async () => {
      await using run = await RunDirectory.make(said)
      using board = await Board.open(run.path, silentLog)
      assert.equal(board.version, '0.2.0')
      assert.deepEqual({ ...board.facts, ...left }, board.facts)
    })
  }

  test('is known while the rest of what it says cannot be read', async () => {
    await using run = await RunDirectory.make()
    await run.write('network.json', ' '.repeat(100_000))
    using board = await Board.open(run.path, silentLog)
    assert.deepEqual([board.version, board.network], ['0.2.0', undefined])
  })

  const senseless = [
    '',
    '{',
    'null',
    '[]',
    JSON.stringify({ ...facts, slot: 'c' }),
    JSON.stringify({ ...facts, led: '../../../etc' }),
    JSON.stringify({ ...facts, watchdog: '/etc/passwd' }),
    JSON.stringify({ ...facts, other: { ...facts.other, device: '/dev/../etc/passwd;' } }),
    `"${'x'.repeat(100_000)}"`,
  ]
  for (const text of senseless) {
    test(`that makes no sense is guessed, and nothing can be kept or installed then: ${text.slice(0, 30)}`, async () => {
      await using run = await RunDirectory.make()
      await run.write('facts.json', text)
      using board = await Board.open(run.path, silentLog)
      assert.deepEqual([board.other, board.trial, board.facts.watchdog], [undefined, undefined, '/dev/watchdog0'])
    })
  }

  test('that says nothing is guessed, too', async () => {
    await using run = await RunDirectory.make()
    await rm(join(run.path, 'facts.json'))
    using board = await Board.open(run.path, silentLog)
    assert.equal(board.version, 'unknown')
  })

  test('tells of changes, each once', { timeout: 20_000 }, async () => {
    await using run = await RunDirectory.make()
    await run.write('clock', 'unset\n')
    await run.write('ttys', '/dev/ttyAMA0\n')
    using board = await Board.open(run.path, silentLog)
    const clock = clockOf(board)
    assert.equal(clock.unset?.(), true)
    const told: unknown[] = []
    board.changes.on('ttys', ttys => told.push(ttys)).on('network', network => told.push(network))
    await Promise.all([once(board.changes, 'ttys'), run.write('ttys', '/dev/ttyAMA0\n/dev/ttyGS0\n')])
    await Promise.all([once(board.changes, 'network'), run.write('network.json', JSON.stringify(network))])
    await run.write('network.json', JSON.stringify(network))
    await Promise.all([once(board.changes, 'clock'), run.write('clock', 'set\n')])
    assert.deepEqual(told, [['/dev/ttyAMA0', '/dev/ttyGS0'], network])
    assert.deepEqual([board.ttys, board.network, board.clockSet], [['/dev/ttyAMA0', '/dev/ttyGS0'], network, true])
    assert.equal(clock.unset?.(), false)
  })

  test('asks its steward by the words of updates, and knows when it is switched off', async () => {
    await using run = await RunDirectory.make({ trial: { left: 1, from: 'b' } })
    await run.employ()
    using board = await Board.open(run.path, silentLog)
    await board.choose('b', '0.3.0')
    await board.back()
    assert.ok(board.trial)
    await board.steward('healthy')
    assert.equal(board.trial, undefined)
    await board.reboot()
    // A restart that hangs is what the watchdog is for.
    assert.equal(board.switchesOff, false)
    await board.steward('poweroff')
    assert.equal(board.switchesOff, true)
    assert.deepEqual(await run.asked(), ['choose b 0.3.0', 'back', 'healthy', 'reboot', 'poweroff'])
  })

  test('whose steward refuses stays where it is', async () => {
    await using run = await RunDirectory.make({ trial: { left: 1, from: 'b' } })
    await run.employ('no The choice cannot be written.')
    using board = await Board.open(run.path, silentLog)
    await assert.rejects(board.steward('poweroff'), { code: 'REFUSED', message: 'The choice cannot be written.' })
    await assert.rejects(board.steward('healthy'))
    assert.deepEqual([board.switchesOff, board.trial?.left], [false, 1])
  })
})

test('no clock that is not of a board is doubted', () => assert.equal(clockOf(undefined).unset, undefined))

describe('the network', () => {
  for (const [name, said] of [
    ['none', { interface: '', how: 'none', addresses: [], gateway: '', dns: [], link: false }],
    ['one by dhcp', network],
    ['a fixed one with IPv6', { ...network, how: 'fixed', gateway: 'fe80::1%eth0', dns: ['2001:db8::1'] }],
  ] as const) {
    test(`is read as it is told: ${name}`, () => assert.deepEqual(readNetwork(JSON.stringify(said)), said))
  }
  for (const said of [
    { ...network, how: 'magic' },
    { ...network, interface: '../x' },
    { ...network, addresses: ['192.168.1.5; reboot'] },
    { ...network, addresses: Array.from({ length: 100 }, () => '1.2.3.4/8') },
    { ...network, link: 'yes' },
    [],
    null,
  ]) {
    test(`is nothing where it makes no sense: ${JSON.stringify(said).slice(0, 60)}`, () =>
      assert.equal(readNetwork(JSON.stringify(said)), undefined))
  }
  test('is nothing for any other text', () => {
    fc.assert(fc.property(fc.string(), text => readNetwork(text) === undefined))
    assert.equal(readNetwork(undefined), undefined)
  })
})

describe('serial lines', () => {
  for (const [text, ttys] of [
    ['', []],
    ['/dev/ttyAMA0\n/dev/ttyGS0\n', ['/dev/ttyAMA0', '/dev/ttyGS0']],
    ['/dev/ttyS0\n/dev/ttyS0\n', ['/dev/ttyS0']],
    ['/etc/passwd\n/dev/../etc/passwd\nttyS0\n/dev/\n', []],
    [
      Array.from({ length: 100 }, (_, i) => `/dev/ttyS${i}`).join('\n'),
      Array.from({ length: 16 }, (_, i) => `/dev/ttyS${i}`),
    ],
  ] as const) {
    test(`in ${JSON.stringify(text).slice(0, 50)} are ${ttys.length}`, () => assert.deepEqual(readTtys(text), ttys))
  }
})
