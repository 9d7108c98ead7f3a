/**
 * Builds the images to flash: `npm run image [-- arm64|amd64]`, both by default. No rights, no mounts, no containers.
 *
 *   --update-lock   first takes the newest Debian packages into board/packages.lock
 *   --as-built      takes the executables in dist as they are, however old
 *   --raw           leaves out what takes longest: the compressed image, and with it Imager's entry
 *
 * The same tree, lock and key give the same octets, in whatever folder they lie.
 */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Arch, archs, type Build } from './image/build.ts'
import { dataPartition } from './image/data.ts'
import { assemble } from './image/disk.ts'
import { fetchAll } from './image/fetch.ts'
import { initramfs } from './image/initramfs.ts'
import { freshExecutables, mirror, sourceEpoch, updateKey } from './image/inputs.ts'
import { readModules } from './image/load-modules.ts'
import { formatLock, lockLine, parseLock } from './image/lock.ts'
import { kernelOf } from './image/packages.ts'
import { publish } from './image/publish.ts'
import { rootFileSystem } from './image/root.ts'
import { selectPartition } from './image/select.ts'
import { emptySlot, fullSlot } from './image/slot.ts'
import { newestPackages } from './image/update-lock.ts'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const dist = join(root, 'dist')
const cache = join(root, 'node_modules/.cache/porchlight-image')
const lockFile = join(root, 'board/packages.lock')

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'update-lock': { type: 'boolean' },
      'as-built': { type: 'boolean' },
      raw: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.find(word => !archs.some(arch => arch === word))
  if (unknown !== undefined) throw new Error(`npm run image takes ${archs.join(' or ')}, not ${unknown}`)
  const wanted = archs.filter(arch => positionals.length === 0 || positionals.includes(arch))
  mkdirSync(dist, { recursive: true })
  if (values['update-lock']) await updateLock()
  if (!values['as-built']) await freshExecutables(root, wanted)
  await updateKey(root)
  clearAbandoned()
  // One after the other would leave a core idle most of the time.
  await Promise.all(wanted.map(arch => build(arch, values.raw)))
}

async function updateLock(): Promise<void> {
  const lists = await Promise.all(archs.map(arch => newestPackages(arch, mirror(), join(cache, `apt-${arch}`))))
  writeFileSync(lockFile, formatLock(lists.flat()))
  console.log('board/packages.lock names the newest packages now')
}

async function build(arch: Arch, raw: boolean): Promise<void> {
  const work = join(cache, `work-${arch}-${process.pid}`)
  mkdirSync(work, { recursive: true })
  try {
    await buildIn(work, arch, raw)
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** A build that was killed could not clear away after itself. */
function clearAbandoned(): void {
  for (const folder of globSync('work-*', { cwd: cache })) {
    const process = folder.split('-').at(-1)
    if (!existsSync(`/proc/${process}`)) rmSync(join(cache, folder), { recursive: true })
  }
}

async function buildIn(work: string, arch: Arch, raw: boolean): Promise<void> {
  const begun = performance.now()
  const build = await prepare(work, arch)
  const unpackedModules = join(build.work, 'modules')
  const modules = await readModules(build, unpackedModules)
  const initrd = initramfs(build, modules, unpackedModules)
  const [select, slotA, slotB, data] = await Promise.all([
    selectPartition(build),
    rootFileSystem(build, modules, unpackedModules).then(file => fullSlot(build, initrd, file)),
    emptySlot(build),
    dataPartition(build),
  ])
  const files = await publish(build, assemble(arch, { select, slotA, slotB, data }), raw)
  const slot = join(dist, `slot-${arch}.img`)
  renameSync(slotA, slot)
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log([...files, slot].map(file => `${arch}  ${relative(root, file)}`).join('\n'))
  console.log(`${arch}  ${seconds} s`)
}

async function prepare(work: string, arch: Arch): Promise<Build> {
  const locked = parseLock(readFileSync(lockFile, 'utf8')).filter(row => row.arch === arch)
  const folders = await fetchAll(locked, mirror(), cache)
  const kernel = locked.flatMap(({ name }) => kernelOf(name) ?? [])[0]
  if (kernel === undefined) throw new Error(`board/packages.lock names no kernel for ${arch}`)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return {
    arch,
    version,
    epoch: await sourceEpoch(root),
    root,
    dist,
    work,
    kernel,
    lock: locked.map(lockLine).join('\n'),
    unpacked(name) {
      const folder = folders.get(name)
      if (folder === undefined)
        throw new Error(`board/packages.lock has no ${name} for ${arch}: npm run image -- --update-lock`)
      return folder
    },
  }
}
