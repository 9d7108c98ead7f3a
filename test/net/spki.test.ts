/** The public key of a certificate, whatever it is. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { publicKeyInfo } from '../../src/net/spki.ts'
import { Issued } from '../dns/authority.ts'

const { raw, publicKey } = (await Issued.make('mail.b.example', false)).shown

describe('the public key of a certificate', () => {
  test('is found', () => assert.deepEqual(publicKeyInfo(raw), publicKey))

  test('is looked for in any octets without a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), octets => {
        const found = publicKeyInfo(Buffer.from(octets))
        assert.ok(found === undefined || found.length <= octets.length)
      }),
    )
    for (let end = 0; end < raw.length / 2; end++) assert.equal(publicKeyInfo(raw.subarray(0, end)), undefined)
    for (let at = 0; at < 40; at++) {
      const damaged = Buffer.from(raw)
      damaged[at] = 0xff
      publicKeyInfo(damaged)
    }
  })
})
