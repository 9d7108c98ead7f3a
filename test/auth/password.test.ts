/** Passwords: kept, compared, made and judged. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generatePassword, hashPassword, passwordProblem, verifierOf, verifyPassword } from '../../src/auth/password.ts'
import { presentIterations } from '../../src/auth/verifier.ts'
import { budget } from '../../src/base/budget.ts'

const zeros = (octets: number) => Buffer.alloc(octets).toString('base64').replace(/=+$/, '')
/** scrypt of 'open sesame' with a salt of zeros, by another implementation (Python's hashlib). */
const old = `$scrypt$ln=4,r=8,p=1$${zeros(16)}$jLZctBujE8AfQjCwcDVNZ4PmQNFqFFQI3AIv8eI7BV8`
const scram = `$scram-sha-256$i=4096$${zeros(16)}$${zeros(32)}$${zeros(32)}`

describe('a kept password', () => {
  test('verifies, and no other does', async () => {
    const stored = await hashPassword('open sesame')
    const [scrypt, verifier] = stored.split(' ')
    assert.match(scrypt ?? '', /^\$scrypt\$ln=14,r=8,p=2\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.match(verifier ?? '', /^\$scram-sha-256\$i=\d+\$[A-Za-z0-9+/]{22}(\$[A-Za-z0-9+/]{43}){2}$/)
    assert.equal(await verifyPassword('open sesame', stored), 'valid')
    for (const other of ['open sesame ', 'Open sesame', 'open\u0001sesame', '']) {
      assert.equal(await verifyPassword(other, stored), 'wrong', other)
    }
  })

  test('is salted: twice the same gives two records', async () => {
    const records = await Promise.all(['open sesame', 'open sesame'].map(hashPassword))
    const salts = records.flatMap(record => record.split(' ').map(part => part.split('$')[3]))
    assert.equal(new Set(salts).size, 4, 'and each half has a salt of its own')
  })

  test('is the same however a keyboard composes it (RFC 8265 §4.2)', async () => {
    const stored = await hashPassword('caf\u00e9 noir')
    assert.equal(await verifyPassword('cafe\u0301\u00a0noir', stored), 'valid')
  })

  test('with other parameters is valid and outdated', async () => {
    assert.equal(await verifyPassword('open sesame', old), 'outdated')
    assert.equal(await verifyPassword('open sesamE', old), 'wrong')
  })

  test('from before SCRAM is valid and outdated', async () => {
    const [before = ''] = (await hashPassword('open sesame')).split(' ')
    assert.equal(await verifyPassword('open sesame', before), 'outdated')
    assert.equal(await verifyPassword('open sesamE', before), 'wrong')
    assert.equal(verifierOf(before), undefined)
  })

  test('with other iterations for SCRAM is valid and outdated', async () => {
    const stored = await hashPassword('open sesame')
    const other = stored.replace(`$i=${presentIterations}$`, '$i=4096$')
    assert.equal(await verifyPassword('open sesame', other), 'outdated')
    assert.equal(await verifyPassword('open sesamE', other), 'wrong')
    assert.deepEqual(
      [stored, other].map(record => verifierOf(record)?.iterations),
      [presentIterations, 4096],
    )
  })

  test('of no account is wrong, whatever is tried', async () => {
    assert.equal(await verifyPassword('open sesame', undefined), 'wrong')
  })

  const damaged = [
    { name: 'nothing', stored: '' },
    { name: 'another scheme', stored: old.replace('scrypt', 'argon2id') },
    { name: 'no hash', stored: old.slice(0, -43) },
    { name: 'a hash cut short', stored: old.slice(0, -1) },
    { name: 'more memory than there is', stored: old.replace('ln=4', 'ln=40') },
    { name: 'a cost of zero', stored: old.replace('p=1', 'p=0') },
    { name: 'more threads than allowed', stored: old.replace('p=1', 'p=99') },
    { name: 'the smallest cost', stored: old.replace('ln=4,r=8,p=1', 'ln=1,r=1,p=16') },
    { name: 'the largest N for the smallest block', stored: old.replace('ln=4,r=8', 'ln=15,r=1') },
    { name: 'the most memory', stored: old.replace('ln=4,r=8', 'ln=15,r=8') },
    { name: 'a verifier cut short', stored: `${old} ${scram.slice(0, -1)}` },
    { name: 'a verifier of another hash', stored: `${old} ${scram.replace('256', '512')}` },
    { name: 'no iterations', stored: `${old} ${scram.replace('4096', '0')}` },
    { name: 'an empty verifier', stored: `${old} ` },
    { name: 'two verifiers', stored: `${old} ${scram} ${scram}` },
    { name: 'nothing but a verifier', stored: scram },
    { name: 'another salt', stored: old.replace('$AAAA', '$BAAA') },
  ]
  for (const { name, stored } of damaged) {
    test(`with ${name} in its record is wrong and does not throw`, async () => {
      assert.equal(await verifyPassword('open sesame', stored), 'wrong')
      assert.equal(verifierOf(stored), undefined)
    })
  }

  test('too long to be hashed is wrong at once, and is never kept', async () => {
    const long = 'x'.repeat(budget.password + 1)
    assert.equal(await verifyPassword(long, old), 'wrong')
    await assert.rejects(hashPassword(long), { code: 'REFUSED' })
  })

  test('is turned away as busy when too many wait', async () => {
    const tries = budget.hashing + budget.hashingQueue + 1
    const verdicts = await Promise.all(Array.from({ length: tries }, () => verifyPassword('open sesame', old)))
    assert.deepEqual(verdicts, [...Array(tries - 1).fill('outdated'), 'busy'])
    assert.equal(await verifyPassword('open sesame', old), 'outdated', 'the turns are given back')
  })
})

describe('a new password', () => {
  const cases = [
    { name: 'eight characters', password: 'abcdefgh', fine: true },
    { name: 'seven characters', password: 'abcdefg', fine: false },
    { name: 'seven characters of four octets', password: '𝔞𝔟𝔠𝔡𝔢𝔣𝔤', fine: false },
    { name: 'spaces', password: 'correct horse battery', fine: true },
    { name: 'the longest', password: 'x'.repeat(budget.password), fine: true },
    { name: 'one octet more', password: 'x'.repeat(budget.password + 1), fine: false },
    { name: 'a line break', password: 'abcd\nefgh', fine: false },
    { name: 'a NUL', password: 'abcd\0efgh', fine: false },
    { name: 'DEL', password: 'abcd\x7fefgh', fine: false },
    { name: 'a zero-width space', password: 'abcd\u200befgh', fine: false },
    { name: 'half a surrogate pair', password: 'abcd\ud800efgh', fine: false },
    { name: 'letters of any script', password: 'парольдлядома', fine: true },
  ]
  for (const { name, password, fine } of cases) {
    test(`of ${name} is ${fine ? 'fine' : 'refused with a sentence'}`, () => {
      if (fine) assert.equal(passwordProblem(password), undefined)
      else assert.match(passwordProblem(password) ?? '', /^A password .*\.$/)
    })
  }

  test('can be made: four groups without look-alikes, fine by the rules, never twice the same', () => {
    const made = Array.from({ length: 500 }, generatePassword)
    for (const password of made) {
      assert.match(password, /^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){3}$/)
      assert.equal(passwordProblem(password), undefined)
    }
    assert.equal(new Set(made).size, made.length)
    assert.equal(new Set(made.join('')).size, 33, 'every character of the alphabet occurs')
  })
})
