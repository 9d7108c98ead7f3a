/** The certificate for people to look at, and how it stays good without them. */
import assert from 'node:assert/strict'
import { createPublicKey, type X509Certificate } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Certificate, type CertificateOptions, keptPaths, loadCertificate } from '../../src/net/certificate.ts'
import { certificateOnDisk, type Identity, renew, renewIfDue, shown } from '../../src/net/identity.ts'

const hostname = 'mail.home.example'
const dayMs = 86_400_000
/** The last day of the first certificate that a household makes. */
const lastDay = Date.parse('2044-01-01T00:00:00Z')

/** A server, as far as its certificate goes. */
class Host implements AsyncDisposable, Identity {
  readonly options: CertificateOptions
  readonly path: string
  time = Date.parse('2026-11-22T08:00:00Z')
  reloads = 0
  #certificate: Certificate | undefined

  private constructor(path: string, own: boolean) {
    this.path = path
    const given = own ? keptPaths(path) : { certificate: '', key: '' }
    this.options = { ...given, directory: path, hostname }
  }

  /** @param own whether the files are the household's own */
  static async start(own = false): Promise<Host> {
    const path = await mkdtemp(join(tmpdir(), 'porchlight-'))
    await loadCertificate({ certificate: '', key: '', directory: path, hostname })
    const host = new Host(path, own)
    await host.reload()
    host.reloads = 0
    return host
  }

  get inUse(): X509Certificate {
    const leaf = this.#certificate?.leaf
    if (!leaf) throw new Error('nothing was loaded')
    return leaf
  }

  now = () => this.time

  reload = async () => {
    this.#certificate = await loadCertificate(this.options)
    this.reloads += 1
  };

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true })
  }
}

const keyOf = (certificate: X509Certificate) => certificate.publicKey.export({ format: 'pem', type: 'spki' })

describe('a renewed certificate', () => {
  test('has the key and the names of the one before, a serial number of its own, and is shown at once', async () => {
    await using host = await Host.start()
    const before = host.inUse
    await renew(host)
    const after = host.inUse
    assert.notEqual(after.fingerprint256, before.fingerprint256)
    assert.notEqual(after.serialNumber, before.serialNumber)
    assert.equal(keyOf(after), keyOf(before))
    assert.equal(after.subjectAltName, before.subjectAltName)
    assert.ok(after.verify(after.publicKey) && !after.ca)
    assert.equal(host.reloads, 1)
  })

  test('does not end before the one that it follows, and lasts ten years or more', async () => {
    await using host = await Host.start()
    await renew(host)
    assert.equal(host.inUse.validToDate.getTime(), lastDay)
    host.time = lastDay
    await renew(host)
    assert.ok(host.inUse.validToDate.getTime() >= lastDay + 3650 * dayMs)
  })

  const damages: readonly (readonly [name: string, damage: (path: string) => Promise<void>])[] = [
    ['lost', path => rm(path)],
    ['damaged', path => writeFile(path, '-----BEGIN PRIVATE KEY-----\nAAAA\n')],
  ]
  for (const [name, damage] of damages) {
    test(`has a new key where the one before is ${name}`, async () => {
      await using host = await Host.start()
      const before = host.inUse
      await damage(keptPaths(host.path).key)
      await renew(host)
      assert.notEqual(keyOf(host.inUse), keyOf(before))
      const key = createPublicKey(await readFile(keptPaths(host.path).key, 'utf8'))
      assert.equal(key.export({ format: 'pem', type: 'spki' }), keyOf(host.inUse))
    })
  }
})

describe('every night', () => {
  test('a self-made certificate stays until 30 days before its end, and is then renewed', async () => {
    await using host = await Host.start()
    for (const [time, done] of [
      [host.time, 'current'],
      [lastDay - 30 * dayMs, 'current'],
      [lastDay - 30 * dayMs + 1, 'renewed'],
      [lastDay - 30 * dayMs + 1, 'current'],
      [lastDay, 'current'],
    ] as const) {
      host.time = time
      assert.equal(await renewIfDue(host), done)
    }
    assert.equal(host.reloads, 1)
  })

  test('it is renewed after its end, too', async () => {
    await using host = await Host.start()
    host.time = lastDay + dayMs
    assert.equal(await renewIfDue(host), 'renewed')
    assert.ok(host.inUse.validToDate.getTime() > host.time)
  })

  test('files of the household are read again when they are others, and are never written', async () => {
    await using host = await Host.start(true)
    await using other = await Host.start()
    assert.equal(await renewIfDue(host), 'current')
    for (const name of ['certificate', 'key'] as const) await cp(keptPaths(other.path)[name], host.options[name])
    assert.equal(await renewIfDue(host), 'read again')
    assert.equal(host.inUse.fingerprint256, other.inUse.fingerprint256)
    host.time = lastDay
    const before = await readFile(host.options.certificate)
    assert.equal(await renewIfDue(host), 'current')
    assert.deepEqual(await readFile(host.options.certificate), before)
  })

  const wrong: readonly (readonly [name: string, text: string])[] = [
    ['cut short', '-----BEGIN CERTIFICATE-----\nMIIB'],
    ['empty', ''],
  ]
  for (const [name, text] of wrong) {
    test(`a file that is ${name} is a failure, and what was shown is shown still`, async () => {
      await using host = await Host.start(true)
      const before = host.inUse
      await writeFile(host.options.certificate, text)
      await assert.rejects(renewIfDue(host), {
        code: 'TLS',
        message: `${host.options.certificate} is no certificate in PEM form.`,
      })
      assert.equal(host.inUse, before)
    })
  }

  test('a certificate without its key is a failure, and what was shown is shown still', async () => {
    await using host = await Host.start(true)
    await using other = await Host.start()
    const before = host.inUse
    await cp(keptPaths(other.path).certificate, host.options.certificate)
    await assert.rejects(renewIfDue(host), { code: 'TLS' })
    assert.equal(host.inUse, before)
  })
})

test('a certificate is shown with its names, its end, its fingerprint and who vouches for it', async () => {
  await using host = await Host.start()
  const facts = shown(await certificateOnDisk(host.options), hostname)
  assert.deepEqual(facts, {
    names: [hostname, 'localhost', '127.0.0.1', '::1'],
    issuer: hostname,
    selfSigned: true,
    validFrom: Date.parse('2024-01-01T00:00:00Z'),
    validTo: lastDay,
    fingerprint: host.inUse.fingerprint256,
    fits: true,
  })
  assert.equal(shown(host.inUse, 'other.home.example').fits, false)
})
