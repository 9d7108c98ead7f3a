/** Reads one small file out of a FAT16 or FAT32 file system that is not mounted: from the top folder, by its long name. */
import { type FileHandle, open } from 'node:fs/promises'
import { budget } from '../base/budget.ts'

const sectorOctets = 512
const entryOctets = 32
/** What the first octet, and the attributes, of an entry say: Microsoft's FAT specification §6. */
const entryEnd = 0x00
const entryFree = 0xe5
const longName = 0x0f
const notFiles = 0x18 // a label, or a folder

type Shape = {
  readonly kind: 16 | 32
  readonly clusterOctets: number
  /** Where the first table, the top folder of FAT16 and the first cluster are, octets. */
  readonly table: number
  readonly top: number
  readonly topOctets: number
  readonly topCluster: number
  readonly data: number
}

/**
 * @param path a device or a file
 * @param most octets; a longer file is cut
 * @returns undefined when there is no such file, or no file system
 */
export async function readFatFile(path: string, name: string, most: number): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, 'r')
    const shape = shapeOf(await read(file, 0, sectorOctets))
    if (!shape) return undefined
    const folder = shape.kind === 16 ? await read(file, shape.top, shape.topOctets) : await topFolder(file, shape)
    const entry = findEntry(folder, name)
    if (!entry) return undefined
    return await chain(file, shape, entry.cluster, Math.min(entry.octets, most))
  } catch (error) {
    // A slot that was never written, or half of it: whatever its octets say, there is no file.
    if (error instanceof Error) return undefined
    throw error
  }
}

function shapeOf(sector: Buffer): Shape | undefined {
  const octets = sector.readUInt16LE(11)
  const clusterOctets = octets * sector.readUInt8(13)
  if (sector.readUInt16BE(510) !== 0x55aa || octets !== sectorOctets || clusterOctets === 0) return undefined
  const table = sector.readUInt16LE(14) * octets
  const tableSectors = sector.readUInt16LE(22) || sector.readUInt32LE(36)
  const top = table + sector.readUInt8(16) * tableSectors * octets
  const topOctets = sector.readUInt16LE(17) * entryOctets
  const data = top + topOctets
  const clusters = ((sector.readUInt16LE(19) || sector.readUInt32LE(32)) * octets - data) / clusterOctets
  // The number of clusters alone says which kind it is (§3.5); there is no reason to make a slot of FAT12.
  const kind = clusters < 65_525 ? 16 : 32
  if (clusters < 4085) return undefined
  return { kind, clusterOctets, table, top, topOctets, topCluster: sector.readUInt32LE(44), data }
}

function topFolder(file: FileHandle, shape: Shape): Promise<Buffer> {
  return chain(file, shape, shape.topCluster, budget.updateEntries * entryOctets)
}

/** Follows a file's clusters until it ends, or so many octets have come. */
async function chain(file: FileHandle, shape: Shape, first: number, most: number): Promise<Buffer> {
  const { kind, clusterOctets, table, data } = shape
  const last = kind === 16 ? 0xfff7 : 0x0fff_fff7
  const clusters: Buffer[] = []
  for (let cluster = first, octets = 0; cluster >= 2 && cluster < last && octets < most; octets += clusterOctets) {
    clusters.push(await read(file, data + (cluster - 2) * clusterOctets, Math.min(clusterOctets, most - octets)))
    const width = kind / 8
    const next = await read(file, table + cluster * width, width)
    cluster = kind === 16 ? next.readUInt16LE() : next.readUInt32LE() & 0x0fff_ffff
  }
  return Buffer.concat(clusters)
}

function findEntry(folder: Buffer, name: string): { readonly cluster: number; readonly octets: number } | undefined {
  let long = ''
  const most = Math.min(folder.length, budget.updateEntries * entryOctets)
  for (let at = 0; at + entryOctets <= most; at += entryOctets) {
    const entry = folder.subarray(at, at + entryOctets)
    const first = entry.readUInt8(0)
    const attributes = entry.readUInt8(11)
    if (first === entryEnd) return undefined
    if (first !== entryFree && attributes === longName) {
      // The pieces come last first; the one that says so (0x40) begins the name.
      long = `${namePiece(entry)}${first & 0x40 ? '' : long}`.slice(0, 255)
      continue
    }
    if (first !== entryFree && (attributes & notFiles) === 0 && long.toLowerCase() === name) {
      return { cluster: entry.readUInt16LE(20) * 65_536 + entry.readUInt16LE(26), octets: entry.readUInt32LE(28) }
    }
    long = ''
  }
  return undefined
}

/** Thirteen characters of a long name, in three places of its entry; a zero ends it. */
function namePiece(entry: Buffer): string {
  const text = [entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)]
  const [piece = ''] = Buffer.concat(text).toString('utf16le').split('\0')
  return piece
}

/** @throws RangeError when there is less */
async function read(file: FileHandle, position: number, octets: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(octets), 0, octets, position)
  if (bytesRead < octets) throw new RangeError('the file system ends before that')
  return buffer
}
