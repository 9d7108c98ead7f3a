/** A slot: kernel, initramfs and root of one version, in a FAT file system that fits either of the two partitions. */
import { globSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { schema } from '../../src/store/schema.ts'
import type { Arch, Build } from './build.ts'
import { sha256Of } from './digest.ts'
import { type Fat, fat } from './fat.ts'
import { firmware } from './firmware.ts'
import { layout } from './layout.ts'
import { copy, write } from './tree.ts'

/** What the file system of a slot is, full or empty. Clusters of 2 KiB: the kernel finds its way in a large file sooner. */
function slotFat({ epoch }: Build): Fat {
  return { octets: layout.slotA.octets, label: 'SLOT', id: '504f5202', cluster: 4, epoch }
}

/** Makes the slot's image and returns its path. `root` is moved into it. */
export async function fullSlot(build: Build, initrd: Buffer, root: string): Promise<string> {
  const folder = join(build.work, 'slot')
  mkdirSync(folder)
  write(join(folder, 'initrd.img'), initrd)
  lay[build.arch](build, folder)
  const sha256 = await sha256Of(root)
  renameSync(root, join(folder, 'root.sqs'))
  const { version, arch, epoch } = build
  const manifest = { name: 'porchlight', version, arch, built: epoch, schema, sha256: { 'root.sqs': sha256 } }
  write(join(folder, 'manifest.json'), `${JSON.stringify(manifest)}\n`)
  const image = join(build.work, 'slot.img')
  await fat(slotFat(build), image, folder)
  return image
}

/** Makes the image of a slot that nothing was written to yet. */
export async function emptySlot(build: Build): Promise<string> {
  const image = join(build.work, 'empty.img')
  await fat(slotFat(build), image)
  return image
}

/** What each kind of machine starts from. */
const lay = {
  arm64: (build, folder) => {
    const kernel = build.unpacked(`linux-image-${build.kernel}`)
    copy(join(kernel, `boot/vmlinuz-${build.kernel}`), join(folder, 'kernel8.img'))
    for (const tree of globSync('usr/lib/linux-image-*/broadcom/bcm{2837,2711}-rpi-*.dtb', { cwd: kernel }))
      copy(join(kernel, tree), join(folder, basename(tree)))
    for (const file of firmware(build)) copy(file, join(folder, basename(file)))
    for (const file of ['config.txt', 'cmdline.txt']) copy(join(build.root, 'board/arm64', file), join(folder, file))
  },
  amd64: (build, folder) => {
    const kernel = build.unpacked(`linux-image-${build.kernel}`)
    copy(join(kernel, `boot/vmlinuz-${build.kernel}`), join(folder, 'vmlinuz'))
    for (const file of ['slot.cfg', 'cmdline.txt']) copy(join(build.root, 'board/amd64', file), join(folder, file))
    const words = readFileSync(join(folder, 'cmdline.txt'), 'utf8').trim()
    const config = readFileSync(join(folder, 'slot.cfg'), 'utf8').replace('@CMDLINE@', words)
    write(join(folder, 'slot.cfg'), config)
  },
} as const satisfies Record<Arch, (build: Build, folder: string) => void>
