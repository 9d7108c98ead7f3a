/** The format of an update, octet by octet: update/reader.ts and what it refuses. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { signedHead } from '../../scripts/pack-update.ts'
import { budget } from '../../src/base/budget.ts'
import { magic, UpdateReader } from '../../src/update/reader.ts'

const maker = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const part = Buffer.from('the part of an update, as it comes')
const sum = createHash('sha256').update(part).digest('hex')

const good = {
  version: '0.2.0',
  arch: 'arm64',
  built: 1_790_000_000,
  schema: { reads: [1], writes: 1 },
  parts: [{ name: 'slot', octets: part.length, sha256: sum, encoding: 'zstd', size: 4096, unpacked_sha256: sum }],
}

function updateOf(manifest: unknown, body = part, key = maker.privateKey): Buffer {
  return Buffer.concat([signedHead(Buffer.from(JSON.stringify(manifest)), key), body])
}

/** Feeds an update in steps. @returns the version in it, and the octets of its part */
function read(update: Buffer, step = update.length): { version: string | undefined; octets: string } {
  const reader = new UpdateReader(maker.publicKey)
  let version: string | undefined
  const octets: Buffer[] = []
  for (let at = 0; at < update.length; at += step) {
    for (const event of reader.feed(update.subarray(at, at + step))) {
      if (event.kind === 'manifest') version = event.manifest.version
      else octets.push(event.octets)
    }
  }
  reader.end()
  return { version, octets: Buffer.concat(octets).toString() }
}

const slot = good.parts[0]
const withPart = (change: object) => ({ ...good, parts: [{ ...slot, ...change }] })
const head = updateOf(good).subarray(0, -part.length)

const refused: readonly (readonly [name: string, update: Buffer, why: RegExp])[] = [
  ['nothing', Buffer.alloc(0), /no update of Porchlight/],
  ['another file', Buffer.from('hello, this is a letter and nothing else'), /no update of Porchlight/],
  ['a format of later', Buffer.from('porchlight update 2\n????'), /for a newer Porchlight/],
  ['a format of much later', Buffer.from('porchlight update 10\n'), /for a newer Porchlight/],
  ['a stranger', updateOf(good, part, stranger.privateKey), /not signed by the maker/],
  ['one changed octet of the manifest', changed(updateOf(good), magic.length + 20), /not signed by the maker/],
  ['one changed octet of the signature', changed(updateOf(good), head.length - 1), /not signed by the maker/],
  ['one changed octet of the part', changed(updateOf(good), head.length + 3), /its part "slot" is not what was signed/],
  ['something behind its end', Buffer.concat([updateOf(good), Buffer.of(1)]), /behind its end/],
  [
    'a list that is too long',
    updateOf({ ...good, note: 'x'.repeat(budget.updateManifest) }),
    /list of contents is too long/,
  ],
  ['a list that is no JSON', updateOf('{').subarray(), /makes no sense/],
  ['a version that a shell would trip over', updateOf({ ...good, version: '1.0.0;reboot' }), /makes no sense/],
  ['another kind of board', updateOf({ ...good, arch: 'mips' }), /makes no sense/],
  ['no part', updateOf({ ...good, parts: [] }), /makes no sense/],
  ['two parts', updateOf({ ...good, parts: [slot, slot] }), /makes no sense/],
  ['a part of another name', updateOf(withPart({ name: 'shell' })), /makes no sense/],
  ['a part without octets', updateOf(withPart({ octets: 0 })), /makes no sense/],
  ['a part beyond all bounds', updateOf(withPart({ octets: budget.updatePart + 1 })), /makes no sense/],
  ['half a page', updateOf(withPart({ size: 4097 })), /makes no sense/],
  ['a schema that is no number', updateOf({ ...good, schema: { reads: ['1'], writes: 1 } }), /makes no sense/],
]

function changed(octets: Buffer, at: number): Buffer {
  const other = Buffer.from(octets)
  other.writeUInt8(other.readUInt8(at) ^ 1, at)
  return other
}

describe('an update', () => {
  test('is read at every step', () => {
    for (const step of [1, 2, 7, 19, 65_536]) {
      assert.deepEqual(read(updateOf(good), step), { version: '0.2.0', octets: part.toString() })
    }
  })

  test('that ends anywhere before its end is refused', () => {
    const whole = updateOf(good)
    for (let end = 1; end < whole.length; end++) {
      assert.throws(() => read(whole.subarray(0, end)), { code: 'REFUSED', message: /it ends too early/ }, `at ${end}`)
    }
  })

  test('may say more than this release knows', () => {
    assert.equal(read(updateOf({ ...withPart({ mirrors: [] }), notes: 'what is new' })).version, '0.2.0')
  })
})

describe('an update is refused for', () => {
  for (const [name, update, message] of refused) {
    test(name, () => {
      for (const step of [1, 65_536]) assert.throws(() => read(update, step), { code: 'REFUSED', message })
    })
  }
})
