/** A computer with disks in it, as /sys, /proc and /dev show them: folders and files for scripts/flash.sh to look at. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Finished, runProgram } from '../support/process.ts'

const script = join(import.meta.dirname, '../../scripts/flash.sh')

/** How a disk is attached: the folder of sysfs that stands for it, and what the kernel writes there. */
const attachments = {
  usb: { folder: 'usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0', removable: '1' },
  usbDisk: { folder: 'usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0', removable: '0' },
  sdCard: { folder: 'mmc_host/mmc0/mmc0:aaaa', removable: '0' },
  sata: { folder: 'ata1/host0/target0:0:0/0:0:0:0', removable: '0' },
} as const

export type Disk = {
  readonly name: string
  readonly attached: keyof typeof attachments
  readonly octets: number
  readonly readOnly?: boolean
  readonly model?: string
  /** Names of partitions, and what holds them (LVM, RAID). */
  readonly partitions?: Readonly<Record<string, readonly string[]>>
  /** The real device that its node leads to; else one that is never opened. */
  readonly device?: string
}

export type Mount = {
  /** The disk or partition. */
  readonly of: string
  readonly at: string
  /** By what the kernel's list of mounts tells it: most file systems by its number, btrfs by its name only. */
  readonly told: 'number' | 'name'
}

export type Contents = {
  readonly disks: readonly Disk[]
  readonly mounts?: readonly Mount[]
  readonly swaps?: readonly string[]
}

const serial = '0123456789AB'

async function put(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${text}\n`)
  }
}

/** Any block device of this machine: what is behind a node that a test only looks at. */
async function someDevice(): Promise<string> {
  const devices = (await readdir('/dev', { withFileTypes: true })).filter(entry => entry.isBlockDevice())
  const device = devices.find(entry => entry.name.startsWith('loop')) ?? devices[0]
  if (device === undefined) throw new Error('This machine has no block device at all in /dev.')
  return join('/dev', device.name)
}

export class Computer implements AsyncDisposable {
  /** A folder for what a test needs beside the computer. */
  readonly desk: string
  readonly #root: string
  readonly #tools: string

  private constructor(folder: string) {
    this.desk = join(folder, 'desk')
    this.#root = join(folder, 'root')
    this.#tools = join(folder, 'tools')
  }

  static async open(contents: Contents): Promise<Computer> {
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-flash-'))
    const computer = new Computer(folder)
    await mkdir(computer.desk)
    await mkdir(computer.#tools)
    await mkdir(join(computer.#root, 'dev'), { recursive: true })
    await mkdir(join(computer.#root, 'sys/block'), { recursive: true })
    await mkdir(join(computer.#root, 'sys/class/block'), { recursive: true })
    for (const [index, disk] of contents.disks.entries()) await computer.#plug(disk, index)
    await computer.#use(contents)
    return computer
  }

  /** Puts a program before those of the system. */
  async tool(name: string, text: string): Promise<void> {
    await writeFile(join(this.#tools, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }

  /** A file of sysfs of a disk. */
  fact(disk: string, name: string): string {
    return join(this.#root, 'sys/block', disk, name)
  }

  /** Runs the script. @param typed what is typed at it */
  flash(words: readonly string[], typed = ''): Promise<Finished> {
    return runProgram(this.command(words), typed)
  }

  /** The whole command line that runs the script on this computer. */
  command(words: readonly string[]): readonly string[] {
    return ['env', `PORCHLIGHT_FLASH_ROOT=${this.#root}`, `PATH=${this.#tools}:${process.env.PATH}`, script, ...words]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(dirname(this.#root), { recursive: true })
  }

  async #plug(disk: Disk, index: number): Promise<void> {
    const { folder, removable } = attachments[disk.attached]
    const sys = join(this.#root, 'sys')
    const device = join(sys, `devices/pci${index}`, folder)
    const block = join(device, 'block', disk.name)
    const model = disk.model ?? 'SL32G'
    await put(device, disk.attached === 'sdCard' ? { name: model, serial, type: 'SD' } : { vendor: 'Generic ', model })
    if (folder.startsWith('usb1')) {
      await put(join(sys, `devices/pci${index}/usb1`), { serial: 'of the hub', idVendor: '1d6b' })
      await put(join(sys, `devices/pci${index}/usb1/1-2`), { serial, idVendor: '058f' })
    }
    await put(block, {
      size: String(disk.octets / 512),
      ro: disk.readOnly ? '1' : '0',
      removable,
      dev: `8:${index * 16}`,
      diskseq: '9',
    })
    await symlink(device, join(block, 'device'))
    await symlink(block, join(sys, 'block', disk.name))
    await symlink(block, join(sys, 'class/block', disk.name))
    for (const [minor, [name, holders]] of Object.entries(disk.partitions ?? {}).entries()) {
      await put(join(block, name), { partition: String(minor + 1), size: '65536', dev: `8:${index * 16 + minor + 1}` })
      await mkdir(join(block, name, 'holders'))
      for (const holder of holders) await writeFile(join(block, name, 'holders', holder), '')
      await symlink(join(block, name), join(sys, 'class/block', name))
    }
    const real = disk.device ?? (await someDevice())
    for (const name of [disk.name, ...Object.keys(disk.partitions ?? {})])
      await symlink(real, join(this.#root, 'dev', name))
  }

  async #use({ disks, mounts = [], swaps = [] }: Contents): Promise<void> {
    const numbers = new Map(
      disks.flatMap(({ name, partitions = {} }, index) =>
        [name, ...Object.keys(partitions)].map((part, minor) => [part, `8:${index * 16 + minor}`] as const),
      ),
    )
    const mounted = mounts.map(({ of, at, told }) =>
      told === 'number'
        ? `61 1 ${numbers.get(of)} / ${at} rw shared:1 - ext4 /dev/root rw`
        : `61 1 0:40 / ${at} rw shared:1 - btrfs /dev/${of} rw`,
    )
    await put(join(this.#root, 'proc'), {
      'self/mountinfo': ['90 1 0:5 / /proc rw - proc proc rw', ...mounted].join('\n'),
      swaps: ['Filename\tType\tSize', ...swaps.map(name => `/dev/${name}   partition\t1024`)].join('\n'),
    })
  }
}
