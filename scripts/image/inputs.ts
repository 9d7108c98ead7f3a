/** What a build needs before it begins: the server's executables, the maker's key, a time, the packages. */
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Arch, executables } from './build.ts'
import { run } from './tool.ts'

/** Debian's mirror, without `/debian`: the packages of its security team lie beside. */
export function mirror(): string {
  return (process.env.PORCHLIGHT_DEBIAN_MIRROR ?? 'http://deb.debian.org').replace(/\/(debian\/?)?$/, '')
}

/** Builds the executables when one is missing, or older than what it is made of. */
export async function freshExecutables(root: string, archs: readonly Arch[]): Promise<void> {
  const sources = globSync(['src/**/*.ts', 'build.mjs', 'package-lock.json', 'package.json'], { cwd: root })
  const newest = Math.max(...sources.map(file => statSync(join(root, file)).mtimeMs))
  const changed = (arch: Arch) =>
    statSync(join(root, 'dist', executables[arch]), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (archs.every(arch => changed(arch) > newest)) return
  console.log('building the executables …')
  await run(process.execPath, ['build.mjs'], { cwd: root })
}

/** The public key with which the appliance checks updates. Without a maker's, one for development is made, once. */
export async function updateKey(root: string): Promise<void> {
  if (existsSync(join(root, 'dist/update.pub'))) return
  console.log("no maker's key: making one for development in dist/ (scripts/release.sh makes real ones) …")
  await run(process.execPath, ['scripts/pack-update.ts', '--keys', 'dist'], { cwd: root })
}

/** The time of all files, in seconds: SOURCE_DATE_EPOCH, else that of the last commit. Never the clock's. */
export async function sourceEpoch(root: string): Promise<number> {
  const told = process.env.SOURCE_DATE_EPOCH ?? (await lastCommit(root))
  const epoch = Number(told)
  if (!Number.isSafeInteger(epoch) || epoch <= 0)
    throw new Error(`SOURCE_DATE_EPOCH=${told} is not a number of seconds`)
  return epoch
}

async function lastCommit(root: string): Promise<string> {
  try {
    return (await run('git', ['log', '-1', '--format=%ct'], { cwd: root })).trim()
  } catch (cause) {
    throw new Error('This is no clone with commits. Say the time of the sources, in seconds: SOURCE_DATE_EPOCH=…', {
      cause,
    })
  }
}
