/** The messages of SCRAM as they are written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  encodeName,
  readClientFinal,
  readClientFirst,
  readServerFinal,
  readServerFirst,
} from '../../src/auth/attributes.ts'
import { base64 } from './exchanges.ts'

const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/\p{Cc}/u.test(text))
const header = fc.constantFrom('n,', 'y,', 'p=tls-exporter,')

test('names are read as they were written, in every header', () => {
  fc.assert(
    fc.property(header, fc.option(name, { nil: undefined }), name, (start, authorization, user) => {
      const header = `${start}${authorization === undefined ? '' : `a=${encodeName(authorization)}`},`
      const read = readClientFirst(`${header}n=${encodeName(user)},r=x`)
      assert.equal(read.kind, 'client-first')
      if (read.kind !== 'client-first') return
      assert.deepEqual([read.header, read.authorization, read.user, read.nonce], [header, authorization, user, 'x'])
      assert.equal(read.header + read.bare, `${header}n=${encodeName(user)},r=x`)
    }),
  )
})

test('an encoded name is one value and cannot end early', () => {
  fc.assert(fc.property(name, user => assert.match(encodeName(user), /^(?:[^,=]|=2C|=3D)+$/)))
})

test('any text is a message without control characters, or is refused', () => {
  const part = fc.constantFrom(
    'n,',
    'p=',
    ',',
    'n=',
    'r=x',
    's=AAAA',
    'i=1',
    'c=biws',
    `p=${base64(Buffer.alloc(32))}`,
    ',x=1',
  )
  const words = fc.array(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 10 })
  const readers = [readClientFirst, readClientFinal, (text: string) => readServerFirst(text, 100)]
  fc.assert(
    fc.property(words, parts => {
      const text = parts.join('')
      for (const read of readers) {
        const message = read(text)
        if (message.kind !== 'refused') assert.ok(!/[\x00-\x1f\x7f]/.test(text))
      }
      assert.ok([undefined, 32].includes(readServerFinal(text)?.length))
    }),
    { numRuns: 2000 },
  )
})
