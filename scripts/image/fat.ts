/** Makes FAT file systems as ordinary files: no mount, no rights, the same octets each time. */
import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './tool.ts'
import { level } from './tree.ts'

export type Fat = {
  readonly octets: number
  readonly label: string
  /** Eight hexadecimal digits. */
  readonly id: string
  /** Sectors of 512 octets in a cluster. */
  readonly cluster: number
  readonly epoch: number
}

/** Writes a FAT32 file system to `file`, with all that `folder` holds; a fresh one without a folder. */
export async function fat({ octets, label, id, cluster, epoch }: Fat, file: string, folder?: string): Promise<void> {
  writeFileSync(file, '')
  truncateSync(file, octets)
  const env = { SOURCE_DATE_EPOCH: `${epoch}` }
  const words = ['--invariant', '-F', '32', '-s', `${cluster}`, '-n', label, '-i', id, file]
  await run('mkfs.vfat', words, { env })
  if (folder === undefined) return
  level(folder, epoch)
  // In an order of ours, so that the largest file lies in one piece and each build is alike.
  const names = readdirSync(folder).sort((a, b) => (a < b ? -1 : 1))
  await run('mcopy', ['-s', '-m', '-i', file, ...names.map(name => join(folder, name)), '::/'], { env })
}
