/** Writes the archive that the kernel unpacks at the start: the "newc" format, everything owned by root. */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { paths } from './tree.ts'

const trailer = 'TRAILER!!!'
const noOctets = Buffer.alloc(0)

/** The archive of all that is in `folder`. `epoch` is every entry's time, in seconds. */
export function cpio(folder: string, epoch: number): Buffer {
  const entries = paths(folder).flatMap((path, i) => {
    const { mode, body } = read(join(folder, path))
    return entry(path, { inode: i + 1, mode, links: 1, epoch }, body)
  })
  const end = entry(trailer, { inode: 0, mode: 0, links: 1, epoch: 0 }, noOctets)
  return Buffer.concat([...entries, ...end])
}

function read(file: string): { readonly mode: number; readonly body: Buffer } {
  const found = lstatSync(file)
  if (found.isSymbolicLink()) return { mode: 0o120777, body: Buffer.from(readlinkSync(file)) }
  if (found.isDirectory()) return { mode: 0o040755, body: noOctets }
  return { mode: 0o100000 | (found.mode & 0o111 ? 0o755 : 0o644), body: readFileSync(file) }
}

type Head = { readonly inode: number; readonly mode: number; readonly links: number; readonly epoch: number }

function entry(name: string, { inode, mode, links, epoch }: Head, body: Buffer): readonly Buffer[] {
  const nameOctets = Buffer.from(`${name}\0`)
  // inode, mode, owner, group, links, time, size, device (2), special device (2), length of the name, checksum (unused)
  const fields = [inode, mode, 0, 0, links, epoch, body.length, 0, 0, 0, 0, nameOctets.length, 0]
  const head = Buffer.from(`070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`)
  return [head, nameOctets, filler(head.length + nameOctets.length), body, filler(body.length)]
}

/** Each part ends on a multiple of four octets. */
function filler(length: number): Buffer {
  return Buffer.alloc(-length & 3)
}
