/** Random octets on every port and on the control socket: nothing falls over, nothing grows, and all is as before. */
import { connect, type NetConnectOpts } from 'node:net'
import { describe, test } from 'node:test'
import { controlPath } from '../../src/commands/places.ts'
import { Random } from '../crash/random.ts'
import { targets } from '../fuzz/targets.ts'
import { Siege } from './siege.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const connections = 300
const atOnce = 30
/** KiB a peer: a chunk of 64 KiB in, as much out, a block of the store, TLS, and as much again for V8. */
const each = 512

/** What is said there, so that some of the garbage gets further than the first line. */
const vocabulary = {
  smtp: targets['smtp-receiver'],
  pop3: targets['pop3-server'],
  pop3s: targets['pop3-server'],
  control: targets.control,
} as const

function garbage(random: Random, words: readonly (string | Buffer)[]): Buffer {
  const pieces = Array.from({ length: random.below(200) }, () =>
    random.percent(20)
      ? Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)))
      : Buffer.from(random.pick(words)),
  )
  return Buffer.concat(pieces)
}

/** Sends octets in pieces, reads or does not read what comes, and leaves in good order or not. Resolves when it has left. */
function pester(random: Random, options: NetConnectOpts, octets: Buffer): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(options)
    socket.on('error', () => {})
    socket.once('close', () => resolve())
    const polite = random.percent(60)
    if (polite) socket.resume()
    const cut = random.below(octets.length + 1)
    socket.write(octets.subarray(0, cut))
    socket.write(octets.subarray(cut), () => (polite ? socket.end() : socket.destroy()))
  })
}

describe(`garbage, seed ${seed},`, () => {
  for (const [door, target] of Object.entries(vocabulary)) {
    test(`on ${door}`, async () => {
      await using siege = await Siege.begin('login = { plaintext = "always" }')
      const { server } = siege
      const random = new Random(seed)
      const port = door === 'smtp' || door === 'pop3' || door === 'pop3s' ? server.port(door) : undefined
      const options =
        port === undefined ? { path: controlPath(server.data) } : { port, host: '127.0.0.1', localAddress: '127.1.0.1' }
      const lane = async (random: Random) => {
        for (let i = 0; i < connections / atOnce; i++)
          await pester(random, options, garbage(random, target?.words ?? []))
      }
      await Promise.all(Array.from({ length: atOnce }, () => lane(random.fork())))
      await siege.serves()
      await siege.holds(atOnce, each)
      await siege.lift()
    })
  }
})
