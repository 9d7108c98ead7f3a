/** Keeps files on USB storage: which place it is, names that harm nothing, and nothing half written under its own name. */
import { constants } from 'node:fs'
import { access, type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { codeOf, Failure } from '../base/failure.ts'
import { refuse } from './command.ts'

/** Octets of a file name: what vfat takes, in the worst case. */
const nameOctets = 120
/** Names that are tried where one is taken. */
const mostTries = 1000

const full = 'The storage is full; nothing was kept.'
const gone = 'The storage was taken out; nothing was kept.'
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: full,
  EDQUOT: full,
  EROFS: 'The storage takes no changes: it is write-protected.',
  EACCES: 'Porchlight may not write there.',
  EPERM: 'Porchlight may not write there.',
  EIO: 'The storage has a fault, or was taken out; nothing was kept.',
  ENODEV: gone,
  ENOENT: gone,
}

/**
 * The first file system mounted at this directory or below it, or the directory itself where it can be written.
 * @param mounts as in /proc/mounts
 * @throws Failure REFUSED when there is neither
 */
export async function storagePlace(directory: string, mounts = mountTable()): Promise<string> {
  const root = rootOf(directory)
  const places = (await mountsBelow(directory, mounts)).flatMap(({ path, writable }) => (writable ? [path] : []))
  for (const place of root === '/' ? [root] : [...places, root]) if (await isWritable(place)) return place
  return refuse(
    `There is no storage at ${root}. Put a USB stick in and try again; the setting console.storage says where it is looked for.`,
  )
}

export type Mount = { readonly path: string; readonly writable: boolean }

/**
 * The file systems mounted at this directory or below it.
 * @param mounts as in /proc/mounts
 */
export async function mountsBelow(directory: string, mounts = mountTable()): Promise<readonly Mount[]> {
  const root = rootOf(directory)
  return (await mounts).split('\n').flatMap(line => {
    const [, place = '', , options = ''] = line.split(' ')
    const path = place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const below = path === root || path.startsWith(root === '/' ? root : `${root}/`)
    return below ? [{ path, writable: !options.split(',').includes('ro') }] : []
  })
}

function rootOf(directory: string): string {
  return directory.replace(/\/+$/, '') || '/'
}

async function mountTable(): Promise<string> {
  try {
    return await readFile('/proc/mounts', 'utf8')
  } catch {
    return ''
  }
}

async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

/**
 * A name that any file system takes and that leads nowhere else.
 * @param name from a stranger
 * @param otherwise where nothing is left of it
 */
export function safeName(name: string, otherwise: string): string {
  const base = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}"*/:<>?\\|]+/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  const [, stem = '', extension = ''] = /^(.*?)(\.[A-Za-z0-9]{1,10})?$/su.exec(base) ?? []
  // Windows takes these for devices, whatever follows the dot.
  const plain = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(`${stem}${extension}`) ? `_${stem}` : stem
  const kept = cutOctets(plain, nameOctets - extension.length)
  return /^[_\s]*$/.test(kept) ? `${otherwise}${extension}` : `${kept}${extension}`
}

function cutOctets(text: string, octets: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > octets) break
    kept += character
  }
  return kept
}

/**
 * Writes a new file; one that is there is never written over. Until all of it is on the storage it has another name, and
 * when something goes wrong there is nothing left of it.
 * @param name safe
 * @param chunks what it holds; where they throw, there is no file
 * @returns its whole path
 * @throws Failure REFUSED in words
 */
export async function keepFile(place: string, name: string, chunks: AsyncIterable<Buffer>): Promise<string> {
  const path = await inWords(() => freePath(place, name))
  const temporary = join(place, `.${basename(path)}.part`)
  try {
    await inWords(() => write(temporary, chunks))
    await inWords(() => rename(temporary, path))
    await syncDirectory(place)
    return path
  } catch (error) {
    // The empty file that keeps the name is ours.
    await Promise.allSettled([rm(temporary, { force: true }), rm(path, { force: true })])
    throw error
  }
}

/** Takes a name that is free, by an empty file. */
async function freePath(place: string, name: string): Promise<string> {
  const [, stem = name, extension = ''] = /^(.+?)(\.[A-Za-z0-9]{1,10})?$/s.exec(name) ?? []
  for (let i = 1; i <= mostTries; i++) {
    const path = join(place, i === 1 ? name : `${stem}-${i}${extension}`)
    const file = await openNew(path)
    await file?.close()
    if (file) return path
  }
  return refuse(`There are too many files of the name ${name} on the storage.`)
}

/** @returns undefined when there is such a file */
async function openNew(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx')
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
}

async function write(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  // One that was left by a power cut is of no value, and a link might lead anywhere.
  await rm(path, { force: true })
  await using file = await open(path, 'wx')
  for await (const chunk of chunks) await file.writeFile(chunk)
  await file.sync()
}

/** Not every file system has directories that can be synced; the file itself is on it. */
async function syncDirectory(path: string): Promise<void> {
  try {
    await using directory = await open(path, 'r')
    await directory.sync()
  } catch {
    return
  }
}

async function inWords<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    const code = codeOf(error)
    if (error instanceof Failure || code === '') throw error
    throw new Failure('REFUSED', reasons[code] ?? `The storage cannot be used (${code}).`, { cause: error })
  }
}
