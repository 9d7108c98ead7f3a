/** The master boot record: four entries of 16 octets at 446, a signature of the disk before and a mark after them. */

export type Partition = {
  readonly type: number
  /** In octets; both are multiples of 512. */
  readonly start: number
  readonly octets: number
  /** Marked as the one to start from. */
  readonly active?: boolean
}

const sector = 512
const entriesAt = 446
const signatureAt = 440
/** "Beyond what cylinders, heads and sectors can say: take the other numbers." */
const beyond = [0xfe, 0xff, 0xff] as const

/** The first sector of a disk with these partitions. `signature` is the disk's number of 32 bits. */
export function partitionTable(partitions: readonly Partition[], signature: number): Buffer {
  if (partitions.length > 4) throw new Error('A master boot record has room for four partitions')
  const table = Buffer.alloc(sector)
  table.writeUInt32LE(signature, signatureAt)
  for (const [i, { type, start, octets, active }] of partitions.entries()) {
    if (start % sector !== 0 || octets % sector !== 0)
      throw new Error(`Partition ${i + 1} is not made of whole sectors`)
    const entry = table.subarray(entriesAt + 16 * i)
    entry.set([active ? 0x80 : 0, ...beyond, type, ...beyond])
    entry.writeUInt32LE(start / sector, 8)
    entry.writeUInt32LE(octets / sector, 12)
  }
  table.writeUInt16BE(0x55aa, 510)
  return table
}
