/** Updates on USB storage that was put in: those for this kind of board, the newest first. */
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import { compareVersions } from '../update/version.ts'
import { mountsBelow } from './storage.ts'

export type FoundUpdate = { readonly path: string; readonly name: string; readonly version: string }

/**
 * @param directory where storage is mounted, or below it
 * @param mounts as in /proc/mounts
 */
export async function foundUpdates(
  directory: string,
  arch: string,
  mounts?: Promise<string>,
): Promise<readonly FoundUpdate[]> {
  const places = [...(await mountsBelow(directory, mounts)).map(({ path }) => path), directory]
  const found = await Promise.all([...new Set(places)].map(place => inFolder(place, arch)))
  return found.flat().sort((a, b) => compareVersions(b.version, a.version))
}

async function inFolder(place: string, arch: string): Promise<readonly FoundUpdate[]> {
  const found: FoundUpdate[] = []
  try {
    let seen = 0
    for await (const { name } of await opendir(place)) {
      seen += 1
      if (seen > budget.updateEntries) break
      const [, version, kind] = updateName.exec(name) ?? []
      if (version !== undefined && kind === arch) found.push({ path: join(place, name), name, version })
    }
  } catch {
    // Taken out meanwhile, or not for us to read.
  }
  return found
}

const updateName = /^porchlight-(\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9a-z.]{1,20})?)-(arm64|amd64)\.update$/
