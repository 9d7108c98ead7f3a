/** From a disk in memory to the files that a person downloads. */
import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { blockRanges, bmap } from './bmap.ts'
import type { Build } from './build.ts'
import { sha256Of } from './digest.ts'
import { usedExtents, writeSparse } from './disk.ts'
import { osList } from './os-list.ts'
import { run } from './tool.ts'

/** Writes image, map and sums; unless `raw`, the compressed image too, and Imager's entry for a Raspberry Pi. Returns the files. */
export async function publish(build: Build, disk: Buffer, raw: boolean): Promise<readonly string[]> {
  const image = join(build.dist, `porchlight-${build.version}-${build.arch}.img`)
  const map = `${image}.bmap`
  const packed = `${image}.xz`
  const list = join(build.dist, 'os_list.json')
  const ranges = blockRanges(usedExtents(disk))
  // One from an earlier build must not lie beside an image that it is not made of.
  for (const old of build.arch === 'arm64' ? [packed, list] : [packed]) rmSync(old, { force: true })
  writeSparse(image, disk, ranges)
  writeFileSync(map, bmap(disk, ranges))
  if (!raw) await compress(image, packed)
  if (!raw && build.arch === 'arm64') writeFileSync(list, await entry(build, image, packed))
  const sums = await Promise.all([image, packed].filter(existsSync).map(sumLine))
  writeFileSync(`${image}.sha256`, sums.join(''))
  return [image, map, packed, `${image}.sha256`].filter(existsSync)
}

async function compress(image: string, packed: string): Promise<void> {
  // Two threads always: one would write other octets.
  await run('xz', ['--keep', '--threads=2', '-3', image])
  chmodSync(packed, 0o644)
}

async function sumLine(file: string): Promise<string> {
  return `${await sha256Of(file)}  ${basename(file)}\n`
}

async function entry({ version, epoch }: Build, image: string, packed: string): Promise<string> {
  const base = process.env.PORCHLIGHT_DOWNLOADS
  return osList({
    version,
    epoch,
    url: base ? `${base.replace(/\/$/, '')}/${basename(packed)}` : basename(packed),
    extractOctets: statSync(image).size,
    extractSha256: await sha256Of(image),
    downloadOctets: statSync(packed).size,
    downloadSha256: await sha256Of(packed),
  })
}
