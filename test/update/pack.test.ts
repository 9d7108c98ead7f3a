/** The maker's side: scripts/pack-update.ts packs what a box takes, and scripts/release.sh guards the key. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { makeKey, publicHalf } from '../../scripts/pack-update.ts'
import { fatSlot, Maker, slotManifest } from './maker.ts'

const root = join(import.meta.dirname, '../..')

describe('an update', () => {
  test('is the same for the same slot and key', async () => {
    await using maker = await Maker.open()
    const first = await readFile(await maker.update())
    assert.deepEqual(await readFile(await maker.update()), first)
  })

  test('is not made of half a page', async () => {
    await using maker = await Maker.open()
    const slot = join(maker.folder, 'slot')
    await writeFile(slot, Buffer.alloc(5000))
    await assert.rejects(maker.update({ slot }), /5000 octets, which is no multiple of 4096/)
  })

  test('is not made of a slot with another version, or with none', async () => {
    await using maker = await Maker.open()
    const slot = join(maker.folder, 'slot')
    const key = join(maker.folder, 'key')
    makeKey(key)
    const words = [
      slot,
      '--key',
      key,
      '--out',
      join(maker.folder, 'x'),
      '--arch',
      'arm64',
      '--built',
      '1',
      '--version',
      '0.9.9',
    ]
    const pack = () =>
      spawnSync(process.execPath, [join(root, 'scripts/pack-update.ts'), ...words], { encoding: 'utf8' })
    await writeFile(slot, Buffer.alloc(4096))
    assert.match(pack().stderr, /holds no system, and not version 0\.9\.9/)
    await writeFile(slot, fatSlot('manifest.json', slotManifest('0.9.8')))
    assert.match(pack().stderr, /holds version 0\.9\.8, and not version 0\.9\.9/)
    await writeFile(slot, fatSlot('manifest.json', slotManifest('0.9.9')))
    assert.equal(pack().status, 0)
  })

  test('names all that it is made of on the command line, or says how', async () => {
    await using maker = await Maker.open()
    const pack = join(root, 'scripts/pack-update.ts')
    const { status, stderr } = spawnSync(process.execPath, [pack, join(maker.folder, 'slot')], { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stderr, /SLOT\.img --key KEY --out FILE/)
  })
})

describe("the maker's key", () => {
  test('is made once, for its owner only', async () => {
    await using maker = await Maker.open()
    const path = join(maker.folder, 'deep', 'maker.key')
    makeKey(path)
    const made = await readFile(path, 'utf8')
    makeKey(path)
    assert.equal(await readFile(path, 'utf8'), made)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal(createPublicKey(publicHalf(path)).asymmetricKeyType, 'ed25519')
  })

  const release = (key: string, ...words: readonly string[]) =>
    spawnSync(join(root, 'scripts/release.sh'), words, {
      encoding: 'utf8',
      env: { ...process.env, PORCHLIGHT_KEY: key },
    })

  test('is made by a release, and never a second time', async () => {
    await using maker = await Maker.open()
    const path = join(maker.folder, 'maker.key')
    const { status, stdout } = release(path, '--new-key')
    assert.equal(status, 0)
    assert.match(stdout, /Keep a copy/)
    assert.match(release(path, '--new-key').stderr, /There is a key at .* already/)
  })

  test('lies outside of the repository, whatever the links to it say', async () => {
    await using maker = await Maker.open()
    const link = join(maker.folder, 'link')
    await symlink(root, link)
    for (const path of [join(root, 'dist/maker.key'), 'maker.key', join(link, 'maker.key')]) {
      const { status, stderr } = spawnSync(join(root, 'scripts/release.sh'), ['--new-key'], {
        encoding: 'utf8',
        cwd: root,
        env: { ...process.env, PORCHLIGHT_KEY: path },
      })
      assert.equal(status, 1)
      assert.match(stderr, /inside of the repository/)
    }
  })

  test('is readable by nobody else, and has to be there', async () => {
    await using maker = await Maker.open()
    const path = join(maker.folder, 'maker.key')
    assert.match(release(path).stderr, /There is no maker's key/)
    makeKey(path)
    await chmod(path, 0o644)
    assert.match(release(path).stderr, /Others may read/)
  })
})
