/**
 * Writes a slot from an update in one pass, reads it back and compares. On a board this is all that the installer does: a
 * process of its own that may write there, and trusts nobody but the maker, so that whoever takes the server over cannot lay
 * a system of theirs into the slot.
 */
import type { KeyObject } from 'node:crypto'
import type { Watching } from '../board/slots.ts'
import { SlotWriter } from './device.ts'
import type { Manifest } from './manifest.ts'
import { refuse, unlessStopped } from './refusal.ts'
import { inSlot } from './slot.ts'
import { unpack } from './unpack.ts'

export type Writing = Watching & {
  /** The partition. */
  readonly device: string
  /** The maker's public key. */
  readonly key: KeyObject
  /** That was agreed on. */
  readonly version: string
}

const faulty =
  'The card does not give back what was written to it. What runs stays as it is; the card should be replaced soon.'
const misnamed = 'The update does not hold the version that it says. It is not installed.'
const changed = 'The file has changed while it was read. Nothing was installed; try again.'

/**
 * Resolves when the slot is whole. Nothing is written before the signature is found right, and nothing can be started there
 * before all of the update is found to be what was signed.
 * @param update its octets, each chunk its own
 * @throws Failure REFUSED in words, GIVEN_UP when it was stopped; no file system is there then
 */
export async function writeSlot(update: AsyncIterable<Buffer>, writing: Writing): Promise<void> {
  const { device, key, version, progress, signal } = writing
  await using opened = new AsyncDisposableStack()
  let writer: SlotWriter | undefined
  let [size, done] = [1, 0]
  const manifest = await unpack(update, {
    key,
    begin: async manifest => {
      if (manifest.version !== version) refuse(changed)
      size = manifest.parts[0].size
      writer = opened.use(await SlotWriter.open(device))
    },
    take: async octets => {
      unlessStopped(signal)
      await writer?.write(octets)
      done += octets.length
      await progress('writing', done / size)
    },
  })
  if (writer) await finish(writer, manifest, writing)
}

async function finish(writer: SlotWriter, manifest: Manifest, writing: Writing): Promise<void> {
  await writer.seal()
  try {
    await compare(writer, manifest, writing)
  } catch (error) {
    await writer.spoil()
    throw error
  }
}

async function compare(writer: SlotWriter, manifest: Manifest, { device, progress, signal }: Writing): Promise<void> {
  const { size, unpacked_sha256 } = manifest.parts[0]
  const found = await writer.sum(size, { signal, progress: octets => progress('comparing', octets / size) })
  if (found !== unpacked_sha256) refuse(faulty)
  if ((await inSlot(device))?.version !== manifest.version) refuse(misnamed)
}
