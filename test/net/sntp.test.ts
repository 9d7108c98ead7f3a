/** Asking a time server: what is believed, what is not, and what is said when there is no answer. RFC 4330, RFC 5905. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { askTime, question, readTime, type TimeOptions } from '../../src/net/sntp.ts'

/** Seconds from 1900 to 1970. */
const ntpToUnix = 2_208_988_800
const nonce = Buffer.from('01020304a5a6a7a8', 'hex')
/** 22 November 2026, a quarter past ten. */
const now = Date.UTC(2026, 10, 22, 10, 15, 0)

type Said = {
  head: number
  stratum: number
  delay: number
  dispersion: number
  id: string
  originate: Buffer
  received: number
  sent: number
}

/** An answer as a good server gives it, but for what is said. Times are ms since the epoch; 0 is none. */
function answer(said: Partial<Said> = {}): Buffer {
  const all = {
    head: 0x24,
    stratum: 2,
    delay: 0.02,
    dispersion: 0.01,
    id: '\xc0\x00\x02\x01',
    originate: nonce,
    received: now,
    sent: now,
    ...said,
  }
  const packet = Buffer.alloc(48)
  packet[0] = all.head
  packet[1] = all.stratum
  packet.writeInt32BE(Math.round(all.delay * 65_536), 4)
  packet.writeUInt32BE(Math.round(all.dispersion * 65_536), 8)
  packet.write(all.id, 12, 'latin1')
  all.originate.copy(packet, 24)
  for (const [at, ms] of [
    [32, all.received],
    [40, all.sent],
  ] as const) {
    if (ms === 0) continue
    packet.writeUInt32BE((Math.floor(ms / 1000) + ntpToUnix) % 2 ** 32, at)
    packet.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), at + 4)
  }
  return packet
}

const good: readonly (readonly [
  name: string,
  said: Partial<Said>,
  asked: number,
  heard: number,
  offset: number,
  roundTrip: number,
])[] = [
  ['agrees', {}, now, now, 0, 0],
  ['is a second ahead', { received: now + 1000, sent: now + 1000 }, now, now, 1000, 0],
  ['is a second behind', { received: now - 1000, sent: now - 1000 }, now, now, -1000, 0],
  ['is 40 ms away', { received: now + 20, sent: now + 20 }, now, now + 40, 0, 40],
  ['takes its time', { received: now + 20, sent: now + 520 }, now, now + 540, 0, 40],
  ['still speaks version 3', { head: 0x1c }, now, now, 0, 0],
  ['knows of a leap second', { head: 0x64 }, now, now, 0, 0],
  // RFC 4330 §3: after 7 February 2036 the seconds begin anew.
  [
    'lives in 2040',
    { received: Date.UTC(2040, 0, 1), sent: Date.UTC(2040, 0, 1) },
    Date.UTC(2040, 0, 1),
    Date.UTC(2040, 0, 1),
    0,
    0,
  ],
  ['is asked by a board that thinks it is 1970', {}, 60_000, 60_000, now - 60_000, 0],
]

const bad: readonly (readonly [name: string, octets: Buffer, kind: 'stray' | 'refused', why: RegExp])[] = [
  ['is empty', Buffer.alloc(0), 'stray', /cut short/],
  ['is one octet too short', answer().subarray(0, 47), 'stray', /cut short/],
  ['is a question', answer({ head: 0x23 }), 'stray', /none of SNTP/],
  ['is of version 2', answer({ head: 0x14 }), 'stray', /none of SNTP/],
  ['is to another question', answer({ originate: Buffer.alloc(8, 1) }), 'stray', /another question/],
  ['is to no question', answer({ originate: Buffer.alloc(8) }), 'stray', /another question/],
  ['is from one that is not set', answer({ head: 0xe4 }), 'refused', /does not know the time/],
  ['is from one too far from a clock', answer({ stratum: 16 }), 'refused', /does not know the time/],
  ['is a kiss of death', answer({ stratum: 0, id: 'RATE' }), 'refused', /not to be asked \(RATE\)/],
  ['is a kiss of nothing', answer({ stratum: 0, id: '\x1b[2J' }), 'refused', /does not know the time itself$/],
  ['is from one far from its own clock', answer({ delay: 1.5 }), 'refused', /not sure/],
  ['is from one with a negative delay', answer({ delay: -0.5 }), 'refused', /not sure/],
  ['is from one that is unsure', answer({ dispersion: 16 }), 'refused', /not sure/],
  ['has no time of receipt', answer({ received: 0 }), 'refused', /no time in it/],
  ['has no time of sending', answer({ sent: 0 }), 'refused', /no time in it/],
  ['was sent before it was asked for', answer({ sent: now - 1 }), 'refused', /no time in it/],
]

describe('an answer is believed when the server', () => {
  for (const [name, said, asked, heard, offset, roundTrip] of good) {
    test(name, () => {
      const reading = readTime(answer(said), nonce, asked, heard)
      assert.equal(reading.kind, 'time')
      if (reading.kind !== 'time') return
      assert.ok(Math.abs(reading.offset - offset) < 0.01, `${reading.offset} ms`)
      assert.ok(Math.abs(reading.roundTrip - roundTrip) < 0.01, `${reading.roundTrip} ms`)
      assert.equal(reading.stratum, 2)
    })
  }
})

