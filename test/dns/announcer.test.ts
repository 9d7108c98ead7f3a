/** The name of the box over real sockets, on the loopback interface: dns/announcer.ts. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { decode, encode } from 'dns-packet'
import { budget } from '../../src/base/budget.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Announcer, type Place } from '../../src/dns/announcer.ts'
import { readMdns, statement } from '../../src/dns/mdns-packet.ts'

const group = '224.0.0.251'
const loopback: Place = { interface: 'lo', addresses: ['127.0.0.1/8'], link: true }

/** A port of UDP that nobody uses. */
async function freePort(): Promise<number> {
  await using socket = await bound(0)
  return socket.address().port
}

async function bound(port: number): Promise<Socket & AsyncDisposable> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.bind(port, '0.0.0.0')
  await once(socket, 'listening')
  return socket
}

/** One more machine on the network, which hears what is said to all. */
async function neighbour(port: number): Promise<Socket & AsyncDisposable> {
  const socket = await bound(port)
  socket.addMembership(group, '127.0.0.1')
  socket.setMulticastInterface('127.0.0.1')
  return socket
}

/** Waits for the next datagram that this picks out. */
async function next(socket: Socket, wanted: (octets: Buffer) => boolean): Promise<Buffer> {
  for (;;) {
    const [octets]: readonly Buffer[] = await once(socket, 'message')
    if (octets && wanted(octets)) return octets
  }
}

const claims = (name: string, ttl: number) => (octets: Buffer) =>
  readMdns(octets)?.answers.some(answer => answer.name === name && answer.ttl === ttl) === true

function announce(port: number): Announcer & AsyncDisposable {
  const announcer = new Announcer({ label: 'porchlight', clock: systemClock, log: silentLog, port })
  announcer.use(loopback)
  return Object.assign(announcer, { [Symbol.asyncDispose]: () => announcer.close() })
}

describe('a box on the network', { timeout: 30_000 }, () => {
  test('says its name, answers for it, and says goodbye', async () => {
    const port = await freePort()
    await using other = await neighbour(port)
    const announced = next(other, claims('porchlight.local', 120))
    const announcer = announce(port)
    await announced
    assert.equal(announcer.name, 'porchlight.local')

    // A program that knows plain DNS only, at a port of its own.
    await using asker = await bound(0)
    const answer = next(asker, () => true)
    asker.send(
      encode({ type: 'query', id: 4711, questions: [{ name: 'Porchlight.local', type: 'A' }] }),
      port,
      '127.0.0.1',
    )
    const { id, answers } = decode(await answer)
    assert.deepEqual([id, answers?.map(record => 'data' in record && record.data)], [4711, ['127.0.0.1']])
    const goodbye = next(other, claims('porchlight.local', 0))
    await announcer.close()
    await goodbye
    assert.equal(announcer.name, undefined)
  })

  test('takes the next name where somebody has it', async () => {
    const port = await freePort()
    await using other = await neighbour(port)
    const theirs = statement('porchlight.local', { addresses: [{ type: 'A', address: '127.0.0.9' }] }, { kind: 'all' })
    other.on('message', octets => {
      if (readMdns(octets)?.questions.some(({ name }) => name === 'porchlight.local')) other.send(theirs, port, group)
    })
    const announced = next(other, claims('porchlight-2.local', 120))
    await using announcer = announce(port)
    await announced
    assert.equal(announcer.name, 'porchlight-2.local')
  })

  test('follows the network as it goes and comes', async () => {
    const port = await freePort()
    await using other = await neighbour(port)
    let announced = next(other, claims('porchlight.local', 120))
    await using announcer = announce(port)
    await announced
    announcer.use({ ...loopback, link: false })
    assert.equal(announcer.name, undefined)
    announcer.use(undefined)
    announced = next(other, claims('porchlight.local', 120))
    announcer.use(loopback)
    await announced
    assert.equal(announcer.name, 'porchlight.local')
    announced = next(other, claims('attic.local', 120))
    announcer.rename('attic')
    await announced
  })

  test('is not hurt by a flood of nonsense', async () => {
    const port = await freePort()
    await using other = await neighbour(port)
    const announced = next(other, claims('porchlight.local', 120))
    await using announcer = announce(port)
    await announced
    const nonsense = Buffer.alloc(9000, 0xc0)
    nonsense.write('porchlight', 12)
    for (let i = 0; i < 2 * budget.mdnsPace; i++) {
      nonsense.writeUInt32BE(i)
      await new Promise(resolve => other.send(nonsense, port, group, resolve))
    }
    const renamed = next(other, claims('attic.local', 120))
    announcer.rename('attic')
    await renamed
  })

  const nowhere: readonly (readonly [name: string, place: Place])[] = [
    ['an interface that is gone', { interface: 'gone0', addresses: ['192.0.2.77/24', 'fd00::77/64'], link: true }],
    ['addresses that are none', { interface: 'lo', addresses: ['x', '999.1.1.1/24', '127.0.0.1/99'], link: true }],
    ['nothing', { interface: '', addresses: [], link: true }],
  ]
  for (const [name, place] of nowhere) {
    test(`goes on with ${name}`, async () => {
      const port = await freePort()
      const announcer = new Announcer({ label: 'porchlight', clock: systemClock, log: silentLog, port })
      announcer.use(place)
      await using other = await neighbour(port)
      const announced = next(other, claims('porchlight.local', 120))
      announcer.use(loopback)
      await announced
      await announcer.close()
    })
  }
})
