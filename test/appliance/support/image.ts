/** Which image is tried: what `npm run image` has made, or what lies in the folder that PORCHLIGHT_IMAGE_DIR names. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../../src/base/version.ts'

export type Arch = 'arm64' | 'amd64'

/** Where it lies, and what belongs to it. */
export function imageFolder(): string {
  return process.env.PORCHLIGHT_IMAGE_DIR ?? join(import.meta.dirname, '../../../dist')
}

/** @throws in words when there is none */
export function imagePath(arch: Arch): string {
  const path = join(imageFolder(), `porchlight-${version}-${arch}.img`)
  if (!existsSync(path)) throw new Error(`There is no ${path}; npm run image makes it.`)
  return path
}
