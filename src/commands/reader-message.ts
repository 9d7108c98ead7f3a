/** One message, as the reader looks into it: its header from the first block, all of it block by block. */
import { setImmediate } from 'node:timers/promises'
import { type HeaderField, readFields } from '../message/header-fields.ts'
import { type MimeSink, MimeWalker } from '../message/mime.ts'
import { Outline } from '../message/outline.ts'
import type { StoredMessage } from '../store/store.ts'

/** Octets that are walked before others get their turn: HTML of so many takes a small board some milliseconds. */
const slice = 4 * 1024

/** Fields of the header section, without those added at receipt. @throws Failure STORE_DAMAGED or STORE_IO */
export async function headerOf(message: StoredMessage): Promise<readonly HeaderField[]> {
  const blocks = message.blocks()
  const { value } = await blocks.next()
  await blocks.return(undefined)
  return value ? readFields(value) : []
}

/**
 * Walks a message.
 * @param rest is awaited between slices; what it throws ends the walk
 */
export async function walk(message: StoredMessage, sink: MimeSink, rest: () => Promise<void>): Promise<MimeWalker> {
  const walker = new MimeWalker(sink)
  for await (const block of message.blocks()) {
    for (let at = 0; at < block.length; at += slice) {
      walker.feed(block.subarray(at, at + slice))
      await rest()
      await setImmediate()
    }
  }
  walker.end()
  await rest()
  return walker
}

/** What parts it has. @param signal stops it: what is known by then comes back */
export async function outlineOf(
  message: StoredMessage,
  signal: AbortSignal,
): Promise<{ readonly outline: Outline; readonly incomplete: boolean }> {
  const outline = new Outline()
  const walker = await walk(message, outline, async () => signal.throwIfAborted())
  return { outline, incomplete: walker.incomplete }
}
