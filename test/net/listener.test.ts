/** Doors: what they are called, who may come in, and what is said when one cannot be opened. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, describe, type TestContext, test } from 'node:test'
import type { Connection } from '../../src/net/connection.ts'
import { dial } from '../../src/net/dial.ts'
import { Listener, type Serve } from '../../src/net/listener.ts'

const host = '127.0.0.1'
const longMs = 10_000
const idleMs = () => longMs

/** Opens a door that is closed when the test ends, however it ends. */
async function open(t: TestContext, serve: Serve, endpoint = { host, port: 0 }, idle = idleMs): Promise<Listener> {
  const listener = await Listener.open(endpoint, idle, serve)
  t.after(() => listener.close())
  return listener
}

/** Sends back what comes. */
async function echo(connection: Connection): Promise<void> {
  for (let chunk = await connection.read(); typeof chunk === 'object'; chunk = await connection.read()) {
    await connection.write(chunk)
  }
}

const portOf = (listener: Listener) => Number(listener.name.split(':').at(-1))

/** @returns what the server sends until it closes */
const received = async (socket: Socket) => (await buffer(socket)).toString()

describe('a listener', () => {
  test('and the service it calls may both close a connection', async t => {
    const closed = Promise.withResolvers<void>()
    const listener = await open(t, async connection => {
      await connection.read()
      void connection.close().then(closed.resolve)
    })
    const client = connect(portOf(listener), host)
    client.write('QUIT')
    assert.equal(await received(client), '')
    await closed.promise
  })

  test('answers a client that has ended its own side with its last word', async t => {
    // Answers only when the end is seen, as a commit that takes its time does.
    const listener = await open(t, async connection => {
      const asked = await connection.read()
      assert.equal(await connection.read(), 'ended')
      assert.ok(connection.open)
      await connection.write(`${asked} heard`)
    })
    const client = connect(portOf(listener), host)
    client.end('QUIT')
    assert.equal(await received(client), 'QUIT heard')
  })

  test('is called by its address and the port that came out', async t => {
    const listener = await open(t, echo)
    assert.match(listener.name, /^127\.0\.0\.1:[1-9]\d*$/)
  })

  test('hands connections on, and closes each when it is served', async t => {
    const listener = await open(t, connection => connection.write('220 hello\r\n'))
    const client = connect(portOf(listener), host)
    assert.equal(await received(client), '220 hello\r\n')
  })

  test('that is closed takes no more connections, and those under way go on', async t => {
    const listener = await open(t, echo)
    const port = portOf(listener)
    const client = connect(port, host)
    client.write('one')
    await once(client, 'readable')
    listener.close()
    assert.equal(await dial({ host, port }, longMs), undefined)
    const rest = received(client)
    client.end(' two')
    assert.match(await rest, /^one/)
  })

  test('asks for the idle time at each connection', async t => {
    let ms = longMs
    const reads: unknown[] = []
    const serve = async (connection: Connection) => void reads.push(await connection.read())
    const listener = await open(t, serve, { host, port: 0 }, () => ms)
    ms = 20
    await received(connect(portOf(listener), host))
    assert.deepEqual(reads, ['idle'])
  })

  test('on a port that is in use is a failure in plain words', async t => {
    const listener = await open(t, echo)
    const endpoint = { host, port: portOf(listener) }
    await assert.rejects(open(t, echo, endpoint), {
      code: 'NETWORK',
      message: `${host}:${endpoint.port} is in use by another program.`,
    })
  })

  test('on an address of another machine is a failure in plain words', async t => {
    await assert.rejects(open(t, echo, { host: '192.0.2.1', port: 0 }), {
      code: 'NETWORK',
      message: '192.0.2.1:0 is not an address of this machine.',
    })
  })
})

describe('a Unix socket', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'porchlight-'))
  const path = join(directory, 'control')
  after(() => rm(directory, { recursive: true }))

  async function openUnix(t: TestContext, connections = 8): Promise<Listener> {
    const listener = await Listener.openUnix(path, longMs, connections, echo)
    t.after(() => listener.close())
    return listener
  }

  test("is its owner's only, and takes the place of one that a crash left behind", async t => {
    await writeFile(path, 'left behind')
    const mask = process.umask()
    const listener = await openUnix(t)
    assert.equal(listener.name, path)
    const { mode } = await stat(path)
    assert.equal(mode & 0o777, 0o600)
    assert.equal(process.umask(), mask)
  })

  test('is reached by its path, from no address', async t => {
    await openUnix(t)
    const connection = await dial({ path }, longMs)
    assert.ok(connection)
    await connection.write('status')
    assert.equal(String(await connection.read()), 'status')
    assert.deepEqual([connection.address, connection.loopback], ['', false])
    await connection.close()
  })

  test('turns away those that are too many', async t => {
    await openUnix(t, 1)
    const first = await dial({ path }, longMs)
    await first?.write('x')
    await first?.read()
    const second = await dial({ path }, longMs)
    assert.equal((await second?.read()) ?? 'ended', 'ended')
    await first?.close()
  })

  test('that nobody serves cannot be reached', async () => {
    assert.equal(await dial({ path: join(directory, 'nobody') }, longMs), undefined)
  })

  test('whose path is too long for the system is a failure in plain words', async () => {
    const long = join(directory, 'x'.repeat(120))
    await assert.rejects(Listener.openUnix(long, longMs, 8, echo), {
      code: 'NETWORK',
      message: `${long} is too long for a socket: 107 octets are possible.`,
    })
  })
})
