/** A card with a household on it: set up once, then copied for each test that begins where it left off. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Disk } from './disk.ts'
import { addUser, deliver, fetchAll, secrets, setUp } from './household.ts'
import { type Arch, imagePath } from './image.ts'
import { kinds } from './kinds.ts'
import { Machine } from './machine.ts'
import { tool } from './tool.ts'

/** What lies in Alice's mailbox on it. */
export const letters = 3
const machines = { arm64: 'virt', amd64: 'q35' } as const
/** A power of two, for the machines that want one. */
const card = 1024 * 1024 * 1024

/** Several files of tests share one. */
const shared = process.env.PORCHLIGHT_FURNISHED

/** @returns a copy of a card that was set up, with three letters for Alice, and switched off properly */
export async function furnishedDisk(arch: Arch = 'arm64'): Promise<Disk> {
  const path = join(shared ?? own(), `${arch}.img`)
  if (!existsSync(path)) await furnish(arch, path)
  return Disk.copy(path)
}

let folder: string | undefined
function own(): string {
  if (folder !== undefined) return folder
  const made = mkdtempSync(join(tmpdir(), 'porchlight-furnished-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  folder = made
  return made
}

async function furnish(arch: Arch, path: string): Promise<void> {
  const disk = await Disk.copy(imagePath(arch), Math.max(card, kinds[machines[arch]].card))
  await using _disk = disk
  await using machine = await Machine.make({ kind: machines[arch], disk })
  await machine.on()
  await setUp(machine)
  await machine.listens()
  await addUser(machine, 'bob', secrets.bob)
  for (let i = 0; i < letters; i++)
    await deliver(machine, 'alice', `Subject: ${i}\r\n\r\n${'A line of a letter.\r\n'.repeat(500 * i)}`)
  await fetchAll(machine, 'alice')
  machine.type('poweroff --yes\r')
  await machine.isOff()
  await tool(['cp', '--reflink=auto', '--sparse=always', disk.path, `${path}.new`])
  await rename(`${path}.new`, path)
}
