/**
 * A block map (version 2.0) for bmaptool: which blocks of the image must be written, with checksums, so that flashing need
 * not write the empty part. Our own: bmaptool asks the disk where the holes are, and disks differ. Whether a block is zeros
 * says nothing: a file may have them, and a card that was used before does not.
 */
import { createHash } from 'node:crypto'

export const block = 4096

/** From `first` to `last`, both included, in blocks. */
export type Range = { readonly first: number; readonly last: number }

/** The blocks of these extents (octets), in order, those that touch each other as one. */
export function blockRanges(extents: readonly { readonly start: number; readonly octets: number }[]): readonly Range[] {
  const ranges: { first: number; last: number }[] = []
  for (const { start, octets } of extents.toSorted((a, b) => a.start - b.start)) {
    const first = Math.floor(start / block)
    const last = Math.ceil((start + octets) / block) - 1
    const before = ranges.at(-1)
    if (before && first <= before.last + 1) before.last = Math.max(before.last, last)
    else ranges.push({ first, last })
  }
  return ranges
}

/** The text of the map. Its own checksum is that of the text with zeros in its place. */
export function bmap(image: Buffer, ranges: readonly Range[]): string {
  const count = image.length / block
  if (!Number.isInteger(count)) throw new Error('The image is not made of whole blocks')
  const rows = ranges.map(({ first, last }) => {
    const sum = sha256(image.subarray(first * block, (last + 1) * block))
    return `        <Range chksum="${sum}"> ${first === last ? first : `${first}-${last}`} </Range>\n`
  })
  const mapped = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const unsigned = `<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> ${image.length} </ImageSize>
    <BlockSize> ${block} </BlockSize>
    <BlocksCount> ${count} </BlocksCount>
    <MappedBlocksCount> ${mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${'0'.repeat(64)} </BmapFileChecksum>
    <BlockMap>
${rows.join('')}    </BlockMap>
</bmap>
`
  return unsigned.replace('0'.repeat(64), sha256(unsigned))
}

function sha256(octets: Buffer | string): string {
  return createHash('sha256').update(octets).digest('hex')
}
