/** The block map: which blocks, and that its checksums hold. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { block, blockRanges, bmap } from '../../scripts/image/bmap.ts'
import { fat } from '../../scripts/image/fat.ts'
import { usedOctets } from '../../scripts/image/fat-extent.ts'

const cases = [
  { name: 'one octet is a block', extents: [[5, 1]], ranges: [[0, 0]] },
  { name: 'an octet beyond a block is another', extents: [[0, block + 1]], ranges: [[0, 1]] },
  {
    name: 'neighbours become one',
    extents: [
      [0, block],
      [block, block],
    ],
    ranges: [[0, 1]],
  },
  {
    name: 'so do those in one block',
    extents: [
      [0, 10],
      [20, 10],
    ],
    ranges: [[0, 0]],
  },
  {
    name: 'a gap stays',
    extents: [
      [0, block],
      [2 * block, block],
    ],
    ranges: [
      [0, 0],
      [2, 2],
    ],
  },
  {
    name: 'the order does not matter',
    extents: [
      [4 * block, 1],
      [0, 1],
    ],
    ranges: [
      [0, 0],
      [4, 4],
    ],
  },
  {
    name: 'one inside of another adds nothing',
    extents: [
      [0, 9 * block],
      [block, 1],
    ],
    ranges: [[0, 8]],
  },
]

const sha256 = (octets: Buffer | string) => createHash('sha256').update(octets).digest('hex')

describe('The block map', () => {
  for (const { name, extents, ranges } of cases) {
    test(name, () => {
      const found = blockRanges(extents.map(([start = 0, octets = 0]) => ({ start, octets })))
      assert.deepEqual(
        found.map(({ first, last }) => [first, last]),
        ranges,
      )
    })
  }

  test('its sums are those of the octets, its own that of the map without it', () => {
    const image = Buffer.alloc(4 * block)
    image.fill(7, 2 * block, 2 * block + 1)
    const text = bmap(image, [
      { first: 0, last: 0 },
      { first: 2, last: 3 },
    ])
    assert.match(text, /<MappedBlocksCount> 3 </)
    assert.ok(text.includes(`<Range chksum="${sha256(image.subarray(0, block))}"> 0 </Range>`))
    assert.ok(text.includes(`<Range chksum="${sha256(image.subarray(2 * block))}"> 2-3 </Range>`))
    const own = /<BmapFileChecksum> (\w+) </.exec(text)?.[1] ?? ''
    assert.equal(sha256(text.replace(own, '0'.repeat(64))), own)
  })

  test('a FAT file system is in use to the end of its last file, zeros in it or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-fat-'))
    try {
      const files = join(folder, 'files')
      const image = join(folder, 'fat.img')
      const shape = { octets: 40 << 20, label: 'TEST', id: '00000001', cluster: 1, epoch: 1_700_000_000 }
      await fat(shape, image)
      const empty = usedOctets(readFileSync(image))
      assert.ok(empty < 1 << 20, `${empty}`)

      const last = Buffer.from('the last octets of all')
      mkdirSync(files)
      writeFileSync(join(files, 'a'), Buffer.alloc(3 << 20))
      writeFileSync(join(files, 'b'), last)
      await fat(shape, image, files)
      const octets = readFileSync(image)
      const used = usedOctets(octets)
      assert.equal(used, octets.indexOf(last) + 512)
      assert.ok(octets.subarray(used).equals(Buffer.alloc(octets.length - used)))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
