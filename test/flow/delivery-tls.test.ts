/** TLS on the way to other hosts: taken where it is offered, demanded where DANE or REQUIRETLS ask for it. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Answer } from 'dns-packet'
import { Issued } from '../dns/authority.ts'
import { a, mx, tlsa } from '../dns/name-server.ts'
import { AwayHost, at, type Say } from './away.ts'
import { domain, minute, Sending } from './sending.ts'

const authority = await Issued.make('authority', true)
const host = 'mail.b.example'
const right = await Issued.make(host, false, authority)
const selfMade = await Issued.make('something.else', false)
const expired = await Issued.make(host, false, authority, { notAfter: new Date('2025-01-01') })

/** Sends one message of alice's to bob. */
async function send(sending: Sending, changes: Parameters<Sending['submit']>[1] = {}): Promise<void> {
  await sending.submit(['bob@b.example'], changes)
  await sending.settle()
}

async function last(sending: Sending): Promise<string> {
  return (await sending.lone()).last
}

describe('where nothing asks for TLS', () => {
  for (const [name, certificate] of Object.entries({ valid: right, 'another host’s': selfMade, expired })) {
    test(`it is taken all the same, with a certificate that is ${name}`, async () => {
      await using away = await AwayHost.start({ certificate })
      await using sending = await Sending.make({ port: away.port, records: domain('b.example') })
      await send(sending)
      assert.deepEqual(
        away.mails.map(({ tls }) => tls),
        [true],
      )
      assert.deepEqual(
        away.lines.slice(0, 3),
        ['EHLO mail.home.example', 'STARTTLS', 'EHLO mail.home.example'],
        'the session begins anew',
      )
    })
  }

  const broken: readonly (readonly [name: string, says: Say])[] = [
    ['refused', '454 4.7.0 not now'],
    ['refused for good', '502 5.5.1 no'],
    ['followed by silence in clear', Buffer.from('220 2.0.0 go on, please\r\n')],
    ['followed by nonsense', Buffer.from('220 go\r\n\x16\x03\x01\x00\x05hello')],
    ['followed by the end', { last: '220 go on ' }],
  ]
  for (const [name, says] of broken) {
    test(`and it is ${name}, the message goes in clear`, async () => {
      await using away = await AwayHost.start({ certificate: right, manner: at({ STARTTLS: says }) })
      await using sending = await Sending.make({
        port: away.port,
        records: domain('b.example'),
        services: Buffer.isBuffer(says) ? { pace: 0.01 } : {},
      })
      await send(sending)
      assert.deepEqual(
        away.mails.map(({ tls }) => tls),
        [false],
      )
      await away.left()
    })
  }

  test('what a host, or somebody between, has said before TLS counts for nothing after it', async () => {
    await using away = await AwayHost.start({ certificate: right })
    // The greeting of TLS with answers to commands that were not given yet; the handshake is real.
    away.injection = '250-mail.b.example\r\n250 AUTH PLAIN\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n'
    await using sending = await Sending.make({ port: away.port, records: domain('b.example') })
    await send(sending)
    assert.deepEqual([away.mails.length, sending.store.outbound.length], [1, 0])
    assert.match(away.mails[0]?.body ?? '', /Good evening/)
  })
})

/** Records of a host, and what it says of its certificate. */
function named(...records: Answer[]): readonly Answer[] {
  return [...domain('b.example'), ...records]
}

function digest({ shown }: Issued): Buffer {
  return createHash('sha256').update(shown.publicKey).digest()
}

const at25 = (port: number) => `_${port}._tcp.${host}`

