/** Folders that become file systems: who copies keeps only what is executable; owners and times come later, all alike. */
import {
  chmodSync,
  copyFileSync,
  globSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Copies the files that match, to the same places below `to`. A pattern that matches nothing is a mistake. */
export function take(patterns: readonly string[], from: string, to: string): void {
  for (const pattern of patterns) {
    const found = globSync(pattern, { cwd: from })
    if (found.length === 0) throw new Error(`${from} has no ${pattern}`)
    for (const path of found) copy(join(from, path), join(to, path))
  }
}

/** Copies a file, a symbolic link or a folder with all that is in it, over what is there. */
export function copy(from: string, to: string): void {
  const found = lstatSync(from)
  if (found.isDirectory()) {
    mkdirSync(to, { recursive: true })
    for (const name of readdirSync(from)) copy(join(from, name), join(to, name))
    return
  }
  mkdirSync(dirname(to), { recursive: true })
  rmSync(to, { force: true })
  if (found.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to)
    return
  }
  copyFileSync(from, to)
  chmodSync(to, found.mode & 0o111 ? 0o755 : 0o644)
}

/** Writes a file, with the folders it lies in. */
export function write(file: string, text: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Every path in a folder, the folders too, in an order that does not depend on the disk. */
export function paths(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort((a, b) => (a < b ? -1 : 1))
}

/** Gives every file the same time and plain rights, whatever the umask and the clock of the machine. */
export function level(folder: string, epoch: number): void {
  for (const path of [...paths(folder), '.']) {
    const file = join(folder, path)
    const found = lstatSync(file)
    if (!found.isSymbolicLink()) chmodSync(file, found.isDirectory() || found.mode & 0o111 ? 0o755 : 0o644)
    lutimesSync(file, epoch, epoch)
  }
}
