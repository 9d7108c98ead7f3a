/** Writes a file whole or not at all: beside the one that is there, synced, and then in its place. */
import { chmod, chown, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, Failure, sentence } from '../base/failure.ts'

/** A file that is written and not yet in its place. */
export type Replacement = {
  /** Puts it there; a power cut leaves the former one or this. @throws Failure CONFIG */
  commit(): Promise<void>
  discard(): Promise<void>
}

/** For a new file: it may hold passwords. */
const ownerOnly = 0o600

const reasons: Readonly<Record<string, string>> = {
  EROFS: 'the disk can only be read',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'the disk is full',
  ENOENT: 'its folder is missing',
  EISDIR: 'it is a folder',
  ERR_FS_EISDIR: 'it is a folder',
}

/**
 * Writes a file beside the one it will replace, with that one's owner and permissions; a new one is its owner's alone.
 * @param path of the one; where that is a link, what it leads to is replaced
 * @param secret its owner's alone, whatever the one before was
 * @throws Failure CONFIG why it cannot be written
 */
export async function prepareReplacement(path: string, text: string, secret = false): Promise<Replacement> {
  const target = await realpath(path).catch(() => path)
  const beside = `${target}.new`
  const discard = () => rm(beside, { force: true })
  try {
    // What a power cut has left.
    await discard()
    await using file = await open(beside, 'wx', ownerOnly)
    await file.writeFile(text)
    await likeFormer(beside, target, secret)
    await file.sync()
  } catch (error) {
    await discard().catch(() => {})
    throw failed(path, error)
  }
  const commit = async () => {
    try {
      await rename(beside, target)
      await syncFolder(dirname(target))
    } catch (error) {
      throw failed(path, error)
    }
  }
  return { commit, discard }
}

/** The two steps of `prepareReplacement` in one. @throws Failure CONFIG */
export async function replaceFile(path: string, text: string, secret = false): Promise<void> {
  const replacement = await prepareReplacement(path, text, secret)
  await replacement.commit()
}

/** Takes a file away, for good. @throws Failure CONFIG */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
    await syncFolder(dirname(path))
  } catch (error) {
    throw failed(path, error, 'deleted')
  }
}

/** FAT, which a boot partition has, knows neither owners nor permissions, and refuses to change them. */
async function likeFormer(path: string, target: string, secret: boolean): Promise<void> {
  const former = await stat(target).catch(() => undefined)
  // By its name: Node's permission model knows no descriptors.
  if (former && !secret) await chmod(path, former.mode & 0o777).catch(ignorePermission)
  if (former) await chown(path, former.uid, former.gid).catch(ignorePermission)
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

function ignorePermission(error: unknown): void {
  if (codeOf(error) !== 'EPERM') throw error
}

function failed(path: string, error: unknown, how: 'written' | 'deleted' = 'written'): Failure {
  return new Failure('CONFIG', `${path} cannot be ${how}: ${reasons[codeOf(error)] ?? sentence(error)}.`, {
    cause: error,
  })
}
