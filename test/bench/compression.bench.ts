/**
 * What compressing the log would give and cost, on three kinds of mail: LevelDB's own snappy on tables, zstd level 1 on
 * blocks (only where it saves a tenth), or neither.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { ClassicLevel } from 'classic-level'
import { encodeLogKey } from '../../src/store/keys.ts'
import { bench, scale } from './harness.ts'

const blockOctets = 65_530
const blocks = Math.ceil(500 * scale)
const level1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** A language of 2,000 words, of which some are frequent and most are rare, as in any. */
const words = Array.from({ length: 2000 }, (_, i) => {
  const syllables = ['ka', 'to', 'mi', 'res', 'ul', 'an', 'del', 'io', 'per', 'sha']
  return [...String(i * 37)].map(digit => syllables[Number(digit)]).join('')
})

function prose(seed: number): string {
  let state = seed + 1
  const said: (string | undefined)[] = []
  for (let octets = 0; octets < blockOctets; octets += 8) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    said.push(words[Math.floor(words.length ** (state / 2 ** 32)) - 1], state % 12 === 0 ? '.\r\n' : ' ')
  }
  return said.join('')
}

/** One block of each kind; other ones for each number. */
const kinds: Readonly<Record<string, (i: number) => string>> = {
  text: prose,
  HTML: i =>
    Array.from(
      { length: 900 },
      (_, row) => `<tr class="r${row % 2}"><td>Item ${(row * 7919 + i) % 1000}</td><td>${row * i} EUR</td></tr>`,
    ).join('\r\n'),
  base64: () => randomBytes(50_000).toString('base64').replace(/.{76}/g, '$&\r\n'),
}

type Way = { readonly compression: boolean; write(block: Buffer): Buffer; read(value: Buffer): Buffer }

const plain = (octets: Buffer): Buffer => octets
const ways: Readonly<Record<string, Way>> = {
  neither: { compression: false, write: plain, read: plain },
  snappy: { compression: true, write: plain, read: plain },
  zstd: {
    compression: false,
    write: block => {
      const packed = zstdCompressSync(block, level1)
      return packed.length <= block.length * 0.9 ? packed : block
    },
    // The first octets of a zstd frame: RFC 8878 §3.1.1.
    read: value => (value.readUInt32LE(0) === 0xfd2fb528 ? zstdDecompressSync(value) : value),
  },
}

function diskOctets(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

await bench('compression', 'blocks of 64 KiB written to a database, flushed to tables, and read back', async bench => {
  let databases = 0
  for (const [kind, make] of Object.entries(kinds)) {
    const bodies = Array.from({ length: blocks }, (_, i) => Buffer.from(make(i)).subarray(0, blockOctets))
    const octets = bodies.reduce((sum, body) => sum + body.length, 0)
    for (const [name, { compression, write, read }] of Object.entries(ways)) {
      await bench.measure(`${kind}, ${name}`, async () => {
        databases += 1
        const folder = join(bench.directory, String(databases))
        await using db = new ClassicLevel<Buffer, Buffer>(folder, {
          keyEncoding: 'buffer',
          valueEncoding: 'buffer',
          compression,
        })
        await db.open()
        const before = cpuSeconds()
        for (const [i, body] of bodies.entries()) await db.put(encodeLogKey(i), write(body))
        await db.compactRange(encodeLogKey(0), encodeLogKey(blocks))
        const writing = cpuSeconds() - before
        const disk = diskOctets(folder)
        const begun = performance.now()
        for (const i of bodies.keys()) read((await db.get(encodeLogKey(i))) ?? Buffer.alloc(4))
        const seconds = (performance.now() - begun) / 1000
        return {
          'disk octets an octet': disk / octets,
          'CPU ms a MB written': (writing * 1e9) / octets,
          'MB/s read': octets / 1e6 / seconds,
        }
      })
    }
  }
})
