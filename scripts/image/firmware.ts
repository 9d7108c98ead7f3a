/** The files with which a Raspberry Pi starts, before there is a kernel. */
import { join } from 'node:path'
import type { Build } from './build.ts'

/** `_cd` are the small ones, which a graphics memory of 16 MB asks for. */
const names = [
  'start.elf',
  'start_cd.elf',
  'start4.elf',
  'start4cd.elf',
  'fixup.dat',
  'fixup_cd.dat',
  'fixup4.dat',
  'fixup4cd.dat',
]

/** Their paths. */
export function firmware(build: Build): readonly string[] {
  return names.map(name => join(build.unpacked('raspi-firmware'), 'usr/lib/raspi-firmware', name))
}

/** What the chip of a Pi 3 or Zero 2 W looks for first; a Pi 4 has it inside. */
export function firstStage(build: Build): string {
  return join(build.unpacked('raspi-firmware'), 'usr/lib/raspi-firmware/bootcode.bin')
}
