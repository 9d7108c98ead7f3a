/** What the boot ROM and firmware of a Pi do, for machines that have none: the choice on the first partition, then that slot. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asideWords, putAside } from './aside.ts'
import { type Disk, partitions } from './disk.ts'

export type Slot = 'a' | 'b'

export type Firmware = {
  readonly disk: Disk
  /** More words for the command line of the kernel. */
  readonly append: readonly string[]
  /** The file of the device tree, where the machine does not bring its own. */
  readonly tree?: string
  /** What goes on beside the system; nothing when empty. */
  readonly aside: string
}

/** The names in config.txt of what the firmware loads, and how QEMU calls it. */
const loaded = { kernel: '-kernel', initramfs: '-initrd' } as const

/** The slot that would start next (autoboot.txt). */
export async function chosenSlot(disk: Disk): Promise<Slot> {
  const choice = settingOf(await disk.text(partitions.select, 'autoboot.txt'), 'boot_partition')
  const slots = { 2: 'a', 3: 'b' } as const
  if (choice !== '2' && choice !== '3') throw new Error(`autoboot.txt chooses partition "${choice}".`)
  return slots[choice]
}

/**
 * Takes kernel, initramfs, command line and device tree out of the chosen slot, so that the octets that are shipped start.
 * @returns the words that give them to QEMU
 */
export async function readFirmware({ disk, append, tree, aside }: Firmware): Promise<readonly string[]> {
  const slot = await chosenSlot(disk)
  const config = await disk.text(partitions[slot], 'config.txt')
  const take = async (name: string) => {
    const octets = await disk.read(partitions[slot], name)
    if (!octets) throw new Error(`Slot ${slot} has no ${name}.`)
    const path = join(disk.folder, name)
    await writeFile(path, octets)
    return path
  }
  const words: string[] = []
  for (const [name, option] of Object.entries(loaded)) words.push(option, await take(settingOf(config, name)))
  if (aside !== '') await putAside(join(disk.folder, settingOf(config, 'initramfs')), aside)
  if (tree !== undefined) words.push('-dtb', await take(tree))
  const line = (await disk.text(partitions[slot], settingOf(config, 'cmdline') || 'cmdline.txt')).trim()
  return [
    ...words,
    '-append',
    [line, `porchlight.slot=${slot}`, ...append, ...(aside === '' ? [] : asideWords)].join(' '),
  ]
}

/** `name=value`, or `name value more`, as config.txt has both. */
function settingOf(text: string, name: string): string {
  return new RegExp(`^${name}[= ](\\S+)`, 'm').exec(text)?.[1] ?? ''
}
