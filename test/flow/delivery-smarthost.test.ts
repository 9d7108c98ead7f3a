/** Mail through a smarthost: the way there is proved, the login good, and what the household has set wrong is put off, not lost. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readConfig } from '../../src/base/config.ts'
import { entrances, receive } from '../../src/flow/receipt.ts'
import { Listener } from '../../src/net/listener.ts'
import { Issued } from '../dns/authority.ts'
import { a } from '../dns/name-server.ts'
import { Household, password } from '../support/household.ts'
import { AwayHost, at } from './away.ts'
import { minute, Sending } from './sending.ts'

const authority = await Issued.make('authority', true)
const smarthost = 'smtp.provider.example'
const right = await Issued.make(smarthost, false, authority)
const otherName = await Issued.make('other.example', false, authority)
const expired = await Issued.make(smarthost, false, authority, { notAfter: new Date('2025-01-01') })

type Settings = {
  readonly port: number
  readonly tls?: 'starttls' | 'implicit' | 'none'
  /** As text, or none. */
  readonly ca?: string
  readonly user?: string
  /** The file's text and mode. */
  readonly file?: { readonly text: string; readonly mode: number }
}

/** A household whose mail goes through the smarthost. */
async function household({ port, tls = 'starttls', ca = authority.pem, user = '', file }: Settings): Promise<Sending> {
  const sending = await Sending.make({ records: [a(smarthost, '127.0.0.1')] })
  const { directory } = sending.household
  await writeFile(join(directory, 'ca.pem'), ca)
  if (file) {
    await writeFile(join(directory, 'password'), file.text, { mode: file.mode })
  }
  const login = user === '' ? '' : `user = "${user}"\npassword_file = "password"`
  const text = `[relay]\nmode = "smarthost"\nhost = "${smarthost}"\nport = ${port}\ntls = "${tls}"\n${login}`
  sending.config = readConfig(`${text}\n${ca === '' ? '' : 'ca = "ca.pem"'}`, directory)
  return sending
}

async function send(sending: Sending): Promise<void> {
  await sending.submit(['bob@b.example'])
  await sending.settle()
}

/** A Porchlight that takes mail of alice's for others. */
async function provider(implicit: boolean) {
  const house = await Household.make('alice')
  house.config = readConfig(`hostname = "${smarthost}"\ndomains = ["home.example"]`, '.')
  await house.useCertificate()
  const entrance = implicit ? entrances.submissions : entrances.submission
  const listener = await Listener.open(
    { host: '127.0.0.1', port: 0 },
    () => 30_000,
    connection => receive(connection, house.receipt, entrance),
  )
  return {
    house,
    port: Number(listener.name.split(':').at(-1)),
    async [Symbol.asyncDispose]() {
      listener.close()
      house.stopping.abort()
      await house[Symbol.asyncDispose]()
    },
  }
}

function certificateOf({ directory }: Household): Promise<string> {
  return readFile(join(directory, 'cert.pem'), 'utf8')
}

describe('a smarthost that is a Porchlight', () => {
  for (const tls of ['starttls', 'implicit'] as const) {
    test(`takes mail over TLS (${tls}) after a login that is bound to it`, async () => {
      await using other = await provider(tls === 'implicit')
      const ca = await certificateOf(other.house)
      await using sending = await household({
        port: other.port,
        tls,
        ca,
        user: 'alice',
        file: { text: `${password}\n`, mode: 0o600 },
      })
      await send(sending)
      assert.equal(sending.store.outbound.length, 0)
      assert.deepEqual(await sending.reports(), [])
      const [queued, ...others] = (await Array.fromAsync(other.house.store.outbound.all())).flat()
      assert.deepEqual([queued?.domain, others.length], ['b.example', 0])
    })
  }

  test('is logged in to in the safest way that it offers', async () => {
    const extensions = ['AUTH LOGIN PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS']
    await using away = await AwayHost.start({ certificate: right, extensions, manner: at({ AUTH: '535 5.7.8 no' }) })
    await using sending = await household({ port: away.port, user: 'alice', file: { text: password, mode: 0o600 } })
    await send(sending)
    const logins = away.lines.filter(line => line.startsWith('AUTH'))
    assert.equal(logins.length, 1)
    assert.match(logins[0] ?? '', /^AUTH SCRAM-SHA-256-PLUS /)
  })

  test('that lets everybody in without knowing the password is not trusted', async () => {
    const extensions = ['AUTH SCRAM-SHA-256']
    await using away = await AwayHost.start({ certificate: right, extensions, manner: at({ AUTH: '235 welcome' }) })
    await using sending = await household({ port: away.port, user: 'alice', file: { text: password, mode: 0o600 } })
    await send(sending)
    assert.match((await sending.lone()).last, /refuses the login: 454 4\.7\.0 The host let us in without proof/)
    assert.equal(away.mails.length, 0)
  })

  test('refuses a wrong password, and the mail waits', async () => {
    await using other = await provider(false)
    await using sending = await household({
      port: other.port,
      ca: await certificateOf(other.house),
      user: 'alice',
      file: { text: 'wrong\n', mode: 0o600 },
    })
    await send(sending)
    assert.match((await sending.lone()).last, /^451 4\.7\.8 smtp\.provider\.example refuses the login: 535 5\.7\.8 /)
    assert.deepEqual(await sending.reports(), [])
    await writeFile(join(sending.household.directory, 'password'), password)
    await sending.pass(2 * minute)
    assert.equal(sending.store.outbound.length, 0)
  })
})

