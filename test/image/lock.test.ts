/** The lock file: what is written is read again, and nothing else is read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { archs } from '../../scripts/image/build.ts'
import { formatLock, parseLock } from '../../scripts/image/lock.ts'
import { kernelOf, wantedFor } from '../../scripts/image/packages.ts'

const sum = 'c833be48abfa16bc19c4966ec93e289ff1ce5d2f1476cad3a57bd105378cd15c'
const path = 'debian/pool/main/b/busybox/busybox-static_1.37.0-6%2bb9_arm64.deb'
const good = `arm64 busybox-static 1:1.37.0-6+b9 ${sum} ${path}`

const bad = [
  { name: 'another architecture', line: good.replace('arm64', 'riscv64') },
  { name: 'a sum that is too short', line: good.replace(sum, sum.slice(1)) },
  { name: 'a sum in capitals', line: good.replace(sum, sum.toUpperCase()) },
  { name: 'a path that leads out of the pool', line: good.replace('main/b', '../../b') },
  { name: 'a path on another host', line: good.replace('debian/', 'http://mirror.example/') },
  { name: 'a field too few', line: good.replace(' 1:1.37.0-6+b9', '') },
  { name: 'a field too many', line: `${good} more` },
]

describe('packages.lock', () => {
  test('what is written is read again', () => {
    const packages = parseLock(good)
    assert.deepEqual(packages, [{ arch: 'arm64', name: 'busybox-static', version: '1:1.37.0-6+b9', sha256: sum, path }])
    assert.deepEqual(parseLock(formatLock(packages)), packages)
  })

  for (const { name, line } of bad) {
    test(`refuses ${name}`, () => assert.throws(() => parseLock(`${good}\n${line}\n`), /packages\.lock, line 2/))
  }

  test('the one in the tree is as it was written, and has all that is wanted, with one kernel', () => {
    const text = readFileSync(new URL('../../board/packages.lock', import.meta.url), 'utf8')
    const all = parseLock(text)
    assert.equal(formatLock(all), text)
    for (const arch of archs) {
      const names = all.filter(row => row.arch === arch).map(row => row.name)
      const wanted = wantedFor(arch).map(row => row.name)
      assert.deepEqual(
        names.filter(name => kernelOf(name) === undefined),
        wanted,
      )
      assert.equal(names.length, wanted.length + 1)
    }
  })
})
