/** Which version is newer: update/version.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions } from '../../src/update/version.ts'

const ascending = [
  '0.0.9',
  '0.1.0-rc.1',
  '0.1.0-rc.2',
  '0.1.0-rc.10',
  '0.1.0',
  '0.1.1',
  '0.2.0',
  '0.10.0',
  '1.0.0',
  '10.0.0',
]

test('versions are in order, each with each', () => {
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries())
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`)
  }
})
