/** The command certificate: what it says of a certificate, and of what programs make of it. */
import assert from 'node:assert/strict'
import { createHash, webcrypto, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Household } from '../../src/commands/command.ts'
import { servedHousehold } from '../../src/commands/household.ts'
import { Server } from '../../src/flow/server.ts'
import { type Outcome, openHousehold, run, temporaryDirectory } from './household.ts'

const dayMs = 86_400_000
const nowhere = 'listen = { smtp = [], submission = [], submissions = [], pop3 = [], pop3s = [] }'
const own = 'tls = { certificate = "own.pem", key = "own.key" }'

type Made = { readonly issuer?: string; readonly name?: string; readonly from?: number; readonly to?: number }

/** Writes a certificate that somebody vouches for; days are counted from now. */
async function issue(
  directory: string,
  { issuer = 'Good Authority', name, from = -10, to = 89.5 }: Made,
): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const authority = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const host = name ?? 'mail.home.example'
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [host] }],
    issuer: [{ O: ['Trust'] }, { CN: [issuer] }],
    notBefore: new Date(Date.now() + from * dayMs),
    notAfter: new Date(Date.now() + to * dayMs),
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  await writeFile(join(directory, 'own.pem'), certificate.toString('pem'))
  await writeFile(join(directory, 'own.key'), x509.PemConverter.encode(key, 'PRIVATE KEY'))
}

class House implements AsyncDisposable {
  readonly household: Household
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.household = servedHousehold({ server })
  }

  static async open(directory: string, settings = ''): Promise<House> {
    const config = readConfig(`${nowhere}\n${settings}`, directory)
    return new House(await Server.open({ config, directory, log: silentLog, clock: systemClock }))
  }

  /** Runs a command in the running server. */
  run(...words: readonly string[]): Promise<Outcome> {
    const household = Object.assign(Object.create(this.household), { [Symbol.asyncDispose]: async () => {} })
    return run(words, '', { open: async () => household })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop()
  }
}

async function fingerprint(path: string): Promise<string> {
  const { raw } = new X509Certificate(await readFile(path))
  return (createHash('sha256').update(raw).digest('hex').toUpperCase().match(/../g) ?? []).join(':')
}

test('a self-made certificate is shown, made anew with the same key, and taken at once', async () => {
  await using folder = await temporaryDirectory()
  await using house = await House.open(folder.path)
  const path = join(folder.path, 'cert.pem')
  const { printed } = await house.run('certificate')
  assert.match(printed[0] ?? '', /^for +mail\.home\.example, localhost, 127\.0\.0\.1, /)
  assert.match(printed[1] ?? '', /^vouched for by +nobody but this box$/)
  assert.match(printed[2] ?? '', /^good until .*\(\d{4} days left\)$/)
  assert.ok(printed[3]?.endsWith(await fingerprint(path)))
  assert.ok(printed[4]?.endsWith(path))
  assert.match(printed[5] ?? '', /^Programs ask once whether they may trust it/)
  assert.equal(printed.length, 6)

  const key = await readFile(join(folder.path, 'key.pem'), 'utf8')
  const renewed = await house.run('certificate', 'renew')
  assert.equal(renewed.printed[0], 'There is a new certificate, for the same key.')
  assert.notEqual(renewed.printed[4], printed[3])
  assert.ok(renewed.printed[4]?.endsWith(house.household.identity.inUse?.fingerprint256 ?? '?'))
  assert.equal(await readFile(join(folder.path, 'key.pem'), 'utf8'), key)
})

const verdicts: readonly (readonly [name: string, made: Made, verdict: RegExp])[] = [
  ['somebody vouches for', {}, /^Programs that know who vouches for it take it without a question\.$/],
  ['is over', { to: -1 }, /^Programs refuse it, for its time is over\./],
  ['has not begun', { from: 3 }, /^Programs may refuse it: it is good only from a later day\./],
  ['is for another name', { name: 'www.home.example' }, /^Programs refuse it, for it is not for mail\.home\.example/],
]
describe('of a certificate of the household that', () => {
  for (const [name, made, verdict] of verdicts) {
    test(`${name} it is said what programs make of it`, async () => {
      await using folder = await temporaryDirectory()
      await issue(folder.path, made)
      await using house = await House.open(folder.path, own)
      const { printed } = await house.run('certificate')
      assert.match(printed[1] ?? '', /^vouched for by +Good Authority$/)
      assert.match(printed[5] ?? '', verdict)
      assert.equal(printed.length, 6)
    })
  }
  test('names a strange issuer nothing acts on the terminal', async () => {
    await using folder = await temporaryDirectory()
    await issue(folder.path, { issuer: 'Bad \x1b[2J\u202eAuthority' })
    await using house = await House.open(folder.path, own)
    const { printed } = await house.run('certificate')
    assert.ok(!/[\p{Cc}\p{Cf}]/u.test(printed.join('')), printed.join('\n'))
  })
  test('has changed on the disk it is said, and it is read again', async () => {
    await using folder = await temporaryDirectory()
    await issue(folder.path, {})
    await using house = await House.open(folder.path, own)
    await issue(folder.path, { issuer: 'Other Authority' })
    const { printed } = await house.run('certificate')
    assert.match(printed[1] ?? '', /Good Authority/)
    assert.match(printed.at(-1) ?? '', /^The file holds another one by now\./)
    const renewed = await house.run('certificate', 'renew')
    assert.equal(renewed.printed[0], 'The files of the certificate were read again.')
    assert.match(renewed.printed[2] ?? '', /Other Authority/)
    assert.match((await house.run('certificate')).printed[1] ?? '', /Other Authority/)
  })
  test('cannot be used the one before is shown on', async () => {
    await using folder = await temporaryDirectory()
    await issue(folder.path, {})
    await using house = await House.open(folder.path, own)
    const before = house.household.identity.inUse
    await writeFile(join(folder.path, 'own.pem'), 'nothing')
    const { exit, complained } = await house.run('certificate', 'renew')
    assert.equal(exit, 1)
    assert.match(complained.join(), /are not a certificate and its key in PEM form/)
    assert.equal(house.household.identity.inUse, before)
  })
})

test('without a server the certificate on the disk is shown', async () => {
  await using folder = await temporaryDirectory()
  {
    await using house = await House.open(folder.path)
    assert.ok(house.household.identity.inUse)
  }
  const { printed, exit } = await run(['certificate'], '', { open: () => openHousehold(folder.path) })
  assert.equal(exit, 0)
  assert.ok(printed[3]?.endsWith(await fingerprint(join(folder.path, 'cert.pem'))))
})
