/** The machines that QEMU can be: what each is called with, and where our console is on it. */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { readFirmware } from './firmware.ts'
import type { Arch } from './image.ts'

export type Kind = keyof typeof kinds

type Making = {
  readonly arch: Arch
  /** Octets of its card. */
  readonly card: number
  /** How its drive is plugged in. */
  readonly drive: 'none' | 'sd'
  /** QEMU and what it is told; the disk is its drive `d0`, the network `n0`, and the console what `-chardev` calls `line`. */
  readonly words: (making: Made) => Promise<readonly string[]>
}

export type Made = {
  readonly disk: Disk
  readonly mac: string
  /** More words for the command line of the kernel. */
  readonly append: readonly string[]
  /** What goes on beside the system (aside.ts). */
  readonly aside: string
}

/** A power of two, which some want; the store keeps some of it free. */
const card = 1024 * 1024 * 1024

export const kinds = {
  virt: {
    arch: 'arm64',
    card,
    drive: 'none',
    words: async ({ disk, mac, append, aside }) => [
      ...['qemu-system-aarch64', '-M', 'virt', '-cpu', 'cortex-a53', '-m', '512', '-smp', '2'],
      // Noting zeros that are only named, QEMU 7.2 mixes up its list of writes (blklogwrites).
      ...['-accel', 'tcg,thread=multi', '-device', 'virtio-blk-pci,drive=d0,write-zeroes=off,discard=off'],
      ...['-device', `virtio-net-pci,netdev=n0,romfile=,mac=${mac}`, '-serial', 'chardev:line'],
      ...['-device', 'i6300esb', '-action', 'watchdog=reset'],
      // The firmware of a Pi names the line; here it has another name.
      ...(await readFirmware({ disk, append: ['console=ttyAMA0', ...append], aside })),
    ],
  },
  raspi3b: {
    arch: 'arm64',
    card,
    drive: 'sd',
    words: async ({ disk, mac, append, aside }) => [
      ...['qemu-system-aarch64', '-M', 'raspi3b', '-accel', 'tcg,thread=single'],
      ...['-device', `usb-net,netdev=n0,mac=${mac}`, '-serial', 'null', '-serial', 'chardev:line'],
      // QEMU ends when the watchdog of this board is armed.
      ...(await readFirmware({
        disk,
        append: ['porchlight.nowatchdog', ...append],
        tree: 'bcm2837-rpi-3-b.dtb',
        aside,
      })),
    ],
  },
  q35: {
    arch: 'amd64',
    card,
    drive: 'none',
    words: async ({ disk, mac }) => {
      const variables = join(disk.folder, 'variables.fd')
      await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables)
      return [
        ...['qemu-system-x86_64', '-M', 'q35', '-cpu', 'Westmere', '-m', '512', '-smp', '2', '-vga', 'none'],
        ...[
          '-accel',
          'tcg,thread=multi',
          '-drive',
          'if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd',
        ],
        ...['-drive', `if=pflash,format=raw,file=${variables}`],
        ...['-device', 'ide-hd,drive=d0,bootindex=0', '-device', `e1000e,netdev=n0,romfile=,mac=${mac}`],
        ...['-serial', 'chardev:line', '-device', 'i6300esb', '-action', 'watchdog=reset'],
      ]
    },
  },
} as const satisfies Record<string, Making>
