/** The first partition: what chooses the slot, and what the household may read and write. */
import { existsSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Arch, Build } from './build.ts'
import { environment } from './environment.ts'
import { fat } from './fat.ts'
import { firmware, firstStage } from './firmware.ts'
import { layout, selectLabel } from './layout.ts'
import { copy, write } from './tree.ts'

/** Makes the partition's image and returns its path. */
export async function selectPartition(build: Build): Promise<string> {
  const folder = join(build.work, 'select')
  mkdirSync(folder)
  copy(join(build.root, 'board/select'), folder)
  const own = join(build.root, 'board', `select-${build.arch}`)
  if (existsSync(own)) copy(own, folder)
  lay[build.arch](build, folder)
  const image = join(build.work, 'select.img')
  const { epoch } = build
  await fat({ octets: layout.select.octets, label: selectLabel, id: '504f5201', cluster: 1, epoch }, image, folder)
  return image
}

const lay = {
  arm64: (build, folder) => {
    for (const file of [firstStage(build), ...firmware(build)]) copy(file, join(folder, basename(file)))
    copy(join(build.root, 'board/arm64/config.txt'), join(folder, 'config.txt'))
    write(join(folder, 'autoboot.txt'), '[all]\nboot_partition=2\n')
  },
  // Debian's GRUB, signed as the firmware of a PC with Secure Boot wants it, looks for its commands in EFI/debian.
  amd64: (build, folder) => {
    const grub = join(build.unpacked('grub-efi-amd64-signed'), 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed')
    copy(join(build.unpacked('shim-signed'), 'usr/lib/shim/shimx64.efi.signed'), join(folder, 'EFI/BOOT/BOOTX64.EFI'))
    copy(grub, join(folder, 'EFI/BOOT/grubx64.efi'))
    copy(join(build.root, 'board/amd64/grub.cfg'), join(folder, 'EFI/debian/grub.cfg'))
    const fresh = environment({ slot: 'a', trial: '', from: '', version: '', fallback: '' })
    write(join(folder, 'EFI/BOOT/grubenv'), fresh)
  },
} as const satisfies Record<Arch, (build: Build, folder: string) => void>
