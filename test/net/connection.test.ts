/** One connection over a real socket: what it reads and writes, and how it ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { keptPaths, loadCertificate } from '../../src/net/certificate.ts'
import { Connection } from '../../src/net/connection.ts'

/** More than the system takes in for a peer that does not read. */
const flood = Buffer.alloc(32 * 1024 * 1024, 'x')
const longMs = 60_000
const shortMs = 20

/** A client's socket, the server's, and the connection around that one. */
class Pair implements Disposable {
  readonly client: Socket
  readonly socket: Socket
  readonly connection: Connection

  private constructor(client: Socket, socket: Socket, idleMs: number) {
    this.client = client
    this.socket = socket
    this.connection = new Connection(socket, idleMs)
    // A connection that breaks is what some tests are about.
    client.on('error', () => {})
  }

  static async make(idleMs = longMs): Promise<Pair> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(portOf(server.address()), '127.0.0.1')
    const [socket] = await once(server, 'connection')
    server.close()
    assert.ok(socket instanceof Socket)
    return new Pair(client, socket, idleMs)
  }

  [Symbol.dispose](): void {
    this.client.destroy()
    this.connection.destroy()
  }
}

function portOf(address: AddressInfo | string | null): number {
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

async function readText(connection: Connection): Promise<string> {
  const chunk = await connection.read()
  return typeof chunk === 'string' ? chunk : chunk.toString()
}

describe('reading', () => {
  test('gives what came, and then that the peer has gone', async () => {
    using pair = await Pair.make()
    pair.client.end('QUIT\r\n')
    assert.equal(await readText(pair.connection), 'QUIT\r\n')
    assert.equal(await pair.connection.read(), 'ended')
    assert.ok(!pair.connection.open)
  })

  test('gives that the peer has gone when the connection is reset', async () => {
    using pair = await Pair.make()
    const read = pair.connection.read()
    pair.client.resetAndDestroy()
    assert.equal(await read, 'ended')
  })

  test('takes no more from a fast peer than is asked for', async () => {
    using pair = await Pair.make()
    const { client, connection } = pair
    let sent = false
    client.write(flood, () => {
      sent = true
    })
    let octets = 0
    for (let reads = 0; octets < flood.length; reads++) {
      const chunk = await connection.read()
      assert.ok(typeof chunk === 'object')
      if (reads === 0) assert.ok(!sent)
      octets += chunk.length
    }
    assert.equal(octets, flood.length)
  })

  test('can be interrupted, once, while it waits or before', async () => {
    using pair = await Pair.make()
    const { connection } = pair
    const waiting = connection.read()
    connection.interrupt()
    assert.equal(await waiting, 'interrupted')
    connection.interrupt()
    assert.equal(await connection.read(), 'interrupted')
    pair.client.write('NOOP\r\n')
    assert.equal(await readText(connection), 'NOOP\r\n')
  })

  test('gives what has come before an interruption', async () => {
    using pair = await Pair.make()
    pair.client.write('NOOP\r\n')
    await once(pair.socket, 'readable')
    pair.connection.interrupt()
    assert.equal(await readText(pair.connection), 'NOOP\r\n')
    assert.equal(await pair.connection.read(), 'interrupted')
  })

  test('gives that the peer is silent after the idle time', async () => {
    using pair = await Pair.make(shortMs)
    assert.equal(await pair.connection.read(), 'idle')
    assert.ok(pair.connection.open)
  })

  test('does not take the time an answer needed for silence', async () => {
    using pair = await Pair.make(shortMs)
    await once(pair.socket, 'timeout')
    await pair.connection.write('250 it took a while\r\n')
    pair.connection.interrupt()
    assert.equal(await pair.connection.read(), 'interrupted')
  })
})

describe('writing', () => {
  test('waits for a peer that does not read', async () => {
    using pair = await Pair.make()
    let written = false
    const writing = pair.connection.write(flood).then(() => {
      written = true
    })
    await once(pair.client, 'readable')
    assert.ok(!written)
    let octets = 0
    pair.client.on('data', chunk => {
      octets += chunk.length
    })
    await writing
    await pair.connection.close()
    assert.equal(octets, flood.length)
  })

  test('gives up a peer that takes nothing for the idle time', async () => {
    using pair = await Pair.make(shortMs)
    pair.client.pause()
    await pair.connection.write(flood)
    assert.ok(!pair.connection.open)
  })

  test('to a peer that has gone is thrown away', async () => {
    using pair = await Pair.make()
    pair.client.destroy()
    while ((await pair.connection.read()) !== 'ended');
    await pair.connection.write(flood)
    assert.ok(!pair.connection.open)
  })
})

describe('closing', () => {
  test('lets the last answer through to a peer that still talks', async () => {
    using pair = await Pair.make()
    const taken = new Promise(resolve => pair.client.write(flood, resolve))
    let received = ''
    pair.client.on('data', chunk => {
      received += chunk
    })
    await once(pair.socket, 'readable')
    await pair.connection.write('421 4.7.0 Too many errors; closing\r\n')
    await pair.connection.close()
    assert.equal(received, '421 4.7.0 Too many errors; closing\r\n')
    assert.ok(!((await taken) instanceof Error))
    assert.ok(!pair.connection.open)
  })

  test('at once ends a read under way', async () => {
    using pair = await Pair.make()
    const read = pair.connection.read()
    pair.connection.destroy()
    assert.equal(await read, 'ended')
  })

  test('twice does no harm', async () => {
    using pair = await Pair.make()
    pair.client.resume()
    await Promise.all([pair.connection.close(), pair.connection.write('x')])
    await pair.connection.close()
  })
})

describe('going over to TLS', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'porchlight-'))
  const hostname = 'mail.home.example'
  const certificate = await loadCertificate({ certificate: '', key: '', directory, hostname })
  const ca = await readFile(keptPaths(directory).certificate, 'utf8')
  await rm(directory, { recursive: true })

  test('tells version and cipher, and what came in clear is never read', async () => {
    using pair = await Pair.make()
    pair.client.write('USER mallory\r\n')
    await once(pair.socket, 'readable')
    const securing = pair.connection.secure(certificate)
    const client = connectTls({ socket: pair.client, ca, servername: hostname })
    await once(client, 'secureConnect')
    const version = await securing
    assert.deepEqual(version, { protocol: client.getProtocol(), cipher: client.getCipher().name })
    assert.match(version?.protocol ?? '', /^TLSv1\.[23]$/)
    client.write('USER alice\r\n')
    assert.equal(await readText(pair.connection), 'USER alice\r\n')
    const received = buffer(client)
    await pair.connection.write('+OK\r\n')
    await pair.connection.close()
    assert.equal((await received).toString(), '+OK\r\n')
  })

  const failures: readonly (readonly [name: string, act: (client: Socket) => void])[] = [
    ['sends something else', client => client.write('EHLO laptop\r\n'.repeat(100))],
    ['hangs up', client => client.end()],
    ['resets the connection', client => client.resetAndDestroy()],
    ['breaks off in the middle of a record', client => client.end(Buffer.of(0x16, 3, 1, 2, 0, 1, 0))],
    [
      'offers only what is long broken',
      client => connectTls({ socket: client, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }).on('error', () => {}),
    ],
  ]
  for (const [name, act] of failures) {
    test(`fails with a client that ${name}, and the connection is closed`, async () => {
      using pair = await Pair.make()
      const securing = pair.connection.secure(certificate)
      act(pair.client)
      assert.equal(await securing, undefined)
      assert.ok(!pair.connection.open)
      assert.equal(await pair.connection.read(), 'ended')
    })
  }

  test('as a client trusts the one certificate, under its name', async () => {
    for (const [name, trusted] of [
      [hostname, true],
      ['mail.away.example', false],
    ] as const) {
      using pair = await Pair.make()
      const client = new Connection(pair.client, longMs)
      const [version] = await Promise.all([client.secureAsClient(name, ca), pair.connection.secure(certificate)])
      assert.equal(version?.problem === undefined, trusted)
      assert.equal(version?.chain.length, 1)
      client.destroy()
    }
  })
})

const addresses: readonly (readonly [remote: string, address: string, loopback: boolean])[] = [
  ['192.0.2.7', '192.0.2.7', false],
  ['::ffff:192.0.2.7', '192.0.2.7', false],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['127.1.2.3', '127.1.2.3', true],
  ['::1', '::1', true],
  ['2001:db8::7', '2001:db8::7', false],
  ['::ffff:0:1', '::ffff:0:1', false],
]

describe("the peer's address", () => {
  for (const [remoteAddress, address, loopback] of addresses) {
    test(`${remoteAddress} is ${address}${loopback ? ', this machine' : ''}`, () => {
      const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress })
      const connection = new Connection(socket, longMs)
      assert.deepEqual([connection.address, connection.loopback], [address, loopback])
      connection.destroy()
    })
  }
})
