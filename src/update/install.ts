/**
 * Installs an update from a file: all of it is checked, then handed to whoever may write the slot that does not run, and only
 * when it is whole there is that slot chosen for the next start. Whatever ends this before, the choice is untouched, and what
 * was written is no file system.
 */
import type { KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Slots, Watching } from '../board/slots.ts'
import { judge, slotToWrite } from './judge.ts'
import type { Manifest } from './manifest.ts'
import { inWords, refuse, unlessStopped } from './refusal.ts'
import { chunksOf, unpack } from './unpack.ts'

export type Stage = 'checking' | Parameters<Watching['progress']>[0]

export type Installation = {
  readonly slots: Slots
  /** The maker's public key. */
  readonly key: KeyObject
  /** Of the mail that is here; undefined where it cannot be opened. */
  readonly schema: number | undefined
  /** Asks whether it is to be done all the same. @throws Failure when it is not */
  confirm(question: string): Promise<void>
  /** @param part between 0 and 1 */
  progress(stage: Stage, part: number): Promise<void>
  readonly signal: AbortSignal
}

const fileWords = {
  ENOENT: 'There is no such file.',
  ENOTDIR: 'There is no such file.',
  EACCES: 'Porchlight may not read this file.',
  EISDIR: 'This is a directory, and no update.',
  '': 'The file cannot be read',
}

/**
 * @param path of the update
 * @returns the version that the next start begins with
 * @throws Failure REFUSED in words; GIVEN_UP when it was stopped
 */
export async function install(path: string, installation: Installation): Promise<string> {
  const { slots, signal } = installation
  slotToWrite(slots)
  // What is a FIFO, and not a file, would keep an open that waits.
  await using file = await inWords(fileWords, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  await refuseOther(file)
  const manifest = await check(file, installation)
  // The other slot may have been chosen by an update before this one: a power cut would start the half of it then.
  await slots.choose(slots.slot, slots.version)
  // Who writes is not begun for somebody who has left.
  unlessStopped(signal)
  await slots.write(chunksOf(file, signal), manifest.version, installation)
  unlessStopped(signal)
  // From here on the slot stays as it is: whoever does not answer may have chosen it all the same.
  await slots.choose(slots.slot === 'a' ? 'b' : 'a', manifest.version)
  return manifest.version
}

/** Reads all of it and writes nothing. What is to be asked is asked first: the rest takes minutes. */
async function check(file: FileHandle, installation: Installation): Promise<Manifest> {
  const { slots, key, schema, confirm, progress, signal } = installation
  let [size, done] = [1, 0]
  return unpack(chunksOf(file, signal), {
    key,
    begin: async manifest => {
      const question = judge(manifest, slots, schema)
      if (question !== undefined) await confirm(question)
      size = manifest.parts[0].size
    },
    take: async octets => {
      done += octets.length
      await progress('checking', done / size)
    },
  })
}

/** @throws Failure REFUSED when it is no file */
async function refuseOther(file: FileHandle): Promise<void> {
  const stat = await inWords(fileWords, () => file.stat())
  if (!stat.isFile()) refuse('This is no file, and so no update.')
}
