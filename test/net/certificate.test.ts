/** Where the certificate comes from, when it is made anew, and what is said when it cannot be used. */
import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { keptPaths, loadCertificate } from '../../src/net/certificate.ts'

const hostname = 'mail.home.example'

class Folder implements AsyncDisposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'porchlight-')))
  }

  /** Loads the self-signed pair, as a start does. @returns certificate and key as they are kept */
  async start(name = hostname): Promise<readonly [certificate: string, key: string]> {
    await loadCertificate({ certificate: '', key: '', directory: this.path, hostname: name })
    const paths = keptPaths(this.path)
    return [await readFile(paths.certificate, 'utf8'), await readFile(paths.key, 'utf8')]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true })
  }
}

describe('the self-signed certificate', () => {
  test('is made at the first start, for this host and for local programs, with a key of its own', async () => {
    await using folder = await Folder.make()
    const [pem, key] = await folder.start()
    const certificate = new X509Certificate(pem)
    for (const name of [hostname, 'localhost']) assert.equal(certificate.checkHost(name), name)
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
    assert.equal(certificate.checkHost('mail.away.example'), undefined)
    assert.ok(certificate.checkPrivateKey(createPrivateKey(key)))
    assert.ok(!certificate.ca)
    assert.ok(certificate.validFromDate < new Date('2026-01-01') && certificate.validToDate > new Date('2040-01-01'))
  })

  test('lies in files that only their owner may read', async () => {
    await using folder = await Folder.make()
    await folder.start()
    const { certificate, key } = keptPaths(folder.path)
    for (const path of [certificate, key]) assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  test('is kept from one start to the next', async () => {
    await using folder = await Folder.make()
    assert.deepEqual(await folder.start(), await folder.start())
  })

  test('is made anew when this host has another name', async () => {
    await using folder = await Folder.make()
    const before = await folder.start()
    const after = await folder.start('other.home.example')
    assert.notDeepEqual(after, before)
    assert.equal(new X509Certificate(after[0]).checkHost('other.home.example'), 'other.home.example')
  })

  const damages: readonly (readonly [
    name: string,
    damage: (paths: { certificate: string; key: string }) => Promise<void>,
  ])[] = [
    ['its key is lost', paths => rm(paths.key)],
    ['its file is empty', paths => writeFile(paths.certificate, '')],
    ['power went after the key was replaced and before the certificate was', replaceKey],
  ]
  for (const [name, damage] of damages) {
    test(`is made anew when ${name}`, async () => {
      await using folder = await Folder.make()
      const before = await folder.start()
      await damage(keptPaths(folder.path))
      const [pem, key] = await folder.start()
      assert.notEqual(pem, before[0])
      assert.ok(new X509Certificate(pem).checkPrivateKey(createPrivateKey(key)))
    })
  }

  test('that cannot be written is a failure that names the file', async () => {
    const directory = join(tmpdir(), 'porchlight-no-such-directory')
    await assert.rejects(loadCertificate({ certificate: '', key: '', directory, hostname }), {
      code: 'TLS',
      message: `${join(directory, 'key.pem')} cannot be written.`,
    })
  })
})

async function replaceKey({ key }: { key: string }): Promise<void> {
  await using other = await Folder.make()
  await other.start()
  await cp(keptPaths(other.path).key, key)
}

describe("the household's own certificate", () => {
  test('is used as it is, whatever names it is made for, and nothing is written', async () => {
    await using own = await Folder.make()
    await using data = await Folder.make()
    await own.start('www.home.example')
    await loadCertificate({ ...keptPaths(own.path), directory: data.path, hostname })
    await assert.rejects(stat(keptPaths(data.path).certificate), { code: 'ENOENT' })
  })

  test('that does not fit its key is a failure that names both files', async () => {
    await using own = await Folder.make()
    const paths = keptPaths(own.path)
    await own.start()
    await replaceKey(paths)
    await assert.rejects(loadCertificate({ ...paths, directory: own.path, hostname }), {
      code: 'TLS',
      message: `${paths.certificate} and ${paths.key} are not a certificate and its key in PEM form.`,
    })
  })

  test('that is no certificate, or is not there, is a failure too', async () => {
    await using own = await Folder.make()
    const { certificate, key } = keptPaths(own.path)
    await own.start()
    await writeFile(certificate, 'not PEM\n')
    const load = (path: string) => loadCertificate({ certificate: path, key, directory: own.path, hostname })
    await assert.rejects(load(certificate), (error: unknown) => error instanceof Failure && error.code === 'TLS')
    const missing = join(own.path, 'missing.pem')
    await assert.rejects(load(missing), { code: 'TLS', message: `${missing} cannot be read.` })
  })
})
