/** Puts the partitions together to the image of a disk. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { block, type Range } from './bmap.ts'
import type { Arch } from './build.ts'
import { usedOctets } from './fat-extent.ts'
import { fatType, imageOctets, layout, linuxType, selectType } from './layout.ts'
import { partitionTable } from './partition-table.ts'

/** Images of the partitions, by path. */
export type Parts = Readonly<Record<keyof typeof layout, string>>

/** "PORC", as a number. */
const signature = 0x504f5243

/** The whole disk in memory. */
export function assemble(arch: Arch, parts: Parts): Buffer {
  const disk = Buffer.alloc(imageOctets)
  const types = { select: selectType[arch], slotA: fatType, slotB: fatType, data: linuxType } as const
  const keys = ['select', 'slotA', 'slotB', 'data'] as const
  const table = keys.map(key => ({ ...layout[key], type: types[key], active: key === 'select' }))
  disk.set(partitionTable(table, signature))
  for (const key of keys) {
    const { start, octets } = layout[key]
    const part = readFileSync(parts[key])
    if (part.length > octets) throw new Error(`${parts[key]} does not fit into its partition`)
    disk.set(part, start)
  }
  return disk
}

/** What of the disk means something: the table, FAT file systems to their last file, and all of ext4's small one. */
export function usedExtents(disk: Buffer): readonly { readonly start: number; readonly octets: number }[] {
  const { select, slotA, slotB, data } = layout
  const fats = [select, slotA, slotB].map(({ start, octets }) => ({
    start,
    octets: usedOctets(disk.subarray(start, start + octets)),
  }))
  return [{ start: 0, octets: block }, ...fats, data]
}

/** Writes the image with holes where nothing need be written. */
export function writeSparse(file: string, disk: Buffer, ranges: readonly Range[]): void {
  const handle = openSync(file, 'w')
  try {
    ftruncateSync(handle, disk.length)
    for (const { first, last } of ranges) {
      const end = (last + 1) * block
      for (let at = first * block; at < end; ) at += writeSync(handle, disk, at, end - at, at)
    }
  } finally {
    closeSync(handle)
  }
}
