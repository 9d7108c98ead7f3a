// Any octets are refused in words, and what was signed is read at any split to the same, whatever its list says.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { signedHead } from '../../../scripts/pack-update.ts'
import { Failure } from '../../../src/base/failure.ts'
import { UpdateReader } from '../../../src/update/reader.ts'
import { cuttings } from '../cuts.ts'
import type { Target } from '../engine.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const body = Buffer.from('body')
const sum = createHash('sha256').update(body).digest('hex')
const part = { name: 'slot', octets: 4, sha256: sum, encoding: 'zstd', size: 4096, unpacked_sha256: sum }
const manifest = JSON.stringify({
  version: '0.2.0',
  arch: 'arm64',
  built: 1,
  schema: { reads: [1], writes: 1 },
  parts: [part],
})

/** What it is read as, or why it is refused. */
function read(chunks: readonly Buffer[]): string {
  const reader = new UpdateReader(publicKey)
  const said: string[] = []
  let octets = 0
  try {
    for (const chunk of chunks) {
      for (const event of reader.feed(Buffer.from(chunk))) {
        if (event.kind === 'manifest') said.push(event.manifest.version)
        else octets += event.octets.length
      }
    }
    reader.end()
  } catch (error) {
    if (error instanceof Failure && error.code === 'REFUSED') return error.message
    throw error
  }
  return `${said.join()} ${octets}`
}

export const update: Target = {
  seeds: [manifest, 'porchlight update 1\n\0\0\0\x04{}  ', 'porchlight update 2\n', ''],
  words: [
    'porchlight update ',
    '1\n',
    '\0\0\0\x10',
    '"octets":',
    '"parts":[',
    ']',
    '{',
    '}',
    '0',
    '-1',
    '1e9',
    'null',
    '__proto__',
  ],
  check(input) {
    const signed = Buffer.concat([signedHead(input, privateKey), body])
    return [input, signed].flatMap(octets => {
      const [whole = '', ...others] = cuttings(octets).map(read)
      for (const other of others) assert.equal(other, whole)
      return [whole]
    })
  },
}
