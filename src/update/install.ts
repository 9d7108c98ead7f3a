/**
 * Installs an update from a file: all of it is checked, then written into the slot that does not run, read back and compared,
 * and only then is that slot chosen for the next start. Whatever ends this before, the choice is untouched, and what was
 * written is no file system.
 */
import type { KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Slots } from '../board/slots.ts'
import { SlotWriter } from './device.ts'
import { judge, slotToWrite } from './judge.ts'
import type { Manifest } from './manifest.ts'
import { inWords, refuse, unlessStopped } from './refusal.ts'
import { inSlot } from './slot.ts'
import { unpack } from './unpack.ts'

export type Stage = 'checking' | 'writing' | 'comparing'

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

const faulty =
  'The card does not give back what was written to it. What runs stays as it is; the card should be replaced soon.'
const misnamed = 'The update does not hold the version that it says. It is not installed.'

/**
 * @param path of the update
 * @returns the version that the next start begins with
 * @throws Failure REFUSED in words; GIVEN_UP when it was stopped
 */
export async function install(path: string, installation: Installation): Promise<string> {
  const { slots, signal } = installation
  const { device } = slotToWrite(slots)
  // What is a FIFO, and not a file, would keep an open that waits.
  await using file = await inWords(fileWords, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  await refuseOther(file)
  const manifest = await check(file, installation)
  // The other slot may have been chosen by an update before this one: a power cut would start the half of it then.
  await slots.choose(slots.slot, slots.version)
  await write(file, manifest, device, installation)
  unlessStopped(signal)
  // From here on the slot stays as it is: whoever does not answer may have chosen it all the same.
  await slots.choose(slots.slot === 'a' ? 'b' : 'a', manifest.version)
  return manifest.version
}

/** Writes the slot and compares it. @throws Failure, and then no file system is there */
async function write(file: FileHandle, manifest: Manifest, device: string, installation: Installation): Promise<void> {
  const { key, progress, signal } = installation
  const { size, unpacked_sha256 } = manifest.parts[0]
  await using writer = await SlotWriter.open(device)
  let done = 0
  await unpack(file, {
    key,
    signal,
    begin: async again => {
      if (!isDeepStrictEqual(again, manifest)) changed()
    },
    take: async octets => {
      unlessStopped(signal)
      await writer.write(octets)
      done += octets.length
      await progress('writing', done / size)
    },
  })
  await writer.seal()
  try {
    const found = await writer.sum(size, { signal, progress: octets => progress('comparing', octets / size) })
    if (found !== unpacked_sha256) refuse(faulty)
    if ((await inSlot(device))?.version !== manifest.version) refuse(misnamed)
  } catch (error) {
    await writer.spoil()
    throw error
  }
}

/** Reads all of it and writes nothing. What is to be asked is asked first: the rest takes minutes. */
async function check(file: FileHandle, installation: Installation): Promise<Manifest> {
  const { slots, key, schema, confirm, progress, signal } = installation
  let [size, done] = [1, 0]
  return unpack(file, {
    key,
    signal,
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

function changed(): never {
  return refuse('The file has changed while it was read. Nothing was installed; try again.')
}
