/** TLS handshakes that are begun and never ended, or that are nonsense: they hold no place that a good peer needs. */
import { describe, test } from 'node:test'
import { Siege } from './siege.ts'

const places = 500
/** The head of a ClientHello that announces 512 octets more than it has. */
const halfHello = Buffer.from('160301020001000200', 'hex')
/** KiB a place: OpenSSL's state with two buffers of 17 KiB, Node's two streams, and as much again for V8. */
const each = 128

/** With what is no handshake the server is done at once; the others keep their places. */
const openings: readonly (readonly [name: string, octets: Buffer, keeps: boolean])[] = [
  ['is only half', halfHello, true],
  ['never begins', Buffer.alloc(0), true],
  ['is no handshake', Buffer.from('EHLO laptop\r\n'), false],
]

describe('the house is full of peers whose TLS handshake', () => {
  for (const [name, octets, keeps] of openings) {
    test(name, async () => {
      await using siege = await Siege.begin()
      for (const socket of await siege.crowd('pop3s', places, 10)) socket.write(octets)
      for (let i = 0; i < 5; i++) await siege.serves()
      if (keeps) siege.wasFull()
      await siege.holds(places, each)
      await siege.lift()
    })

    for (const [service, start] of [
      ['smtp', 'EHLO x\r\nSTARTTLS\r\n'],
      ['pop3', 'STLS\r\n'],
    ] as const) {
      test(`${name}, after ${start.slice(0, -2).split('\r\n').at(-1)}`, async () => {
        await using siege = await Siege.begin()
        const sockets = await siege.crowd(service, places, 10)
        for (const socket of sockets) socket.write(start)
        for (let i = 0; i < 2; i++) await siege.serves()
        for (const socket of sockets) socket.write(octets)
        for (let i = 0; i < 3; i++) await siege.serves()
        await siege.holds(places, each)
        await siege.lift()
      })
    }
  }
})
