/** The network of the box at the console: what is shown and advised, what is changed, and what is refused: commands/net.ts. */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import type { Network } from '../../src/board/network.ts'
import type { LocalName } from '../../src/commands/command.ts'
import { announceBox } from '../../src/commands/local.ts'
import { settled } from '../../src/commands/net.ts'
import { networkWords, placeWords } from '../../src/commands/net-words.ts'
import { portsOf } from '../../src/commands/ports.ts'
import { athome, ScriptedBoard } from './appliance.ts'
import { type Configured, listensNowhere, openConfigured } from './configured.ts'

const wide = Number.POSITIVE_INFINITY
const local = (name: string | undefined): LocalName & { readonly wanted: string[] } => {
  const wanted: string[] = []
  return { name, wanted, rename: label => void wanted.push(label) }
}

/** A household on a board, and its network's words. */
async function openBox(board: ScriptedBoard, name = local('porchlight.local')): Promise<Configured> {
  const box = await openConfigured(listensNowhere)
  Object.assign(box.household, { board, local: name })
  return box
}

const nothing: Network = { interface: '', how: 'none', addresses: [], gateway: '', dns: [], link: false }

const shown: readonly (readonly [
  name: string,
  network: Network | undefined,
  clockSet: boolean,
  words: readonly string[],
])[] = [
  [
    'with all that it needs',
    athome,
    true,
    [
      `name             ${hostname()}, at home also porchlight.local`,
      'network adapter  eth0, connected',
      'address          192.168.1.5/24, given by the router (DHCP)',
      'IPv6             fe80::1/64',
      'gateway          192.168.1.1',
      'name servers     192.168.1.1',
      'time             the clock was set by a time server',
    ],
  ],
  [
    'with a fixed address',
    { ...athome, how: 'fixed', addresses: ['10.0.0.2/8'], dns: ['9.9.9.9', '1.1.1.1'] },
    true,
    [
      `name             ${hostname()}, at home also porchlight.local`,
      'network adapter  eth0, connected',
      'address          10.0.0.2/8, fixed by hand',
      'gateway          192.168.1.1',
      'name servers     9.9.9.9, 1.1.1.1',
      'time             the clock was set by a time server',
    ],
  ],
]

const advised: readonly (readonly [name: string, network: Network | undefined, clockSet: boolean, advice: RegExp])[] = [
  ['while nothing is known', undefined, false, /just being set up/],
  ['without an adapter', nothing, false, /no adapter for a network cable/],
  ['without a cable', { ...athome, link: false, addresses: [] }, false, /sits firmly on both sides/],
  ['without an answer of the router', { ...athome, addresses: ['fe80::1/64'] }, false, /has not given an address yet/],
  ['with an address it made up itself', { ...athome, addresses: ['169.254.3.4/16'] }, true, /has not given an address/],
  [
    'with how none',
    { ...athome, how: 'none', addresses: [] },
    true,
    /To have the router give one: porchlight net set dhcp/,
  ],
  ['without a gateway', { ...athome, gateway: '' }, true, /Without a gateway/],
  ['without a name server', { ...athome, dns: [] }, true, /Without a name server/],
  ['before the clock is set', athome, false, /The clock is set as soon as a time server is reached/],
]

describe('net shows a box', () => {
  for (const [name, network, clockSet, words] of shown) {
    test(name, () => {
      const board = new ScriptedBoard({ network, clockSet })
      assert.deepEqual(networkWords({ board, local: local('porchlight.local') }, wide), words)
    })
  }
  for (const [name, network, clockSet, advice] of advised) {
    test(`${name}, and says what to do`, () => {
      const board = new ScriptedBoard({ network, clockSet })
      const words = networkWords({ board, local: undefined }, wide)
      const [, below = ''] = words.join('\n').split('\n\n')
      assert.match(below, advice)
    })
  }
  test('by either of its commands', async () => {
    await using box = await openBox(new ScriptedBoard({ network: athome }))
    assert.equal(await box.say('net'), await box.say('net show'))
  })
  test('and how others call it', () => {
    const board = new ScriptedBoard({ network: athome })
    assert.equal(placeWords({ board, local: local('porchlight.local') }), '192.168.1.5 or porchlight.local')
    assert.equal(placeWords({ board: new ScriptedBoard(), local: local(undefined) }), '')
  })
})

const fixed: Network = { ...athome, how: 'fixed', addresses: ['192.168.1.7/24'] }

