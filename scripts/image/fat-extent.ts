/** How far a FAT32 file system is in use. */

/** Its length up to the end of the last cluster that belongs to a file or folder; the boot sectors and tables come before. */
export function usedOctets(part: Buffer): number {
  const sector = part.readUInt16LE(11)
  const cluster = part.readUInt8(13) * sector
  const table = part.readUInt16LE(14) * sector
  const tableOctets = part.readUInt32LE(36) * sector
  const clusters = table + part.readUInt8(16) * tableOctets
  const entries = Math.min(tableOctets / 4, (part.length - clusters) / cluster + 2)
  let last = 1 // Clusters are counted from 2; the top folder has one at least.
  for (let i = 2; i < entries; i++) if (part.readUInt32LE(table + 4 * i) !== 0) last = i
  return clusters + (last - 1) * cluster
}
