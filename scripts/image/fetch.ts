/** Fetches the locked packages once, checks them each time, and unpacks them side by side. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Locked } from './lock.ts'
import { run } from './tool.ts'

/** Downloads under way at once: a mirror is somebody's kindness. */
const atOnce = 4

/** Fetches and unpacks `packages` below `cache`. Returns where each lies, by name. */
export async function fetchAll(
  packages: readonly Locked[],
  mirror: string,
  cache: string,
): Promise<ReadonlyMap<string, string>> {
  mkdirSync(cache, { recursive: true })
  const folders = new Map<string, string>()
  const rest = [...packages]
  const worker = async () => {
    for (let one = rest.shift(); one; one = rest.shift()) folders.set(one.name, await fetchOnce(one, mirror, cache))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return folders
}

/** Those under way, by their sum: both images are built at once, and some packages are in both. */
const underWay = new Map<string, Promise<string>>()

function fetchOnce(locked: Locked, mirror: string, cache: string): Promise<string> {
  const begun = underWay.get(locked.sha256) ?? fetchOne(locked, mirror, cache)
  underWay.set(locked.sha256, begun)
  return begun
}

async function fetchOne(locked: Locked, mirror: string, cache: string): Promise<string> {
  const file = join(cache, decodeURIComponent(basename(locked.path)))
  if (!existsSync(file)) await download(locked, `${mirror}/${locked.path}`, file)
  const found = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (found !== locked.sha256) {
    rmSync(file)
    throw new Error(
      `${file} is not what packages.lock pins, and was deleted.\npinned ${locked.sha256}\nfound  ${found}`,
    )
  }
  const folder = join(cache, `${locked.name}-${locked.sha256.slice(0, 16)}`)
  if (existsSync(folder)) return folder
  // Unpacked beside and then renamed, so that an interrupted build leaves nothing that looks whole.
  const beside = `${folder}.partial-${process.pid}`
  rmSync(beside, { recursive: true, force: true })
  await run('dpkg-deb', ['--extract', file, beside])
  renameSync(beside, folder)
  return folder
}

async function download({ name, version }: Locked, url: string, file: string): Promise<void> {
  const answer = await fetch(url)
  if (answer.status === 404) {
    throw new Error(
      `Debian's mirror no longer has ${name} ${version}: a newer one has taken its place.\n` +
        'Take the newest of everything with: npm run image -- --update-lock\n' +
        'or name a mirror that still has it: PORCHLIGHT_DEBIAN_MIRROR=http://… npm run image',
    )
  }
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`)
  const beside = `${file}.partial-${process.pid}`
  writeFileSync(beside, Buffer.from(await answer.arrayBuffer()))
  renameSync(beside, file)
}
