/**
 * Packs an update out of a slot's file system, signs it, and reads it back as a box would:
 *
 *     node scripts/pack-update.ts SLOT.img --key KEY --out FILE --arch arm64|amd64 --built SECONDS [--version V]
 *
 * The same slot and key give the same octets. Keys:
 *
 *     --new-key KEY      makes a maker's key, readable by its owner only, where there is none
 *     --public FILE      writes the public half of --key, which goes into images
 *     --keys FOLDER      makes a pair for development, FOLDER/update.key and FOLDER/update.pub, where there is none
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { constants, createZstdCompress } from 'node:zlib'
import manifestOfPackage from '../package.json' with { type: 'json' }
import { budget } from '../src/base/budget.ts'
import { schema } from '../src/store/schema.ts'
import { type Manifest, pageOctets, type Schemas } from '../src/update/manifest.ts'
import { magic } from '../src/update/reader.ts'
import { inSlot } from '../src/update/slot.ts'
import { chunksOf, unpack } from '../src/update/unpack.ts'

export type Packing = {
  /** A slot's file system. */
  readonly slot: string
  readonly out: string
  /** The maker's private key. */
  readonly key: KeyObject
  readonly version: string
  readonly arch: 'arm64' | 'amd64'
  /** Seconds since the epoch. */
  readonly built: number
  readonly schema: Schemas
  /** Of the compression; higher ones take minutes for a hundredth. */
  readonly level?: number
}

/** Writes the update, by way of a file beside it. @returns its manifest */
export async function packUpdate({ slot, out, key, schema, level = 12, ...named }: Packing): Promise<Manifest> {
  const [packed, temporary] = [`${out}.packed`, `${out}.part`]
  const unpackedSum = createHash('sha256')
  let size = 0
  async function* measured() {
    for await (const chunk of createReadStream(slot, { highWaterMark: 1024 * 1024 })) {
      size += chunk.length
      unpackedSum.update(chunk)
      yield chunk
    }
  }
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    // The reader holds no more than this in memory.
    [constants.ZSTD_c_windowLog]: budget.updateWindowLog,
  }
  try {
    await pipeline(measured, createZstdCompress({ params }), createWriteStream(packed))
    if (size % pageOctets !== 0) throw new Error(`${slot} has ${size} octets, which is no multiple of ${pageOctets}.`)
    const { octets, sum } = await weigh(packed)
    const manifest: Manifest = {
      ...named,
      schema,
      parts: [
        { name: 'slot', octets, sha256: sum, encoding: 'zstd', size, unpacked_sha256: unpackedSum.digest('hex') },
      ],
    }
    await using file = await open(temporary, 'w')
    await file.writeFile(signedHead(Buffer.from(JSON.stringify(manifest)), key))
    for await (const chunk of createReadStream(packed)) await file.writeFile(chunk)
    await file.sync()
    renameSync(temporary, out)
    return manifest
  } finally {
    for (const path of [packed, temporary]) rmSync(path, { force: true })
  }
}

/** What comes before the parts: magic, length, manifest, signature. @param text of the manifest, JSON */
export function signedHead(text: Buffer, key: KeyObject): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  const signed = Buffer.concat([magic, length, text])
  return Buffer.concat([signed, sign(null, signed, key)])
}

async function weigh(path: string): Promise<{ readonly octets: number; readonly sum: string }> {
  const hash = createHash('sha256')
  let octets = 0
  for await (const chunk of createReadStream(path)) {
    octets += chunk.length
    hash.update(chunk)
  }
  return { octets, sum: hash.digest('hex') }
}

/** Makes a maker's key, unless there is one: readable by its owner only. */
export function makeKey(path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
}

/** The public half of a maker's key, PEM. */
export function publicHalf(path: string): string {
  const key = createPublicKey(createPrivateKey(readFileSync(path)))
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${path} is no Ed25519 key.`)
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

/** Reads an update as a box does, to its end. @throws Failure what a box would say */
async function readBack(path: string, key: KeyObject): Promise<void> {
  await using file = await open(path)
  const { signal } = new AbortController()
  await unpack(chunksOf(file, signal), { key: createPublicKey(key), begin: async () => {}, take: async () => {} })
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'new-key': text,
      keys: text,
      public: text,
      key: text,
      out: text,
      arch: text,
      version: { ...text, default: manifestOfPackage.version },
      built: { ...text, default: process.env.SOURCE_DATE_EPOCH ?? '' },
    },
  })
  const { keys, key, out, arch, version, built } = values
  if (values['new-key'] !== undefined) makeKey(values['new-key'])
  if (keys !== undefined) {
    makeKey(join(keys, 'update.key'))
    writeFileSync(join(keys, 'update.pub'), publicHalf(join(keys, 'update.key')))
  }
  if (values.public !== undefined && key !== undefined) writeFileSync(values.public, publicHalf(key))
  const [slot] = positionals
  if (slot === undefined) return
  if (key === undefined || out === undefined || (arch !== 'arm64' && arch !== 'amd64') || !/^\d+$/.test(built)) {
    console.error('node scripts/pack-update.ts SLOT.img --key KEY --out FILE --arch arm64|amd64 --built SECONDS')
    process.exitCode = 2
    return
  }
  // Boxes refuse such a one only when they have written it.
  const inside = await inSlot(slot)
  if (inside?.version !== version) {
    console.error(`${slot} holds ${inside ? `version ${inside.version}` : 'no system'}, and not version ${version}.`)
    process.exitCode = 1
    return
  }
  const secret = createPrivateKey(readFileSync(key))
  const { parts } = await packUpdate({ slot, out, key: secret, arch, version, built: Number(built), schema })
  await readBack(out, secret)
  const [packed, whole] = [parts[0].octets, parts[0].size].map(octets => `${(octets / 1e6).toFixed(1)} MB`)
  console.log(`${out}: ${packed}, ${whole} in the slot`)
}

if (import.meta.main) await main()
