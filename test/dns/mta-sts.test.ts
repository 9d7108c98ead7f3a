/** MTA-STS: what makes a policy hold, and for how long, whatever becomes of its server: RFC 8461 §3.3 and §5.1. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { MtaSts } from '../../src/dns/mta-sts.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { Issued } from './authority.ts'
import { a, code, NameServer, soa, txt } from './name-server.ts'
import { StillClock } from './still-clock.ts'

const domain = 'away.example'
const host = `mta-sts.${domain}`
const authority = await Issued.make('authority', true)
const right = await Issued.make(host, false, authority)
const wrongName = await Issued.make('other.example', false, authority)
const stranger = await Issued.make(host, false)
const outOfDate = await Issued.make(host, false, authority, { notAfter: new Date('2025-01-01') })

type Page = (response: ServerResponse) => unknown

const policyText = (mode: string, age = 86_400) =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: *.away.example\r\nmax_age: ${age}\r\n`

function page(
  text: string | Buffer,
  status = 200,
  headers: Record<string, string> = { 'Content-Type': 'text/plain' },
): Page {
  return response => response.writeHead(status, headers).end(text)
}

/** A domain with its name server and its web server. */
class Away implements AsyncDisposable {
  /** The TXT records; undefined where they cannot be looked up. */
  texts: readonly string[] | undefined = ['v=STSv1; id=1;']
  page: Page = page(policyText('enforce'))
  readonly paths: string[] = []
  readonly clock = new StillClock()
  readonly sts: MtaSts
  readonly #names: NameServer
  readonly #web: Server
  readonly #resolver: Resolver

  private constructor(names: NameServer, web: Server) {
    this.#names = names
    this.#web = web
    this.#resolver = new Resolver({ servers: [names.address], clock: this.clock })
    const address = web.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    this.sts = new MtaSts({ names: this.#resolver, clock: this.clock, port, ca: authority.pem })
  }

  static async make(certificate = right): Promise<Away> {
    const names = await NameServer.start(({ name, type }) => {
      if (type === 'TXT' && away.texts === undefined) return [{ code: code.serverFailure }]
      if (type === 'TXT' && name.startsWith('_mta-sts.'))
        return [{ answers: (away.texts ?? []).map(text => txt(name, [text], 0)) }]
      if (type === 'A' && name === host) return [{ answers: [a(name, '127.0.0.1')] }]
      return [{ authorities: [soa('example', 0)] }]
    })
    const web = createServer({ cert: certificate.pem, key: await certificate.keyPem() }, (request, response) => {
      away.paths.push(`${request.headers.host?.replace(/:\d+$/, '')}${request.url}`)
      away.page(response)
    }).listen(0, '127.0.0.1')
    await once(web, 'listening')
    const away = new Away(names, web)
    return away
  }

  /** @returns the mode of the policy that holds now */
  async mode(): Promise<string | undefined> {
    return (await this.sts.policyOf(domain))?.mode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sts.close()
    this.#resolver.close()
    this.#web.closeAllConnections()
    this.#web.close()
    await this.#names[Symbol.asyncDispose]()
  }
}

const day = 86_400_000

describe('a policy', () => {
  test('is fetched once, from its place, and holds until its record says something else', async () => {
    await using away = await Away.make()
    const policy = { mode: 'enforce', mx: ['*.away.example'], ageMs: day }
    assert.deepEqual(await Promise.all([away.sts.policyOf(domain), away.sts.policyOf(domain)]), [policy, policy])
    assert.deepEqual(away.paths, [`${host}/.well-known/mta-sts.txt`])
    away.page = page(policyText('testing'))
    assert.equal(await away.mode(), 'enforce')
    away.texts = ['v=STSv1; id=2;']
    assert.equal(await away.mode(), 'testing')
    assert.equal(away.paths.length, 2)
  })

  test('is fetched again when it has grown old', async () => {
    await using away = await Away.make()
    await away.mode()
    away.page = page(policyText('none'))
    away.clock.pass(day - 1)
    assert.equal(await away.mode(), 'enforce')
    away.clock.pass(1)
    assert.equal(await away.mode(), 'none')
  })

  const records: readonly (readonly [name: string, texts: readonly string[] | undefined])[] = [
    ['cannot be looked up', undefined],
    ['is gone', []],
    ['is there twice', ['v=STSv1; id=2;', 'v=STSv1; id=3;']],
  ]
  for (const [name, texts] of records) {
    test(`holds on where its record ${name}, and is not asked for without one`, async () => {
      await using away = await Away.make()
      await away.mode()
      away.texts = texts
      assert.equal(await away.mode(), 'enforce')
      away.clock.pass(day)
      assert.equal(await away.mode(), undefined)
      assert.equal(away.paths.length, 1)
    })
  }

  const pages: readonly (readonly [name: string, page: Page])[] = [
    ['is not there', page(policyText('none'), 404)],
    ['lies elsewhere', page(policyText('none'), 302, { 'Content-Type': 'text/plain', Location: '/elsewhere' })],
    ['is no plain text', page(policyText('none'), 200, { 'Content-Type': 'text/html' })],
    ['has no type', page(policyText('none'), 200, {})],
    ['is no policy', page('<html>')],
    ['is too long', page(`${policyText('none')}x: ${'x'.repeat(budget.stsPolicy)}`)],
    [
      'is cut off',
      response =>
        response
          .writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '999' })
          .write(policyText('none'), () => response.destroy()),
    ],
    ['is not given', response => response.destroy()],
  ]
  for (const [name, failing] of pages) {
    test(`that ${name} leaves the one before, and is asked for again after a while only`, async () => {
      await using away = await Away.make()
      await away.mode()
      away.texts = ['v=STSv1; id=2;']
      away.page = failing
      assert.equal(await away.mode(), 'enforce')
      assert.equal(away.paths.length, 2)
      away.page = page(policyText('testing'))
      away.clock.pass(budget.stsRetryMs - 1)
      assert.equal(await away.mode(), 'enforce')
      assert.equal(away.paths.length, 2)
      away.clock.pass(1)
      assert.equal(await away.mode(), 'testing')
    })
    test(`that ${name} is none where there was none`, async () => {
      await using away = await Away.make()
      away.page = failing
      assert.equal(await away.mode(), undefined)
    })
  }

  test('of the utmost length is read', async () => {
    await using away = await Away.make()
    const start = `${policyText('enforce')}x: `
    away.page = page(start + 'x'.repeat(budget.stsPolicy - start.length), 200, {
      'content-type': 'Text/Plain; charset=utf-8',
    })
    assert.equal(await away.mode(), 'enforce')
  })

  test('that does not come is not waited for', async () => {
    await using away = await Away.make()
    away.page = response => {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).write('version: STSv1\n')
      away.clock.pass(budget.stsFetchMs)
    }
    assert.equal(await away.mode(), undefined)
  })

  test('that is under way ends when all does', async () => {
    await using away = await Away.make()
    away.page = () => away.sts.close()
    assert.equal(await away.mode(), undefined)
  })

  for (const [name, certificate] of [
    ['for another name', wrongName],
    ['of nobody we trust', stranger],
    ['out of date', outOfDate],
  ] as const) {
    test(`under a certificate ${name} is none`, async () => {
      await using away = await Away.make(certificate)
      assert.equal(await away.mode(), undefined)
      assert.deepEqual(away.paths, [])
    })
  }

  test('of a domain whose host has no address is none', async () => {
    await using away = await Away.make()
    assert.equal(await away.sts.policyOf('other.example'), undefined)
  })
})
