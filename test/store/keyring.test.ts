/** The keyring: keys made once and kept, files that are whole or not there, and records as a zone holds them. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, mkdtempDisposable, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../src/base/failure.ts'
import { type DomainKeys, dnsRecord, Keyring, quotedStrings } from '../../src/store/keyring.ts'

const domain = 'home.example'
const temporary = () => mkdtempDisposable(join(tmpdir(), 'porchlight-'))
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const pems = ({ rsa, ed25519 }: DomainKeys) => [pem(rsa.privateKey), pem(ed25519.privateKey)]

const failure = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure)
  assert.equal(error.code, 'KEY')
  assert.match(error.message, pattern)
  return true
}

describe('a keyring', () => {
  test('makes the keys of a domain, each in a file that only its owner reads, and finds them again', async () => {
    await using folder = await temporary()
    const directory = join(folder.path, 'dkim')
    const made = await new Keyring(directory).keys(domain)
    assert.equal(made.rsa.privateKey.asymmetricKeyType, 'rsa')
    assert.equal(made.rsa.privateKey.asymmetricKeyDetails?.modulusLength, 2048)
    assert.equal(made.ed25519.privateKey.asymmetricKeyType, 'ed25519')
    assert.deepEqual([made.rsa.algorithm, made.ed25519.algorithm], ['rsa-sha256', 'ed25519-sha256'])
    assert.notEqual(made.rsa.selector, made.ed25519.selector)
    assert.deepEqual((await readdir(join(directory, domain))).sort(), ['ed25519.pem', 'rsa.pem'])
    for (const file of ['ed25519.pem', 'rsa.pem']) {
      assert.equal((await stat(join(directory, domain, file))).mode & 0o777, 0o600)
    }
    assert.deepEqual(pems(await new Keyring(directory).keys(domain)), pems(made))
  })

  test('asked several times at once makes them once, and holds them from then on', async () => {
    await using folder = await temporary()
    const keyring = new Keyring(folder.path)
    const all = await Promise.all([keyring.keys(domain), keyring.keys(domain), keyring.keys(domain)])
    assert.equal(new Set(all).size, 1)
    await rm(join(folder.path, domain), { recursive: true })
    assert.equal(await keyring.keys(domain), all[0])
  })

  test('beside another that makes the same keys comes to the same ones', async () => {
    await using folder = await temporary()
    const [one, other] = await Promise.all([
      new Keyring(folder.path).keys(domain),
      new Keyring(folder.path).keys(domain),
    ])
    assert.deepEqual(pems(one), pems(other))
    assert.deepEqual((await readdir(join(folder.path, domain))).sort(), ['ed25519.pem', 'rsa.pem'])
  })

  test('keeps the domains apart', async () => {
    await using folder = await temporary()
    const keyring = new Keyring(folder.path)
    const [one, other] = [await keyring.keys('a.example'), await keyring.keys('b.example')]
    assert.equal(new Set([...pems(one), ...pems(other)]).size, 4)
  })

  for (const name of ['..', '', 'a/b.example', '../x.example', 'HOME.example', 'bücher.example', '[192.0.2.1]']) {
    test(`makes nothing for ${JSON.stringify(name)}`, async () => {
      await using folder = await temporary()
      await assert.rejects(new Keyring(folder.path).keys(name), failure(/no domain to sign for/))
      assert.deepEqual(await readdir(folder.path), [])
    })
  }

  const short = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const good = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const damaged: readonly (readonly [name: string, file: string, text: string])[] = [
    ['is empty', 'rsa.pem', ''],
    ['is cut off', 'ed25519.pem', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw'],
    ['holds a public key', 'rsa.pem', createPublicKey(good).export({ type: 'spki', format: 'pem' }).toString()],
    ['holds a key of another kind', 'ed25519.pem', pem(curve)],
    ['holds a key that is too short', 'rsa.pem', pem(short)],
  ]
  for (const [name, file, text] of damaged) {
    test(`refuses a file that ${name}, leaves it as it is, and takes it once it is mended`, async () => {
      await using folder = await temporary()
      const keyring = new Keyring(folder.path)
      const path = join(folder.path, domain, file)
      await mkdir(join(folder.path, domain))
      await writeFile(path, text)
      await assert.rejects(keyring.keys(domain), failure(new RegExp(`${file} is no private key`)))
      assert.equal(await readFile(path, 'utf8'), text)
      await rm(path)
      await keyring.keys(domain)
    })
  }

  test('takes a key of the household’s own', async () => {
    await using folder = await temporary()
    await mkdir(join(folder.path, domain))
    const own = good.export({ type: 'pkcs1', format: 'pem' })
    await writeFile(join(folder.path, domain, 'rsa.pem'), own)
    const { rsa } = await new Keyring(folder.path).keys(domain)
    assert.equal(pem(rsa.privateKey), pem(good))
  })

  test('says which file cannot be written or read', async () => {
    await using folder = await temporary()
    await writeFile(join(folder.path, 'dkim'), 'a file where the folder should be')
    await assert.rejects(new Keyring(join(folder.path, 'dkim')).keys(domain), failure(/rsa\.pem cannot be read/))
    await symlink(join(folder.path, 'nowhere/at/all'), join(folder.path, 'astray'))
    await assert.rejects(new Keyring(join(folder.path, 'astray')).keys(domain), failure(/rsa\.pem cannot be written/))
    await mkdir(join(folder.path, domain, 'rsa.pem'), { recursive: true })
    await assert.rejects(new Keyring(folder.path).keys(domain), failure(/rsa\.pem cannot be read/))
  })
})

describe('the record of a key', () => {
  test('of Ed25519 is the example of RFC 8463', () => {
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      d: Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64').toString('base64url'),
      x: Buffer.from('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', 'base64').toString('base64url'),
    }
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
    const record = dnsRecord({ algorithm: 'ed25519-sha256', selector: 'brisbane', privateKey })
    assert.equal(record, 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=')
  })

  test('of RSA holds the public key, in strings that a zone takes', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const record = dnsRecord({ algorithm: 'rsa-sha256', selector: 's', privateKey })
    const [, p = ''] = /^v=DKIM1; k=rsa; p=([A-Za-z0-9+/]+=*)$/.exec(record) ?? []
    assert.ok(createPublicKey({ key: Buffer.from(p, 'base64'), format: 'der', type: 'spki' }).equals(publicKey))
    const strings = [...quotedStrings(record).matchAll(/"([^"]*)"/g)].map(([, text = '']) => text)
    assert.equal(strings.join(''), record)
    assert.deepEqual(
      strings.map(text => text.length <= 255),
      [true, true],
    )
  })

  test('any text comes back from its strings', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), text => {
        const zone = quotedStrings(text)
        assert.match(zone, /^[ -~]*$/)
        const strings = [...zone.matchAll(/"((?:[^"\\]|\\\d{3}|\\["\\])*)"/g)].map(([, string = '']) =>
          string.replaceAll(/\\(?:(\d{3})|(.))/g, (_, code, octet) => octet ?? String.fromCharCode(code)),
        )
        assert.ok(strings.every(string => string.length <= 255))
        assert.deepEqual(Buffer.from(strings.join(''), 'latin1'), Buffer.from(text))
      }),
    )
  })
})
