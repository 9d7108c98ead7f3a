/** Fetching an update from web servers that do what such servers do: update/download.ts, over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { clearDownloads, type Download, downloaded } from '../../src/update/download.ts'
import { readAddress, shownAddress } from '../../src/update/fetch.ts'
import { Issued } from '../dns/authority.ts'

const octets = Buffer.alloc(300_000, 'an update, as long as it is. ')

/** A web server, and a data directory, for one test. */
class Web implements AsyncDisposable {
  readonly data: string
  readonly requests: IncomingMessage[] = []
  readonly #server = createServer()

  private constructor(data: string) {
    this.data = data
  }

  static async open(answer: RequestListener): Promise<Web> {
    const web = new Web(await mkdtemp(join(tmpdir(), 'porchlight-')))
    web.#server.on('request', (request, response) => {
      web.requests.push(request)
      answer(request, response)
    })
    await new Promise<void>(resolve => web.#server.listen(0, '127.0.0.1', resolve))
    return web
  }

  get host(): string {
    return `127.0.0.1:${portOf(this.#server)}`
  }

  /** @returns what was fetched */
  async fetch(path = '/x.update', download: Partial<Download> = {}): Promise<string> {
    return downloaded(
      path.includes('://') ? path : `http://${this.host}${path}`,
      this.options(download),
      async file => {
        assert.ok(existsSync(file))
        return readFile(file, 'utf8')
      },
    )
  }

  options(download: Partial<Download> = {}): Download {
    return {
      data: this.data,
      clock: { ...systemClock, sleep: async () => {} },
      signal: new AbortController().signal,
      reserve: 0,
      progress: async () => {},
      ...download,
    }
  }

  get left(): boolean {
    return existsSync(join(this.data, 'update'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await rm(this.data, { recursive: true })
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : assert.fail('it does not listen')
}

/** Sends half and breaks the connection. */
function half(response: ServerResponse, head: Record<string, string> = {}): void {
  response.writeHead(200, { ...head, 'content-length': String(octets.length) })
  response.write(octets.subarray(0, octets.length / 2), () => response.destroy())
}

/** Sends what was asked for, as a server that knows ranges does. */
function ranged({ headers }: IncomingMessage, response: ServerResponse, head: Record<string, string> = {}): void {
  const [, first] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? []
  const from = Number(first ?? 0)
  const range = first === undefined ? {} : { 'content-range': `bytes ${from}-${octets.length - 1}/${octets.length}` }
  response.writeHead(first === undefined ? 200 : 206, { ...head, ...range })
  response.end(octets.subarray(from))
}

describe('a download', () => {
  test('is whole, and gone after its use', async () => {
    await using web = await Web.open(
      (_, response) => void response.setHeader('content-length', octets.length).end(octets),
    )
    const parts: (number | undefined)[] = []
    assert.equal(await web.fetch('/x', { progress: async (_, part) => void parts.push(part) }), octets.toString())
    assert.equal(parts.at(-1), 1)
    assert.ok(!web.left)
  })

  test('may come without its length', async () => {
    await using web = await Web.open((_, response) => {
      response.write(octets.subarray(0, 1000))
      response.end(octets.subarray(1000))
    })
    assert.equal(await web.fetch(), octets.toString())
  })

  test('goes on where the line broke', async () => {
    const etag = '"the one of today"'
    await using web = await Web.open((request, response) =>
      web.requests.length === 1 ? half(response, { etag }) : ranged(request, response, { etag }),
    )
    assert.equal(await web.fetch(), octets.toString())
    const [, again] = web.requests
    assert.match(again?.headers.range ?? '', /^bytes=[1-9]\d*-$/)
    assert.equal(again?.headers['if-range'], etag)
  })

  test('begins anew where the file is another one by then, or has no name for its version', async () => {
    for (const head of [{ etag: '"old"' }, { etag: 'W/"weak"' }, {}]) {
      await using web = await Web.open((_, response) =>
        web.requests.length === 1 ? half(response, { ...head }) : void response.writeHead(200).end(octets),
      )
      assert.equal(await web.fetch(), octets.toString())
    }
  })

  test('follows five redirections, and not a sixth', async () => {
    await using web = await Web.open(({ url = '' }, response) => {
      const left = Number(url.slice(1))
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end()
      else response.end(octets)
    })
    assert.equal(await web.fetch('/5'), octets.toString())
    await assert.rejects(web.fetch('/6'), { code: 'REFUSED', message: /sends on too often/ })
  })

  test('is not led by a web server to somebody who proves nothing, as the router at home or a program on the box', async () => {
    await using router = await Web.open((_, response) => void response.end(octets))
    await using web = await Web.open((_, response) =>
      response.writeHead(302, { location: `http://me:secret@${router.host}/reboot?now=secret` }).end(),
    )
    await assert.rejects(web.fetch(), error => {
      const said = String(error)
      return said.includes(`sends on to ${router.host} without encryption`) && !said.includes('secret')
    })
    assert.deepEqual(router.requests, [])
  })

  test('that is stopped leaves nothing', async () => {
    await using web = await Web.open((_, response) => half(response))
    const stop = new AbortController()
    const progress = async () => stop.abort()
    await assert.rejects(web.fetch('/x', { signal: stop.signal, progress }), { code: 'GIVEN_UP' })
    assert.ok(!web.left)
  })

  test('that ended with the power is gone at the next start, and in no way before', async () => {
    await using web = await Web.open((_, response) => void response.end(octets))
    const leave = async () => {
      await mkdir(join(web.data, 'update'))
      await writeFile(join(web.data, 'update', 'download'), 'half of it')
    }
    await leave()
    assert.equal(await web.fetch(), octets.toString())
    await leave()
    await clearDownloads(web.data)
    assert.ok(!web.left)
  })

  test('is gone where its use fails', async () => {
    await using web = await Web.open((_, response) => void response.end(octets))
    const use = () => Promise.reject(new Error('no'))
    await assert.rejects(downloaded(`http://${web.host}/`, web.options(), use), { message: 'no' })
    assert.ok(!web.left)
  })

  test('is not begun where the disk has no room for it', async () => {
    await using web = await Web.open(
      (_, response) => void response.setHeader('content-length', octets.length).end(octets),
    )
    const reserve = Number.MAX_SAFE_INTEGER
    await assert.rejects(web.fetch('/x', { reserve }), { code: 'REFUSED', message: /disk is too full/ })
  })
})

test('a download by TLS asks for a certificate of that very name, of an authority', async () => {
  const authority = await Issued.make('authority', true)
  const certificate = await Issued.make('localhost', false, authority)
  const secure = createSecure({ cert: certificate.pem, key: await certificate.keyPem() }, (_, response) => {
    response.end(octets)
  }).listen(0, '127.0.0.1')
  await once(secure, 'listening')
  await using web = await Web.open(() => {})
  const address = `https://localhost:${portOf(secure)}/x`
  try {
    assert.equal(await web.fetch(address, { ca: authority.pem }), octets.toString())
    await using moved = await Web.open((_, response) => response.writeHead(301, { location: address }).end())
    assert.equal(await moved.fetch('/x', { ca: authority.pem }), octets.toString())
    await assert.rejects(web.fetch(address), { code: 'REFUSED', message: /cannot be fetched from localhost/ })
  } finally {
    secure.closeAllConnections()
    secure.close()
  }
})

const refusals: readonly (readonly [name: string, answer: RequestListener, why: RegExp])[] = [
  ['has no such file', (_, response) => void response.writeHead(404).end(), /has no such file/],
  ['gives it not to everybody', (_, response) => void response.writeHead(403).end(), /does not give this file/],
  ['has a fault', (_, response) => void response.writeHead(503).end(), /answers 503/],
  [
    'redirects to a file',
    (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    /no address/,
  ],
  ['redirects to nothing', (_, response) => void response.writeHead(302).end(), /no address|too often/],
  [
    'sends too much',
    (_, response) => void response.writeHead(200, { 'content-length': '1000000000' }).write('x'),
    /longer than/,
  ],
  ['breaks the line each time', (_, response) => void half(response, { etag: '"x"' }), /cannot be fetched/],
  ['speaks no HTTP', ({ socket }) => void socket.end('220 mail.example ESMTP\r\n'), /cannot be fetched/],
  [
    'answers a part that nobody asked for',
    (_, response) => void response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('xxxxx'),
    /answers 206/,
  ],
]

describe('a download is refused where the server', () => {
  for (const [name, answer, message] of refusals) {
    test(name, async () => {
      await using web = await Web.open(answer)
      await assert.rejects(web.fetch(`http://me:secret@${web.host}/x?token=secret`), error => {
        assert.match(String(error), message)
        assert.doesNotMatch(String(error), /secret/)
        return true
      })
      assert.ok(!web.left)
    })
  }

  test('is not there', async () => {
    const web = await Web.open(() => {})
    const { host } = web
    await web[Symbol.asyncDispose]()
    await using other = await Web.open(() => {})
    await assert.rejects(other.fetch(`http://${host}/`), { code: 'REFUSED', message: /takes no connections/ })
  })
})

test('an address is shown without the password in it', () => {
  assert.equal(
    shownAddress(readAddress('https://me:secret@example.org/a.update?token=x')),
    'https://example.org/a.update',
  )
})

for (const address of ['ftp://example.org/x', 'http://', 'https://[', `https://example.org/${'x'.repeat(3000)}`]) {
  test(`${address.slice(0, 30)} is no address`, () => {
    assert.throws(() => readAddress(address), { code: 'REFUSED', message: /no address of an update/ })
  })
}
