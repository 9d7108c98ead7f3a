/**
 * LevelDB's table files, read by ourselves: to check them, and to get out of a damaged one what it still holds.
 *
 * LevelDB does not check the checksums in them when it reads, and a key that makes no sense ends the process. So a table
 * that is not as it was written is kept from it. Format: doc/table_format.md of LevelDB, doc/impl.md for the keys.
 */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { OctetReader } from '../wire/octets.ts'
import { crcTable, masked } from './crc32c.ts'
import { readSectors } from './sectors.ts'

const trailerOctets = 5 // type:u8 checksum:u32
const footerOctets = 48
const magic = Buffer.from('57fb808b247547db', 'hex')
/** Sequence number and type behind each key; the type comes first. */
const markOctets = 8
const types = { plain: 0, snappy: 1 } as const
/** Octets of a block unpacked; the largest holds one value. */
const most = 16 * 1024 * 1024

/** Where a block lies: `end` is before its trailer. */
type Block = { readonly start: number; readonly end: number }

/**
 * @param progress is told of each table that is checked
 * @returns the tables of a database that LevelDB would take for whole and that are not as they were written
 */
export async function damagedTables(directory: string, progress?: () => void): Promise<string[]> {
  const damaged = []
  for (const path of await tablesIn(directory)) {
    const { octets, whole } = await readSectors(path)
    if (!whole || isDamaged(octets)) damaged.push(path)
    progress?.()
  }
  return damaged
}

/** Blocks looked at in one go: a slice that leaves the event loop alone. */
const slice = 16

/**
 * Looks for a table that would end the process.
 * @param between is waited for before each table
 * @returns its name
 */
export async function misleadingTable(directory: string, between: () => Promise<void>): Promise<string | undefined> {
  for (const path of await tablesIn(directory)) {
    await between()
    if (await misleads(path)) return basename(path)
  }
  return undefined
}

/**
 * Whether LevelDB would lose its way in a table and end the process: it takes for granted that a key has a mark, that keys
 * ascend, and that an entry is where one is said to be. Octets of values may have changed; whoever wrote them has to check
 * them. And it maps tables into memory: where the disk cannot read one, the process gets SIGBUS.
 */
export async function misleads(path: string): Promise<boolean> {
  const { octets: table, whole } = await readSectors(path).catch(() => gone)
  if (!whole) return true
  const index = footer(table)?.index
  if (!index) return false
  if (lastKey(unpack(table, index), nothing) === undefined) return true
  let last: Buffer | undefined = nothing
  for (const [i, block] of listedBlocks(table).entries()) {
    last = lastKey(unpack(table, block), last)
    if (last === undefined) return true
    if (i % slice === 0) await setImmediate()
  }
  return false
}

/**
 * Walks a block as LevelDB may.
 * @param before the key before it
 * @returns its last key, or undefined when LevelDB would lose its way in it
 */
function lastKey(block: Buffer, before: Buffer): Buffer | undefined {
  let last = before
  const places = new Set<number>()
  for (const { at, marked } of entries(block)) {
    if (marked.length < markOctets || (last.length > 0 && !ascend(last, marked))) return undefined
    places.add(at)
    last = marked
  }
  return restarts(block).every(place => places.has(place)) ? last : undefined
}

/** Of one key the later mark comes first. */
function ascend(a: Buffer, b: Buffer): boolean {
  const order = keyOf(a).compare(keyOf(b))
  return (
    order < 0 || (order === 0 && a.readBigUInt64LE(a.length - markOctets) > b.readBigUInt64LE(b.length - markOctets))
  )
}

function keyOf(marked: Buffer): Buffer {
  return marked.subarray(0, -markOctets)
}

/** The tables that lie in a folder; none when there is no such folder. */
export async function tablesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  return names.filter(name => /\.(?:ldb|sst)$/.test(name)).map(name => join(directory, name))
}

/** One without its end LevelDB sees through by itself. When it is closed or killed while it writes one, that is no damage. */
function isDamaged(table: Buffer): boolean {
  const found = footer(table)
  if (!found) return false
  const [meta, index] = blocksInOrder(table).slice(-2)
  return !same(found.meta, meta) || !same(found.index, index)
}

function same(a: Block, b: Block | undefined): boolean {
  return a.start === b?.start && a.end === b.end
}

