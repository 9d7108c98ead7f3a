/** Who may come in, who has to wait outside, and who makes room. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Admission } from '../../src/net/admission.ts'
import type { Connection } from '../../src/net/connection.ts'

type Guest = Pick<Connection, 'address' | 'stake' | 'waiting' | 'lastAnswer'>

/** A guest that nobody waits for, unless it says otherwise: it makes no room. */
function guest(address: string, more: Partial<Guest> = {}): Guest {
  return { address, stake: 'nothing', waiting: false, lastAnswer: 0, ...more }
}

const limits = { connections: 4, connections_per_address: 2 }

/** Each address knocks in turn. */
type Knocks = { readonly name: string; readonly knocks: readonly string[]; readonly answers: readonly string[] }

const knocking: readonly Knocks[] = [
  {
    name: 'one address has its share',
    knocks: ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
    answers: ['in', 'in', 'address-full'],
  },
  {
    name: 'all together have theirs',
    knocks: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'],
    answers: ['in', 'in', 'in', 'in', 'full'],
  },
  {
    name: 'neighbours in IPv4 are strangers',
    knocks: ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    answers: ['in', 'in', 'in'],
  },
  {
    name: 'addresses of one IPv6 /64 are one site',
    knocks: ['2001:db8:0:1::7', '2001:db8:0:1:ffff:2:3:4', '2001:db8:0:1::8', '2001:db8:0:2::7'],
    answers: ['in', 'in', 'address-full', 'in'],
  },
  {
    name: 'a short IPv6 address is the same site as its long form',
    knocks: ['2001:db8::1', '2001:db8:0:0:1:2:3:4', '2001:db8::2'],
    answers: ['in', 'in', 'address-full'],
  },
  {
    name: 'the loopback address of IPv6 is a site',
    knocks: ['::1', '::1', '::1'],
    answers: ['in', 'in', 'address-full'],
  },
]

/** Enters, where nobody makes room. */
function knock(admission: Admission<Guest>, newcomer: Guest): string {
  const entry = admission.enter(newcomer, 0)
  if (typeof entry === 'string') return entry
  assert.equal(entry.insteadOf, undefined)
  return 'in'
}

describe('at the door', () => {
  for (const { name, knocks, answers } of knocking) {
    test(name, () => {
      const admission = new Admission<Guest>(limits)
      assert.deepEqual(
        knocks.map(address => knock(admission, guest(address))),
        answers,
      )
    })
  }

  test('who leaves makes room, for the site and for all', () => {
    const admission = new Admission<Guest>({ connections: 2, connections_per_address: 1 })
    const [far, near] = [guest('2001:db8::1'), guest('192.0.2.1')]
    for (const each of [far, near]) assert.equal(knock(admission, each), 'in')
    assert.equal(knock(admission, guest('192.0.2.2')), 'full')
    admission.leave(far)
    assert.equal(knock(admission, guest('192.0.2.1')), 'address-full')
    assert.equal(knock(admission, guest('2001:db8::ffff')), 'in')
    admission.leave(near)
    assert.equal(knock(admission, guest('192.0.2.1')), 'in')
  })

  test('who leaves twice, or never came in, gives no place away', () => {
    const admission = new Admission<Guest>({ connections: 2, connections_per_address: 2 })
    const [first, second] = [guest('192.0.2.1'), guest('192.0.2.1')]
    for (const each of [first, second]) assert.equal(knock(admission, each), 'in')
    for (const each of [first, first, guest('192.0.2.1')]) admission.leave(each)
    assert.equal(knock(admission, guest('192.0.2.1')), 'in')
    assert.equal(knock(admission, guest('192.0.2.1')), 'address-full')
  })

  test('lower limits turn nobody out, and let nobody in until enough have left', () => {
    const admission = new Admission<Guest>(limits)
    const inside = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(address => guest(address))
    for (const each of inside) assert.equal(knock(admission, each), 'in')
    admission.limits = { connections: 2, connections_per_address: 2 }
    const answers = inside.map(each => {
      admission.leave(each)
      return knock(admission, guest('192.0.2.4'))
    })
    assert.deepEqual(answers, ['full', 'in', 'in'])
  })
})

