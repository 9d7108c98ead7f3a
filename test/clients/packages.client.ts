/** Debian's packages for an image: fetched and unpacked once, however many images want them at the same time. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fetchAll } from '../../scripts/image/fetch.ts'

/** Files of the package: enough that unpacking takes a moment. */
const files = 300

function makePackage(folder: string): Buffer {
  mkdirSync(join(folder, 'tree/DEBIAN'), { recursive: true })
  mkdirSync(join(folder, 'tree/usr'))
  writeFileSync(
    join(folder, 'tree/DEBIAN/control'),
    'Package: lamp\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n',
  )
  for (let i = 0; i < files; i++) writeFileSync(join(folder, `tree/usr/${i}`), 'x'.repeat(i))
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', join(folder, 'tree'), join(folder, 'lamp.deb')])
  return readFileSync(join(folder, 'lamp.deb'))
}

test('two images that want one package at the same time both get it whole, and it is asked for once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-packages-'))
  const octets = makePackage(folder)
  let asked = 0
  const mirror = createServer((_, response) => {
    asked += 1
    response.end(octets)
  }).listen(0, '127.0.0.1')
  try {
    await once(mirror, 'listening')
    const address = mirror.address()
    assert.ok(address !== null && typeof address === 'object')
    const sha256 = createHash('sha256').update(octets).digest('hex')
    const lamp = { arch: 'arm64', name: 'lamp', version: '1', sha256, path: 'pool/lamp_1_all.deb' } as const
    const fetched = ['arm64', 'amd64'].map(() =>
      fetchAll([lamp], `http://127.0.0.1:${address.port}`, join(folder, 'cache')),
    )
    for (const folders of await Promise.all(fetched)) {
      const where = folders.get('lamp') ?? ''
      assert.equal(readFileSync(join(where, `usr/${files - 1}`), 'utf8').length, files - 1)
    }
    assert.equal(asked, 1)
  } finally {
    mirror.close()
    rmSync(folder, { recursive: true })
  }
})
