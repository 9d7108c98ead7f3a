/** CRC-32C (Castagnoli), as LevelDB uses it. */

/** What one octet adds. */
export const crcTable = Uint32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

export function crc32c(octets: Buffer): number {
  let crc = -1
  for (const octet of octets) crc = (crcTable[(crc ^ octet) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc
}

/** As LevelDB writes a checksum. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
