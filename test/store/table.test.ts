/** LevelDB's tables, read by ourselves: what LevelDB wrote is found whole, a changed octet is found out, the rest is got out. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ClassicLevel } from 'classic-level'
import fc from 'fast-check'
import { damagedTables, misleads, salvage } from '../../src/store/table.ts'
import { letter } from './letters.ts'

/** Values of all sorts: small and large, and such as Snappy packs in each of its ways. */
const values: readonly Buffer[] = [
  ...Array.from({ length: 60 }, (_, i) => letter(i * 20, i)),
  ...Array.from({ length: 60 }, (_, i) => Buffer.from(`Subject: number ${i}\r\n`.repeat(i + 1))),
  letter(65_000, 5),
  Buffer.alloc(65_000, 'a'),
  Buffer.concat([letter(40_000, 7), letter(40_000, 7)]),
  Buffer.concat([letter(3000, 8), letter(100, 9), letter(3000, 8), Buffer.from('end')]),
]

const expected = new Map(values.map((value, i) => [String(i).padStart(6, '0'), value]))
let directory = ''
let path = ''
let whole = Buffer.alloc(0)

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'porchlight-table-'))
  const db = new ClassicLevel<string, Buffer>(directory, { valueEncoding: 'buffer' })
  await db.batch([...expected].map(([key, value]) => ({ type: 'put', key, value })))
  await db.compactRange('0', '9')
  await db.close()
  const tables = (await readdir(directory)).filter(name => name.endsWith('.ldb'))
  assert.equal(tables.length, 1)
  path = join(directory, tables[0] ?? '')
  whole = await readFile(path)
})
after(() => rm(directory, { recursive: true }))

/** @returns the keys of those values that are found as they were; beside them may be anything else */
function read(table: Buffer): Set<string> {
  const found = Array.from(salvage(table), ({ key, value }) => ({ key: key.toString(), value }))
  return new Set(found.filter(({ key, value }) => expected.get(key)?.equals(value)).map(({ key }) => key))
}

test('a whole table is whole, and all of it is read', async () => {
  assert.deepEqual(await damagedTables(directory), [])
  assert.equal(read(whole).size, expected.size)
})

test('a changed octet is found out wherever it is, and costs its own block at most', async () => {
  const place = fc.nat(whole.length - 49) // Before the footer.
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const hurt = Buffer.from(whole)
      hurt[at] = (hurt[at] ?? 0) ^ change
      await writeFile(path, hurt)
      assert.deepEqual(await damagedTables(directory), [path])
      const lost = expected.size - read(hurt).size
      assert.ok(lost <= 25, `${lost} entries are lost`)
    }),
    { numRuns: 60 },
  )
})

test('a whole table does not mislead LevelDB, nor does one in which only a value has changed', async () => {
  await writeFile(path, whole)
  assert.equal(await misleads(path), false)
  await writeFile(path, spoilt(whole.indexOf(letter(65_000, 5)) + 30_000))
  assert.equal(await misleads(path), false)
  assert.equal(await misleads(join(directory, 'compacted away')), false)
})

for (const [name, away] of [
  ['a key', 3],
  ['the length of a key', -4],
  ['the length of a value', -1],
] as const) {
  test(`a table in which ${name} has changed misleads it`, async () => {
    // The value of 65,000 octets has a block of its own, with its key in full before it: shared, rest, octets (3), key, mark.
    const value = whole.indexOf(letter(65_000, 5))
    await writeFile(path, spoilt(value - '000120'.length - 8 + away))
    assert.equal(await misleads(path), true)
  })
}

test('a table whose index has changed misleads it', async () => {
  const index = whole.lastIndexOf('0001')
  assert.ok(index > whole.length - 2000)
  await writeFile(path, spoilt(index))
  assert.equal(await misleads(path), true)
})

test('a table in which an entry is not where it is said to be misleads it', async () => {
  // The number of restarts and the only one of them are the last octets of the block.
  const end = whole.indexOf(letter(65_000, 5)) + 65_000
  assert.deepEqual(whole.subarray(end, end + 8), Buffer.of(0, 0, 0, 0, 1, 0, 0, 0))
  await writeFile(path, spoilt(end))
  assert.equal(await misleads(path), true)
})

/** The table with one octet changed. */
function spoilt(at: number): Buffer {
  const hurt = Buffer.from(whole)
  hurt[at] = (hurt[at] ?? 0) ^ 0x7f
  return hurt
}

test('a table that was not written to its end is none of ours', async () => {
  for (const length of [0, 47, 48, whole.length >> 1, whole.length - 1]) {
    await writeFile(path, whole.subarray(0, length))
    assert.deepEqual(await damagedTables(directory), [])
  }
})

test('a table cut short gives what lies before the cut', () => {
  const sizes = [0, 1, 47, 48, 1000, whole.length >> 1, whole.length - 1].map(
    length => read(whole.subarray(0, length)).size,
  )
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => a - b),
  )
  assert.deepEqual([sizes.at(0), sizes.at(-1)], [0, expected.size])
  assert.ok((sizes.at(-2) ?? 0) > 60)
})

test('any octets are read without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), octets => {
      const table = Buffer.concat([octets, whole.subarray(-48)])
      for (const { key, value } of salvage(table)) assert.ok(key.length + value.length < 20_000_000)
    }),
  )
})
