/** A thousand connections at once: some are served, the others hear why not or make room, and good mail still comes in. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Siege } from './siege.ts'

const connections = 1000
/** As the settings have it when nothing is written. */
const places = 500
const perAddress = 50
/** KiB a connection: socket and session, and as much again for V8. */
const each = 32

function greeted(sockets: readonly Socket[]): number {
  return sockets.filter(socket => String(socket.read() ?? '').startsWith('220')).length
}

const crowds = [
  { from: 'one address', addresses: 1, greetings: perAddress },
  { from: 'ten addresses', addresses: 10, greetings: places },
  {
    from: 'a thousand addresses: each newcomer takes the place of one',
    addresses: connections,
    greetings: connections,
  },
] as const

describe('a thousand connections at once', () => {
  for (const { from, addresses, greetings } of crowds) {
    test(`from ${from}`, async () => {
      await using siege = await Siege.begin()
      const coming = siege.crowd('smtp', connections, addresses)
      await siege.serves() // in the middle of it
      assert.equal(greeted(await coming), greetings)
      await siege.serves()
      await siege.holds(connections, each)
      await siege.lift()
    })
  }

  test('that say QUIT and never close', async () => {
    await using siege = await Siege.begin()
    const sockets = await siege.crowd('smtp', places, 10)
    const over = sockets.map(socket => new Promise(resolve => socket.once('end', resolve).resume()))
    for (const socket of sockets) socket.write('QUIT\r\n')
    await Promise.all(over)
    await siege.serves()
    assert.ok((await siege.sockets()) <= budget.leaving, `${await siege.sockets()} sockets are still open`)
    await siege.lift()
  })

  test('on every door in turn, again and again', async () => {
    await using siege = await Siege.begin()
    for (let round = 0; round < 3; round++) {
      for (const service of ['smtp', 'pop3', 'pop3s'] as const) {
        for (const socket of await siege.crowd(service, connections, 40)) socket.destroy()
      }
      await siege.serves()
    }
    await siege.holds(connections, each)
    await siege.lift()
  })
})
