/** Where everything lies on the disk: a master boot record and four partitions, all on multiples of 4 MiB (a card's erase block). */
import type { Arch } from './build.ts'

const MiB = 1 << 20

/** What the household sees of the card on its own computer. */
export const selectLabel = 'PORCHLIGHT'

export const layout = {
  /** Chooses the slot. The smallest FAT32 with a number of clusters that makes it one. */
  select: { start: 4 * MiB, octets: 40 * MiB },
  slotA: { start: 44 * MiB, octets: 152 * MiB },
  slotB: { start: 196 * MiB, octets: 152 * MiB },
  /** Grown to the end of the card by the first start. */
  data: { start: 348 * MiB, octets: 64 * MiB },
} as const

export const imageOctets = layout.data.start + layout.data.octets

/** Partition types: FAT32 for a Raspberry Pi's firmware, the EFI system partition for a PC's. */
export const selectType = { arm64: 0x0c, amd64: 0xef } as const satisfies Record<Arch, number>
export const fatType = 0x0c
export const linuxType = 0x83
