/** The first system: busybox, the scripts that find the slot, and the modules that it takes to read one. */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import type { Build } from './build.ts'
import { cpio } from './cpio.ts'
import { layModules, type Modules, startModules } from './load-modules.ts'
import { copy, write } from './tree.ts'

/** Lays the folder `initramfs` below the build's and returns it packed as the kernel takes it. */
export function initramfs(build: Build, modules: Modules, unpackedModules: string): Buffer {
  const folder = join(build.work, 'initramfs')
  write(join(folder, 'usr/bin/.keep'), '')
  for (const name of ['bin', 'sbin', 'lib']) symlinkSync(name === 'lib' ? 'usr/lib' : 'usr/bin', join(folder, name))
  copy(join(build.unpacked('busybox-static'), 'usr/bin/busybox'), join(folder, 'usr/bin/busybox'))
  layModules(build, startModules(build, modules), unpackedModules, folder)
  copy(join(build.root, 'board/initramfs'), folder)
  // The scripts of the board are written for both systems.
  const shared = join(build.root, 'board/root/usr/lib/porchlight')
  if (existsSync(shared)) copy(shared, join(folder, 'usr/lib/porchlight'))
  const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 }
  return zstdCompressSync(cpio(folder, build.epoch), { params })
}
