/** Logins by SCRAM against a real household: in every step size without a socket, and bound to a real TLS 1.3 connection. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { describe, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { startClient } from '../../src/auth/client.ts'
import type { Mechanism } from '../../src/auth/mechanisms.ts'
import { access } from '../../src/flow/access.ts'
import { entrances, receive } from '../../src/flow/receipt.ts'
import { Listener } from '../../src/net/listener.ts'
import { Household, password } from '../support/household.ts'
import { MemoryPeer } from '../support/memory-peer.ts'
import { lines } from '../support/socket-dial.ts'

/** Whoever asks: what is sent, and what is answered. */
type Wire = { readonly send: (line: string) => void; readonly line: () => Promise<string | undefined> }
type Secret = { readonly user?: string; readonly password?: string; readonly binding?: Buffer | undefined }
type Protocol = 'smtp' | 'pop3'

const steps = [1, 2, 7, 65_536] as const
const words = {
  smtp: { hello: 'EHLO laptop', challenge: '334 ' },
  pop3: { hello: 'CAPA', challenge: '+ ' },
} as const

/** Greets and reads to the end of the answer. @returns the mechanisms that are offered */
async function greet({ send, line }: Wire, protocol: Protocol): Promise<readonly string[]> {
  await line()
  send(words[protocol].hello)
  let offered: readonly string[] = []
  for (;;) {
    const said = (await line()) ?? ''
    const [, list] = /^(?:250-AUTH|SASL) (.*)$/.exec(said) ?? []
    if (list !== undefined) offered = list.split(' ')
    if (said === '.' || /^250 /.test(said) || said === '') return offered
  }
}

/** @returns the answer to the login */
async function logIn(
  { send, line }: Wire,
  protocol: Protocol,
  mechanism: Mechanism,
  { user = 'alice', password: secret = password, binding }: Secret = {},
): Promise<string> {
  const client = startClient(mechanism, { user, password: secret, binding })
  const { challenge } = words[protocol]
  send(`AUTH ${mechanism} ${client.initial}`)
  for (;;) {
    const said = (await line()) ?? ''
    if (!said.startsWith(challenge)) {
      if (/^(235|\+OK)/.test(said)) assert.ok(client.verified(), 'the server has not proved that it knows the password')
      return said
    }
    send((await client.answer(said.slice(challenge.length))) ?? '*')
  }
}

/** Calls without a socket, over what counts as TLS. */
function call(household: Household, protocol: Protocol, step: number): Wire & { readonly peer: MemoryPeer } {
  const peer = new MemoryPeer(step)
  const served =
    protocol === 'smtp'
      ? receive(peer, household.receipt, entrances.submissions)
      : access(peer, household.access, { implicitTls: true })
  void served.finally(() => peer.serverEnded())
  return { peer, send: line => peer.send(Buffer.from(`${line}\r\n`)), line: () => peer.line() }
}

const welcome = { smtp: /^235 2\.7\.0 /, pop3: /^\+OK the maildrop has 0 messages/ } as const
const wrong = { smtp: /^535 5\.7\.8 /, pop3: /^-ERR \[AUTH\] / } as const