const waiting = { waiting: true }
const sending = { waiting: true, stake: 'transaction' } as const
const [crowd, other, third] = ['192.0.2.1', '192.0.2.2', '192.0.2.3']

/** The house is full with `inside`; `leaves` is the place in it of the one that makes room for a newcomer, `now`. */
type Room = {
  readonly name: string
  readonly inside: readonly Guest[]
  readonly leaves: number | undefined
  readonly now?: number
}

const full: readonly Room[] = [
  { name: 'nobody who is being served', inside: [guest(crowd), guest(crowd)], leaves: undefined },
  {
    name: 'one of the address with most places',
    inside: [guest(other, waiting), guest(crowd, waiting), guest(crowd, waiting)],
    leaves: 1,
  },
  {
    name: 'of its guests, the one that was answered longest ago',
    inside: [guest(crowd, { ...waiting, lastAnswer: 7 }), guest(crowd, { ...waiting, lastAnswer: 3 })],
    leaves: 1,
  },
  {
    name: 'one with nothing to lose before one in a transaction',
    inside: [guest(crowd, sending), guest(crowd, waiting), guest(other, waiting)],
    leaves: 1,
  },
  {
    name: 'one in a transaction, if its address would still hold more',
    inside: [guest(crowd, sending), guest(crowd, sending)],
    leaves: 0,
  },
  {
    name: 'nobody in a transaction, if the newcomer would then hold as many',
    inside: [guest(crowd, sending), guest(other, sending)],
    leaves: undefined,
  },
  {
    name: 'the transaction that got no answer for longest, if that is long',
    inside: [guest(crowd, { ...sending, lastAnswer: 1 }), guest(other, { ...sending, lastAnswer: 0 })],
    leaves: 1,
    now: budget.stuckMs,
  },
  {
    name: 'none of them if it is not that long',
    inside: [guest(crowd, { ...sending, lastAnswer: 1 }), guest(other, { ...sending, lastAnswer: 1 })],
    leaves: undefined,
    now: budget.stuckMs,
  },
  {
    name: 'one with nothing to lose before one whose transaction got nowhere',
    inside: [guest(crowd, sending), guest(other, { ...waiting, lastAnswer: budget.stuckMs })],
    leaves: 1,
    now: budget.stuckMs,
  },
  {
    name: 'nobody whom the server still owes an answer, however long that takes',
    inside: [guest(crowd, { ...sending, waiting: false }), guest(other)],
    leaves: undefined,
    now: budget.stuckMs,
  },
  {
    name: 'nobody who has logged in',
    inside: [guest(crowd, { ...waiting, stake: 'login' }), guest(crowd, { ...waiting, stake: 'login' })],
    leaves: undefined,
  },
]

describe('in a full house there makes room', () => {
  for (const { name, inside, leaves, now = 0 } of full) {
    test(name, () => {
      const admission = new Admission<Guest>({ connections: inside.length, connections_per_address: inside.length })
      for (const each of inside) assert.equal(knock(admission, each), 'in')
      const entry = admission.enter(guest(third), now)
      if (leaves === undefined) assert.equal(entry, 'full')
      else assert.ok(typeof entry === 'object' && entry.insteadOf === inside[leaves])
    })
  }

  test('a guest that then has no place to give back', () => {
    const admission = new Admission<Guest>({ connections: 1, connections_per_address: 1 })
    const displaced = guest(crowd, waiting)
    assert.equal(knock(admission, displaced), 'in')
    const entry = admission.enter(guest(other), 0)
    assert.ok(typeof entry === 'object' && entry.insteadOf === displaced)
    admission.leave(displaced)
    assert.equal(knock(admission, guest(third)), 'full')
  })
})