const files: readonly (readonly [name: string, file: Settings['file'], words: RegExp])[] = [
  ['that others may read', { text: password, mode: 0o644 }, /^451 4\.7\.8 Others may read .*; first: chmod 600 /],
  ['that its group may read', { text: password, mode: 0o640 }, /^451 4\.7\.8 Others may read /],
  ['that is empty', { text: '\n', mode: 0o600 }, /^451 4\.7\.8 There is no password in /],
  ['that is not there', undefined, /^451 4\.7\.8 The password for the smarthost cannot be read: /],
  [
    'that no server takes',
    { text: 'a\u0007b', mode: 0o600 },
    /^451 4\.7\.8 The password for the other server cannot be used/,
  ],
]

describe('a password file', () => {
  for (const [name, file, words] of files) {
    test(`${name} is not used, and the mail waits`, async () => {
      await using away = await AwayHost.start({ certificate: right, extensions: ['AUTH PLAIN LOGIN'] })
      await using sending = await household({ port: away.port, user: 'alice', ...(file ? { file } : {}) })
      await send(sending)
      assert.match((await sending.lone()).last, words)
      assert.ok(away.lines.every(line => !/^(?:AUTH|MAIL)/.test(line)))
      assert.deepEqual(await sending.reports(), [])
      await away.left()
    })
  }
})

const unproved: readonly (readonly [
  name: string,
  options: Parameters<typeof AwayHost.start>[0],
  ca: string,
  words: RegExp,
])[] = [
  ['another name', { certificate: otherName }, authority.pem, /^451 4\.7\.5 .*does not prove its name/],
  ['an old certificate', { certificate: expired }, authority.pem, /^451 4\.7\.5 .*does not prove its name/],
  ['an authority that nobody knows', { certificate: right }, '', /^451 4\.7\.5 .*does not prove its name/],
  ['an authority in a file that is none', { certificate: right }, 'no PEM', /^451 4\.7\.5 .*does not prove its name/],
  ['no TLS', {}, authority.pem, /^451 4\.7\.4 smtp\.provider\.example offers no protected connection/],
  [
    'TLS that fails',
    { certificate: right, manner: at({ STARTTLS: { last: '220 go on ' } }) },
    authority.pem,
    /^451 4\.7\.5 A protected/,
  ],
]

describe('a smarthost with', () => {
  for (const [name, options, ca, words] of unproved) {
    test(`${name} gets neither password nor mail`, async () => {
      await using away = await AwayHost.start({ extensions: ['AUTH PLAIN LOGIN'], ...options })
      const file = { text: password, mode: 0o600 }
      await using sending = await household({ port: away.port, user: 'alice', file, ca })
      await send(sending)
      assert.match((await sending.lone()).last, words)
      assert.ok(away.lines.every(line => !/^(?:AUTH|MAIL)/.test(line)))
      await away.left()
    })
  }

  test('an old certificate gets nothing while the clock is not set, and that is said', async () => {
    await using away = await AwayHost.start({ certificate: expired })
    await using sending = await household({ port: away.port, ca: authority.pem })
    sending.clock.guesses = true
    await send(sending)
    assert.match((await sending.lone()).last, /^451 4\.7\.5 .*; the clock of this host is not set yet$/)
    assert.equal(away.mails.length, 0)
  })

  test('an authority in a file that cannot be read gets nothing', async () => {
    await using away = await AwayHost.start({ certificate: right })
    await using sending = await household({ port: away.port })
    sending.config = { ...sending.config, relay: { ...sending.config.relay, ca: '/nowhere/ca.pem' } }
    await send(sending)
    assert.match((await sending.lone()).last, /^451 4\.7\.5 .*the certificate in relay\.ca cannot be read/)
    assert.equal(away.mails.length, 0)
  })

  test('no way to log in that is safe gets no password', async () => {
    await using away = await AwayHost.start({ extensions: ['AUTH PLAIN LOGIN'] })
    const file = { text: password, mode: 0o600 }
    await using sending = await household({ port: away.port, tls: 'none', user: 'alice', file })
    await send(sending)
    assert.match((await sending.lone()).last, /^451 4\.7\.4 smtp\.provider\.example offers no way to log in/)
    assert.ok(away.lines.every(line => !/^(?:AUTH|MAIL)/.test(line)))
  })

  test('a certificate of its own authority gets the mail, without a login where none is set', async () => {
    await using away = await AwayHost.start({ certificate: right })
    await using sending = await household({ port: away.port })
    await send(sending)
    assert.deepEqual(
      away.mails.map(({ tls }) => tls),
      [true],
    )
  })

  test('no address makes the mail wait', async () => {
    await using sending = await household({ port: 25 })
    sending.config = { ...sending.config, relay: { ...sending.config.relay, host: 'gone.provider.example' } }
    await send(sending)
    assert.match((await sending.lone()).last, /^451 4\.4\.3 The host gone\.provider\.example has no address/)
  })
})