for (const protocol of ['smtp', 'pop3'] as const) {
  describe(`a login by SCRAM-SHA-256 over ${protocol}`, () => {
    for (const step of steps) {
      test(`is good with the right password, in steps of ${step}`, async () => {
        await using household = await Household.make('alice')
        const wire = call(household, protocol, step)
        assert.deepEqual(await greet(wire, protocol), ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
        assert.match(await logIn(wire, protocol, 'SCRAM-SHA-256'), welcome[protocol])
        wire.peer.end()
      })

      test(`is good when it is bound, in steps of ${step}`, async () => {
        await using household = await Household.make('alice')
        const wire = call(household, protocol, step)
        await greet(wire, protocol)
        const { binding } = wire.peer
        assert.match(await logIn(wire, protocol, 'SCRAM-SHA-256-PLUS', { binding }), welcome[protocol])
        wire.peer.end()
      })
    }

    test('is wrong with a wrong password, an unknown name, and for one who is known: late, and no other answer', async () => {
      await using household = await Household.make('alice')
      const wire = call(household, protocol, 65_536)
      await greet(wire, protocol)
      const begun = household.clock.now()
      const one = await logIn(wire, protocol, 'SCRAM-SHA-256', { password: 'wrong' })
      assert.match(one, wrong[protocol])
      assert.equal(household.clock.now() - begun, 500)
      assert.equal(await logIn(wire, protocol, 'SCRAM-SHA-256', { user: 'nobody' }), one)
      assert.equal(household.clock.now() - begun, 1000)
      assert.match(await logIn(wire, protocol, 'SCRAM-SHA-256', { password: 'wrong again' }), wrong[protocol])
      assert.equal(household.clock.now() - begun, 2000)
      if (protocol === 'smtp') assert.match((await wire.line()) ?? '', /^421 4\.7\.0 /)
      assert.equal(await wire.line(), undefined)
    })

    test('bound to another connection is refused', async () => {
      await using household = await Household.make('alice')
      const wire = call(household, protocol, 65_536)
      await greet(wire, protocol)
      const said = await logIn(wire, protocol, 'SCRAM-SHA-256-PLUS', { binding: Buffer.alloc(32, 'elsewhere') })
      assert.match(said, /^(501 5\.5\.2|-ERR) .*the channel binding does not match/)
      wire.peer.end()
    })

    test('can be cancelled between its messages', async () => {
      await using household = await Household.make('alice')
      const wire = call(household, protocol, 7)
      await greet(wire, protocol)
      wire.send(`AUTH SCRAM-SHA-256 ${startClient('SCRAM-SHA-256', { user: 'alice', password }).initial}`)
      assert.match((await wire.line()) ?? '', /^(334|\+) \S+/)
      wire.send('*')
      assert.match((await wire.line()) ?? '', /^(501 5\.7\.0|-ERR) .*cancelled/)
      assert.match(await logIn(wire, protocol, 'SCRAM-SHA-256'), welcome[protocol])
      wire.peer.end()
    })
  })

  test(`SCRAM-SHA-256-PLUS is bound to a real connection over TLS 1.3, by ${protocol}`, async () => {
    await using household = await Household.make('alice')
    await overTls(household, protocol, 'TLSv1.3', async (wire, socket) => {
      assert.ok((await greet(wire, protocol)).includes('SCRAM-SHA-256-PLUS'))
      const binding = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      assert.match(await logIn(wire, protocol, 'SCRAM-SHA-256-PLUS', { binding }), welcome[protocol])
    })
  })

  test(`over TLS 1.2 it is not offered, and the one without a binding is, by ${protocol}`, async () => {
    await using household = await Household.make('alice')
    await overTls(household, protocol, 'TLSv1.2', async wire => {
      assert.deepEqual(await greet(wire, protocol), ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
      assert.match(await logIn(wire, protocol, 'SCRAM-SHA-256'), welcome[protocol])
    })
  })
}

async function overTls(
  household: Household,
  protocol: Protocol,
  version: 'TLSv1.2' | 'TLSv1.3',
  talk: (wire: Wire, socket: TLSSocket) => Promise<void>,
): Promise<void> {
  await household.useCertificate()
  const listener = await Listener.open(
    { host: '127.0.0.1', port: 0 },
    () => 20_000,
    connection =>
      protocol === 'smtp'
        ? receive(connection, household.receipt, entrances.submissions)
        : access(connection, household.access, { implicitTls: true }),
  )
  const plain = connectPlain({ host: '127.0.0.1', port: Number(listener.name.split(':').at(-1)) })
  const socket = connectTls({ socket: plain, rejectUnauthorized: false, minVersion: version, maxVersion: version })
  try {
    await once(socket, 'secureConnect')
    const heard = lines(socket)
    const line = async () => {
      const next = await heard.next()
      return next.done ? undefined : next.value
    }
    await talk({ send: text => socket.write(`${text}\r\n`), line }, socket)
  } finally {
    const closed = once(socket, 'close')
    socket.destroy()
    await closed
    listener.close()
  }
}

describe('logins without TLS', () => {
  const cases = [
    { plaintext: 'never', address: '127.0.0.1', said: /^538 5\.7\.11 / },
    { plaintext: 'loopback', address: '127.0.0.1', said: /^235 / },
    { plaintext: 'loopback', address: '192.0.2.7', said: /^538 5\.7\.11 / },
    { plaintext: 'always', address: '192.0.2.7', said: /^235 / },
  ] as const
  for (const { plaintext, address, said } of cases) {
    test(`to send mail from ${address} are answered ${said.source} where the setting is ${plaintext}`, async () => {
      await using household = await Household.make('alice')
      household.config = { ...household.config, login: { plaintext } }
      const peer = new MemoryPeer(65_536, address)
      const served = receive(peer, household.receipt, entrances.submission)
      const wire: Wire = { send: line => peer.send(Buffer.from(`${line}\r\n`)), line: () => peer.line() }
      await greet(wire, 'smtp')
      assert.match(await logIn(wire, 'smtp', 'PLAIN'), said)
      peer.end()
      await served
    })
  }
})