describe('net set', () => {
  test('has the router give an address, and shows what came of it', async () => {
    const board = new ScriptedBoard({ network: fixed, obey: () => athome })
    await using box = await openBox(board)
    assert.match(await box.say('net set dhcp'), /^Asking the router.*\n(?:.*\n)*address +192\.168\.1\.5\/24, given/)
    assert.deepEqual(board.asked, ['network dhcp'])
    assert.equal(board.changes.listenerCount('network'), 0)
  })
  test('fixes an address, with the name servers that are named, else the gateway', async () => {
    const board = new ScriptedBoard({ network: athome, obey: () => fixed })
    await using box = await openBox(board)
    assert.match(await box.say('net set 192.168.1.7/24 192.168.1.1'), /\naddress +192\.168\.1\.7\/24, fixed/)
    await box.say('net set 192.168.1.7/24 192.168.1.1 9.9.9.9 2620:FE::fe')
    assert.deepEqual(board.asked, [
      'network fixed 192.168.1.7/24 192.168.1.1 192.168.1.1',
      'network fixed 192.168.1.7/24 192.168.1.1 9.9.9.9,2620:fe::fe',
    ])
  })

  const refused: readonly (readonly [line: string, why: RegExp])[] = [
    ['net set dhcp 192.168.1.1', /the router says all the rest/],
    ['net set 192.168.1.7/24', /address of your router has to follow/],
    ['net set 192.168.1.7/24 192.168.2.1', /is not in the network/],
    ['net set 192.168.1.7 192.168.1.1', /192\.168\.1\.7\/24$/],
    ['net set dchp', /has to follow|is not an address/],
    ['net name a_b', /cannot be the name of the box/],
  ]
  for (const [line, why] of refused) {
    test(`asks nobody for "${line}"`, async () => {
      const board = new ScriptedBoard({ network: athome })
      await using box = await openBox(board)
      assert.match(await box.say(line), why)
      assert.deepEqual(board.asked, [])
    })
  }
  test('tells what the board has against it', async () => {
    const board = new ScriptedBoard({ network: athome, obey: () => 'There is no adapter.' })
    await using box = await openBox(board)
    assert.match(await box.say('net set dhcp'), /There is no adapter\.$/)
  })
  test('waits for a while, and not for ever', async () => {
    const board = new ScriptedBoard({ network: athome })
    assert.equal(await settled(board, ({ how }) => how === 'fixed', new AbortController().signal, 5), false)
    assert.equal(board.changes.listenerCount('network'), 0)
  })
  test('waits no longer than somebody waits for it', async () => {
    const board = new ScriptedBoard({ network: athome })
    assert.equal(await settled(board, ({ how }) => how === 'fixed', AbortSignal.timeout(5)), false)
    assert.equal(board.changes.listenerCount('network'), 0)
  })
})

describe('net name', () => {
  test('names the box and announces it', async () => {
    const board = new ScriptedBoard({ network: athome })
    const name = local('porchlight.local')
    await using box = await openBox(board, name)
    assert.match(await box.say('net name Attic.local'), /^The box is attic now, and attic\.local in a few seconds/)
    assert.deepEqual(board.asked, ['hostname attic'])
    assert.deepEqual(name.wanted, ['attic'])
  })
})

describe('without a board', () => {
  for (const line of ['net', 'net show', 'net set dhcp', 'net name attic', 'reboot', 'poweroff']) {
    test(`${line} says whose business it is`, async () => {
      await using box = await openConfigured(listensNowhere)
      assert.match(await box.say(line), /was not started from an image of Porchlight's own/)
    })
  }
})

describe('the name on the network', () => {
  test('follows the board as long as the house is open', async () => {
    const board = new ScriptedBoard()
    const announced = announceBox(board, silentLog)
    assert.equal(board.changes.listenerCount('network'), 1)
    board.become({ ...athome, link: false })
    assert.equal(announced.name, undefined)
    await announced[Symbol.asyncDispose]()
    assert.equal(board.changes.listenerCount('network'), 0)
  })
})

const ports: readonly (readonly [listening: readonly string[], words: readonly string[]])[] = [
  [[], ['5353/udp']],
  [
    ['[::]:995', '[::]:25', '0.0.0.0:25', '192.168.1.5:465'],
    ['25', '465', '995', '5353/udp'],
  ],
  [
    ['127.0.0.1:2525', '[::1]:2110', '[::]:110'],
    ['110', '5353/udp'],
  ],
]

describe('the packet filter is told of', () => {
  for (const [listening, words] of ports) {
    test(listening.join(', ') || 'nobody who listens', () => {
      assert.deepEqual(portsOf(listening.map(name => ({ name }))), words)
    })
  }
})