/** Reads off the blocks from the front, up to the first that is damaged: a block ends where the checksum fits. */
function blocksInOrder(table: Buffer): Block[] {
  const blocks: Block[] = []
  let start = 0
  let crc = -1
  for (let at = 0; at + trailerOctets <= table.length - footerOctets; at++) {
    const octet = table[at] ?? 0
    crc = (crcTable[(crc ^ octet) & 0xff] ?? 0) ^ (crc >>> 8)
    if (octet > types.snappy || masked(~crc) !== table.readUInt32LE(at + 1)) continue
    blocks.push({ start, end: at })
    start = at + trailerOctets
    at = start - 1
    crc = -1
  }
  return blocks
}

function footer(table: Buffer): { meta: Block; index: Block } | undefined {
  const octets = table.subarray(-footerOctets)
  if (octets.length < footerOctets || !octets.subarray(-magic.length).equals(magic)) return undefined
  return attempt(() => {
    const from = new OctetReader(octets)
    return { meta: handle(from), index: handle(from) }
  })
}

function handle(from: OctetReader): Block {
  const start = from.varint()
  return { start, end: start + from.varint() }
}

/** Walks what can be read in a table that may be damaged. A value is not vouched for: whoever wrote it has to check it. */
export function* salvage(table: Buffer): Generator<{ readonly key: Buffer; readonly value: Buffer }> {
  // Before the damage the blocks are found without the index, behind it only with it.
  const blocks = [...blocksInOrder(table), ...listedBlocks(table)]
  for (const block of new Map(blocks.map(block => [block.start, block])).values()) {
    for (const { marked, value } of entries(unpack(table, block))) yield { key: keyOf(marked), value }
  }
}

/** The blocks of which the table's index tells, as far as it can be read. */
function listedBlocks(table: Buffer): Block[] {
  const index = footer(table)?.index
  if (!index) return []
  return [...entries(unpack(table, index))].flatMap(({ value }) => attempt(() => handle(new OctetReader(value))) ?? [])
}

const nothing = Buffer.alloc(0)
/** A compaction has done away with it. */
const gone = { octets: nothing, whole: true }

function unpack(table: Buffer, { start, end }: Block): Buffer {
  const block = table.subarray(start, end)
  return table[end] === types.snappy ? (attempt(() => unsnap(block)) ?? nothing) : block
}

/**
 * Reads the entries of a block up to the first that makes no sense. Each key leaves out what it shares with the last; at the
 * end are the places of those that leave out nothing, and their number.
 */
function* entries(block: Buffer): Generator<{ at: number; marked: Buffer; value: Buffer }> {
  const end = block.length - 4 * (restartCount(block) + 1)
  const from = new OctetReader(end > 0 ? block.subarray(0, end) : block)
  let key: Buffer = nothing
  for (;;) {
    const at = from.offset
    const entry = attempt(() => {
      const [shared, rest, octets] = [from.varint(key.length), from.varint(), from.varint()]
      return { at, marked: Buffer.concat([key.subarray(0, shared), from.raw(rest)]), value: from.raw(octets) }
    })
    if (!entry) return
    key = entry.marked
    yield entry
  }
}

function restartCount(block: Buffer): number {
  return block.length < 4 ? 0 : block.readUInt32LE(block.length - 4)
}

/** @returns the places of the entries that leave out nothing; none when their number makes no sense, which LevelDB sees */
function restarts(block: Buffer): number[] {
  const count = restartCount(block)
  const start = block.length - 4 * (count + 1)
  return start < 0 ? [] : Array.from({ length: count }, (_, i) => block.readUInt32LE(start + 4 * i))
}

/** Undoes Snappy: format_description.txt of Snappy. @throws RangeError when the octets make no sense */
function unsnap(octets: Buffer): Buffer {
  const from = new OctetReader(octets)
  const out = Buffer.alloc(from.varint(most))
  let used = 0
  const little = (count: number) => from.raw(count).readUIntLE(0, count)
  while (used < out.length) {
    const tag = from.u8()
    const [kind, high] = [tag & 3, tag >> 2]
    if (kind === 0) {
      const literal = from.raw((high < 60 ? high : little(high - 59)) + 1)
      if (used + literal.length > out.length) throw new RangeError('more than was said')
      used += literal.copy(out, used)
      continue
    }
    const length = kind === 1 ? (high & 7) + 4 : high + 1
    const back = kind === 1 ? ((tag >> 5) << 8) | from.u8() : little(kind === 2 ? 2 : 4)
    if (back === 0 || back > used || used + length > out.length) throw new RangeError('a copy of nothing')
    for (let i = 0; i < length; i++, used++) out[used] = out[used - back] ?? 0
  }
  return out
}

/** @returns undefined when the octets make no sense */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
