/** What is kept for SCRAM: made, written, read, and made up. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { verifierOf } from '../../src/auth/password.ts'
import {
  decoyVerifier,
  formatVerifier,
  makeVerifier,
  parseVerifier,
  presentIterations,
} from '../../src/auth/verifier.ts'
import { recordOf } from './exchanges.ts'

const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(bytes => Buffer.from(bytes))
const verifier = fc.record(
  {
    iterations: fc.integer({ min: 1, max: 9_999_999 }),
    salt: octets(16),
    storedKey: octets(32),
    serverKey: octets(32),
  },
  { noNullPrototype: true },
)

describe('a verifier', () => {
  test('is read as it was written', () => {
    fc.assert(fc.property(verifier, kept => assert.deepEqual(parseVerifier(formatVerifier(kept)), kept)))
  })

  test('is made by RFC 5802 §3, as another implementation makes it', async () => {
    const made = await makeVerifier('pencil')
    assert.equal(made.iterations, presentIterations)
    assert.deepEqual(made, verifierOf(recordOf('pencil', made.salt, presentIterations)))
  })

  test('is made with enough iterations (RFC 7677 §4)', () => assert.ok(presentIterations >= 4096))

  const good = `$scram-sha-256$i=4096$${'A'.repeat(22)}$${'A'.repeat(43)}$${'A'.repeat(43)}`
  const damaged = [
    { name: 'is empty', text: '' },
    { name: 'lacks a key', text: good.slice(0, good.lastIndexOf('$')) },
    { name: 'has a field more', text: `${good}$` },
    { name: 'has padding', text: `${good}=` },
    { name: 'has a short salt', text: good.replace('A', '') },
    { name: 'has no iterations', text: good.replace('4096', '') },
    { name: 'has iterations without number', text: good.replace('4096', '99999999') },
    { name: 'has a line break', text: `${good}\n` },
    { name: 'has another hash', text: good.replace('256', '1') },
  ]
  test('of zeros is one', () => assert.equal(parseVerifier(good)?.iterations, 4096))
  for (const { name, text } of damaged) test(`that ${name} is none`, () => assert.equal(parseVerifier(text), undefined))
})

test('a decoy looks like a verifier, and each name has its own', () => {
  const decoy = decoyVerifier('nobody')
  assert.deepEqual(parseVerifier(formatVerifier(decoy)), decoy)
  assert.deepEqual(decoyVerifier('nobody'), decoy)
  const others = ['nobody', 'anybody', ''].map(user => formatVerifier(decoyVerifier(user)))
  assert.equal(new Set(others).size, 3)
})