describe('where the signed DNS names a certificate (DANE)', () => {
  const matching: readonly (readonly [name: string, certificate: Issued, record: (port: number) => Answer])[] = [
    ['the key', selfMade, port => tlsa(at25(port), 3, 1, 1, digest(selfMade))],
    ['the key of one that is out of date', expired, port => tlsa(at25(port), 3, 1, 1, digest(expired))],
    ['the authority', right, port => tlsa(at25(port), 2, 1, 1, digest(authority))],
  ]
  for (const [name, certificate, record] of matching) {
    test(`a host that has ${name} gets the message`, async () => {
      await using away = await AwayHost.start({ certificate: withChain(certificate) })
      await using sending = await Sending.make({
        port: away.port,
        records: named(record(away.port)),
        secure: true,
      })
      await send(sending)
      assert.deepEqual(
        away.mails.map(({ tls }) => tls),
        [true],
      )
    })
  }

  const failing: readonly (readonly [
    name: string,
    certificate: Issued | undefined,
    says: Say | undefined,
    words: RegExp,
  ])[] = [
    [
      'has another certificate',
      selfMade,
      undefined,
      /^451 4\.7\.5 mail\.b\.example is not trusted: its certificate is not the one/,
    ],
    ['offers no TLS', undefined, undefined, /^451 4\.7\.4 mail\.b\.example offers no protected connection/],
    ['refuses TLS', right, '454 not now', /^451 4\.7\.4 /],
    [
      'fails with TLS',
      right,
      Buffer.from('220 go\r\nhello'),
      /^451 4\.7\.5 A protected connection to mail\.b\.example could not/,
    ],
  ]
  for (const [name, certificate, says, words] of failing) {
    test(`a host that ${name} gets nothing`, async () => {
      await using away = await AwayHost.start({
        ...(certificate ? { certificate } : {}),
        manner: at(says === undefined ? {} : { STARTTLS: says }),
      })
      const records = named(tlsa(at25(away.port), 3, 1, 1, digest(right)))
      const services = Buffer.isBuffer(says) ? { pace: 0.01 } : {}
      await using sending = await Sending.make({ port: away.port, records, secure: true, services })
      await send(sending)
      assert.match(await last(sending), words)
      assert.ok(away.lines.every(line => !line.startsWith('MAIL')))
      assert.deepEqual(await sending.reports(), [])
      await away.left()
    })
  }

  for (const [name, certificate, delivered] of [
    ['any certificate will do where the records cannot be used', selfMade, 1],
    ['TLS is a must where the records cannot be used', undefined, 0],
  ] as const) {
    test(name, async () => {
      await using away = await AwayHost.start(certificate ? { certificate } : {})
      const records = named(tlsa(at25(away.port), 1, 1, 1, digest(right)))
      await using sending = await Sending.make({ port: away.port, records, secure: true })
      await send(sending)
      assert.equal(away.mails.length, delivered)
      assert.equal(sending.store.outbound.length, 1 - delivered)
    })
  }

  test('it counts for nothing without the signature', async () => {
    await using away = await AwayHost.start({ certificate: selfMade })
    const records = named(tlsa(at25(away.port), 3, 1, 1, digest(right)))
    await using sending = await Sending.make({ port: away.port, records, secure: false })
    await send(sending)
    assert.equal(away.mails.length, 1)
  })

  test('the next host is tried when one cannot prove itself', async () => {
    await using bad = await AwayHost.start({ certificate: selfMade })
    await using good = await AwayHost.start({ address: '127.0.0.2', port: bad.port, certificate: right })
    const records = [
      mx('b.example', 10, 'bad.b.example'),
      mx('b.example', 20, host),
      a('bad.b.example', '127.0.0.1'),
      a(host, '127.0.0.2'),
      tlsa(`_${bad.port}._tcp.bad.b.example`, 3, 1, 1, digest(right)),
      tlsa(at25(bad.port), 3, 1, 1, digest(right)),
    ]
    await using sending = await Sending.make({ port: bad.port, records, secure: true })
    await send(sending)
    assert.deepEqual([bad.mails.length, good.mails.length], [0, 1])
  })
})

/** A certificate that is shown with its issuer. */
function withChain(certificate: Issued) {
  return { pem: certificate.pem, keyPem: () => certificate.keyPem(), chain: authority.pem }
}

describe('a message that must go over proved connections only (REQUIRETLS)', () => {
  const extensions = ['REQUIRETLS']
  test('goes to a host that has proved itself and knows it', async () => {
    await using away = await AwayHost.start({ certificate: right, extensions })
    const records = named(tlsa(at25(away.port), 3, 1, 1, digest(right)))
    await using sending = await Sending.make({ port: away.port, records, secure: true })
    await send(sending, { requireTls: true })
    assert.equal(away.mails.length, 1)
    assert.ok(away.lines.some(line => /^MAIL .* REQUIRETLS/.test(line)))
  })

  for (const [name, secure, offered] of [
    ['has proved nothing', false, extensions],
    ['does not know it', true, []],
  ] as const) {
    test(`goes back where the host ${name}`, async () => {
      await using away = await AwayHost.start({ certificate: right, extensions: offered })
      const records = named(tlsa(at25(away.port), 3, 1, 1, digest(right)))
      await using sending = await Sending.make({ port: away.port, records, secure })
      await send(sending, { requireTls: true })
      assert.deepEqual([away.mails.length, sending.store.outbound.length], [0, 0])
      assert.match((await sending.reports())[0] ?? '', /^Status: 5\.7\.30\r\n/m)
    })
  }
})

test('a host that shows a key of no kind does no harm', async () => {
  // The authority's key has an algorithm that there is not: the last octet of its object identifier is changed.
  const odd = await Issued.make('odd authority', true)
  const issued = await Issued.make(host, false, odd)
  const der = Buffer.from(odd.certificate.rawData)
  const algorithm = der.indexOf(Buffer.from('06072a8648ce3d0201', 'hex'))
  assert.ok(algorithm > 0)
  der[algorithm + 8] = 0x7f
  const chain = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  const workerData = { pem: issued.pem, key: await issued.keyPem(), chain }
  const worker = new Worker(new URL('./away-worker.ts', import.meta.url), { workerData })
  try {
    const [port] = await once(worker, 'message')
    await using sending = await Sending.make({ port, records: domain('b.example') })
    await send(sending)
    // Its own OpenSSL stumbles over it, once it has shown it.
    assert.match(await last(sending), /^451 4\.4\.2 The connection was lost/)
    await using away = await AwayHost.start({ certificate: right })
    sending.config = { ...sending.config, delivery: { ...sending.config.delivery, port: away.port } }
    await sending.pass(2 * minute)
    assert.deepEqual(
      away.mails.map(({ tls }) => tls),
      [true],
    )
  } finally {
    await worker.terminate()
  }
})