describe('no answer is believed that', () => {
  for (const [name, octets, kind, why] of bad) {
    test(name, () => {
      const reading = readTime(octets, nonce, now, now)
      assert.ok(reading.kind === kind)
      assert.match(reading.why, why)
    })
  }

  test('was made by somebody who does not know the question', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), octets => {
        assert.notEqual(readTime(Buffer.from(octets), nonce, now, now).kind, 'time')
      }),
    )
  })

  test('is damaged in the head: it is none, or a time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 24 }), head => {
        const octets = answer()
        octets.set(head)
        const reading = readTime(octets, nonce, now, now)
        if (reading.kind === 'time') assert.ok(reading.stratum >= 1 && reading.stratum <= 15)
      }),
    )
  })
})

test('a question is 48 octets of version 4, and holds nothing but what has to come back', () => {
  const octets = question(nonce)
  assert.equal(octets.toString('hex'), `23${'00'.repeat(39)}${nonce.toString('hex')}`)
})

/** A time server on loopback, which answers each question as it is told to. */
class TimeServer implements AsyncDisposable {
  readonly #socket: Socket
  asked = 0

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** @param say datagrams for a question; they go out one after the other */
  static async start(say: (question: Buffer) => readonly Buffer[]): Promise<TimeServer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const server = new TimeServer(socket)
    socket.on('message', (octets, from) => {
      server.asked += 1
      for (const said of say(octets)) socket.send(said, from.port, from.address)
    })
    return server
  }

  get port(): number {
    return this.#socket.address().port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
  }
}

const echoing = (octets: Buffer, said: Partial<Said> = {}) => {
  const time = { received: Date.now(), sent: Date.now(), ...said }
  return answer({ ...time, originate: octets.subarray(40, 48) })
}

function ask(server: string, options: Partial<TimeOptions> & { port: number }) {
  const { signal } = new AbortController()
  return askTime(server, { addresses: async () => [], clock: systemClock, signal, ...options })
}

const failure = (why: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure)
  assert.match(error.message, why)
  return true
}

describe('a time server', () => {
  test('is asked by its address, and says how far the clock is off', async () => {
    await using server = await TimeServer.start(octets => [echoing(octets)])
    const { offset, roundTrip, address } = await ask('127.0.0.1', { port: server.port })
    assert.ok(Math.abs(offset) < 1000 && roundTrip >= 0 && roundTrip < 1000)
    assert.equal(address, '127.0.0.1')
    assert.equal(server.asked, 1)
  })

  test('is asked by its name, one address after the other', async () => {
    await using server = await TimeServer.start(octets => [echoing(octets)])
    const asked: string[] = []
    const addresses = async (name: string) => {
      asked.push(name)
      // Nobody listens at the first one: the server has the other.
      return ['127.0.0.2', '127.0.0.1']
    }
    const { address } = await ask('time.example', { port: server.port, addresses })
    assert.deepEqual([asked, address], [['time.example'], '127.0.0.1'])
  })

  test('may be far off; a clock that jumps meanwhile does not matter', async () => {
    await using server = await TimeServer.start(octets => [echoing(octets, { received: 5e11, sent: 5e11 })])
    let reads = 0
    const clock: Clock = { ...systemClock, now: () => (reads++ === 0 ? 4e11 : 9e11) }
    const { offset } = await ask('127.0.0.1', { port: server.port, clock })
    assert.ok(Math.abs(offset - 1e11) < 1000, `${offset} ms`)
  })

  test('is heard through some datagrams that answer something else', async () => {
    const strays = [answer(), Buffer.from('noise'), Buffer.alloc(2000)]
    await using server = await TimeServer.start(octets => [...strays, echoing(octets)])
    assert.ok(Math.abs((await ask('127.0.0.1', { port: server.port })).offset) < 1000)
  })

  test('that is drowned by others is not waited for', async () => {
    await using server = await TimeServer.start(() => Array.from({ length: 20 }, () => answer()))
    await assert.rejects(
      ask('127.0.0.1', { port: server.port }),
      failure(/^The time server 127\.0\.0\.1 gives no time: its answer is to another question\.$/),
    )
  })

  test('that wants to be left alone is', async () => {
    await using server = await TimeServer.start(octets => [echoing(octets, { stratum: 0, id: 'DENY' })])
    await assert.rejects(ask('127.0.0.1', { port: server.port }), failure(/it wants not to be asked \(DENY\)\.$/))
  })

  test('that is silent is waited for no longer than allowed', async () => {
    await using server = await TimeServer.start(() => [])
    await assert.rejects(ask('127.0.0.1', { port: server.port, timeoutMs: 20 }), failure(/it does not answer\.$/))
  })

  test('where nobody listens is named at once', async () => {
    const server = await TimeServer.start(() => [])
    const { port } = server
    await server[Symbol.asyncDispose]()
    await assert.rejects(ask('127.0.0.1', { port }), failure(/nobody listens there\.$/))
  })

  test('without an address is named', async () => {
    await assert.rejects(ask('time.example', { port: 1 }), failure(/^The time server time\.example has no address\.$/))
  })

  test('is given up when that is wanted, before or while it is asked', async () => {
    await using server = await TimeServer.start(() => [])
    const stop = new AbortController()
    const asking = ask('127.0.0.1', { port: server.port, signal: stop.signal })
    const rejected = assert.rejects(asking, Failure)
    stop.abort()
    await rejected
    await assert.rejects(ask('127.0.0.1', { port: server.port, signal: stop.signal }), failure(/given up/))
  })
})
