/** Slow loris: every place of the house is taken by somebody who hardly says a word, and good mail still comes in. */
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { Siege } from './siege.ts'

/** As the settings have it when nothing is written. */
const places = 500
const perAddress = 50
/** Each octet wakes the idle clock anew, so that without more all of them could stay for ever. */
const dripMs = 100
/** KiB a place: socket and session, a line of up to 1,100 octets or the first 8 KiB of a block, and as much again for V8. */
const each = 48

const loris: readonly (readonly [name: string, opening: string, drip: string])[] = [
  ['says nothing', '', ''],
  ['drips a greeting that does not end', 'EHLO ', 'x'],
  ['drips an empty command line', 'EHLO x\r\n', ' '],
  ['drips recipients that do not exist', 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<', 'x'],
  ['drips a body that does not end', 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<alice@home.example>\r\nDATA\r\n', 'x\r\n'],
  ['drips a chunk', 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<alice@home.example>\r\nBDAT 1000000\r\n', 'x'],
]

function drip(sockets: readonly Socket[], opening: string, octets: string): Disposable {
  for (const socket of sockets) socket.write(opening)
  const timer = setInterval(() => {
    for (const socket of sockets) if (octets !== '' && socket.writable) socket.write(octets)
  }, dripMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

describe('the house is full of peers each of which', () => {
  for (const [name, opening, octets] of loris) {
    test(`${name}, from few addresses: the good peer is served within a second`, async () => {
      await using siege = await Siege.begin()
      using _ = drip(await siege.crowd('smtp', places, places / perAddress), opening, octets)
      for (let i = 0; i < 5; i++) await siege.serves()
      siege.wasFull()
      await siege.holds(places, each)
      await siege.lift()
    })
  }

  test('says nothing, from an address of its own: the good peer is served within a second', async () => {
    await using siege = await Siege.begin()
    await siege.crowd('smtp', places, places)
    for (let i = 0; i < 5; i++) await siege.serves()
    siege.wasFull()
    await siege.lift()
  })

  test('comes back as soon as it has made room', async () => {
    await using siege = await Siege.begin()
    const comeBack = async (connections: number): Promise<void> => {
      for (const socket of await siege.crowd('smtp', connections, places / perAddress)) {
        socket.once('end', () => void comeBack(1))
        socket.resume()
      }
    }
    await comeBack(places)
    for (let i = 0; i < 20; i++) await siege.serves()
    await siege.holds(places, each)
  })
})
