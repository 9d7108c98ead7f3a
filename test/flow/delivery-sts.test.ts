/** MTA-STS: a domain's policy says which hosts may have its mail, and that they must prove their names (RFC 8461). */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { describe, test } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { Issued } from '../dns/authority.ts'
import { a, txt } from '../dns/name-server.ts'
import { AwayHost } from './away.ts'
import { domain, Sending } from './sending.ts'

const authority = await Issued.make('authority', true)
const host = 'mail.b.example'
const right = await Issued.make(host, false, authority)
const selfMade = await Issued.make(host, false)
const otherName = await Issued.make('something.else', false, authority)
const expired = await Issued.make(host, false, authority, { notAfter: new Date('2025-01-01') })

// For this process it is the authority that everybody knows.
setDefaultCACertificates([authority.pem])

/** Sends one message of alice's to bob. */
async function send(sending: Sending, changes: Parameters<Sending['submit']>[1] = {}): Promise<void> {
  await sending.submit(['bob@b.example'], changes)
  await sending.settle()
}

/** The web server that has a domain's policy. */
async function policyServer(mode: string, pattern: string) {
  const certificate = await Issued.make('mta-sts.b.example', false, authority)
  const text = `version: STSv1\r\nmode: ${mode}\r\nmx: ${pattern}\r\nmax_age: 86400\r\n`
  const server = createServer({ cert: certificate.pem, key: await certificate.keyPem() }, (_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end(text),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const policyRecords = [txt('_mta-sts.b.example', ['v=STSv1; id=1;']), a('mta-sts.b.example', '127.0.0.1')]

const policies: readonly (readonly [
  name: string,
  mode: string,
  pattern: string,
  certificate: Issued | undefined,
  words: RegExp | undefined,
])[] = [
  [
    'another host',
    'enforce',
    'other.b.example',
    right,
    /^451 4\.7\.5 mail\.b\.example is not trusted: the policy of its domain does not/,
  ],
  ['a host without TLS', 'enforce', host, undefined, /^451 4\.7\.4 mail\.b\.example offers no protected connection/],
  ['a host that proves its name', 'enforce', host, right, undefined],
  ['a host that proves its name, for a pattern', 'enforce', '*.b.example', right, undefined],
  ['a host that nobody vouches for', 'enforce', host, selfMade, /^451 4\.7\.5 .*does not prove its name/],
  ['a host that proves another name', 'enforce', host, otherName, /^451 4\.7\.5 .*does not prove its name/],
  ['a host that is out of date', 'enforce', host, expired, /^451 4\.7\.5 .*does not prove its name/],
  ['a host without TLS, for a trial only', 'testing', host, undefined, undefined],
  ['another host, for a trial only', 'testing', 'other.b.example', selfMade, undefined],
]

describe('where a domain has a policy (MTA-STS)', () => {
  for (const [name, mode, pattern, certificate, words] of policies) {
    test(`${name} gets ${words ? 'nothing' : 'the message'}`, async () => {
      await using policy = await policyServer(mode, pattern)
      await using away = await AwayHost.start(certificate ? { certificate } : {})
      await using sending = await Sending.make({
        port: away.port,
        records: [...domain('b.example'), ...policyRecords],
        sts: { port: policy.port, ca: authority.pem },
      })
      await send(sending)
      if (words) assert.match((await sending.lone()).last, words)
      assert.equal(away.mails.length, words ? 0 : 1)
      if (mode === 'enforce' && !words) assert.equal(away.mails[0]?.tls, true)
      assert.ok(!words || away.lines.every(line => !line.startsWith('MAIL')))
      await away.left()
    })
  }

  test('a message that must go over proved connections goes', async () => {
    await using policy = await policyServer('enforce', host)
    await using away = await AwayHost.start({ certificate: right, extensions: ['REQUIRETLS'] })
    const sts = { port: policy.port, ca: authority.pem }
    const records = [...domain('b.example'), ...policyRecords]
    await using sending = await Sending.make({ port: away.port, records, sts })
    await send(sending, { requireTls: true })
    assert.equal(away.mails.length, 1)
  })

  test('a message whose sender does not insist on TLS goes all the same (RFC 8689)', async () => {
    await using policy = await policyServer('enforce', 'other.b.example')
    await using away = await AwayHost.start()
    const sts = { port: policy.port, ca: authority.pem }
    await using sending = await Sending.make({
      port: away.port,
      records: [...domain('b.example'), ...policyRecords],
      sts,
    })
    await send(sending, { tlsOptional: true })
    assert.equal(away.mails.length, 1)
  })
})
