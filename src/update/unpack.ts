/** Reads an update from its beginning to its end, and unpacks what it brings: once to check it, once more to write it. */
import { createHash, type KeyObject } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdDecompress } from 'node:zlib'
import { budget } from '../base/budget.ts'
import { codeOf } from '../base/failure.ts'
import type { Manifest } from './manifest.ts'
import { UpdateReader } from './reader.ts'
import { damaged, inWords, unlessStopped } from './refusal.ts'

export type Unpacking = {
  readonly key: KeyObject
  /** Is shown the manifest once its signature is found right, and throws where it will not do. */
  begin(manifest: Manifest): Promise<void>
  /** Takes the slot's octets, in order. They are valid until it resolves. */
  take(octets: Buffer): Promise<void>
}

const fileWords = {
  EIO: 'The update cannot be read to its end: the storage has a fault, or was taken out.',
  EISDIR: 'This is a directory, and no update.',
  '': 'The update cannot be read',
}

/**
 * Resolves when all of it was as its manifest says.
 * @param update each chunk its own: it is still being unpacked when the next one is asked for
 * @throws Failure REFUSED in words
 */
export async function unpack(update: AsyncIterable<Buffer>, { key, begin, take }: Unpacking): Promise<Manifest> {
  let manifest: Manifest | undefined
  async function* packed(): AsyncGenerator<Buffer> {
    const reader = new UpdateReader(key)
    for await (const chunk of update) {
      for (const event of reader.feed(chunk)) {
        if (event.kind === 'octets') {
          yield event.octets
        } else {
          manifest = event.manifest
          await begin(manifest)
        }
      }
    }
    reader.end()
  }
  const hash = createHash('sha256')
  let size = 0
  const most = () => manifest?.parts[0].size ?? 0
  try {
    await pipeline(packed, createZstdDecompress(decoding), async unpacked => {
      for await (const octets of unpacked) {
        size += octets.length
        if (size > most()) damaged('it unpacks to more than it should')
        hash.update(octets)
        await take(octets)
      }
    })
  } catch (error) {
    if (codeOf(error).startsWith('ZSTD_')) damaged('its part "slot" cannot be unpacked', { cause: error })
    throw error
  }
  if (!manifest || size !== most()) return damaged('it unpacks to less than it should')
  if (hash.digest('hex') !== manifest.parts[0].unpacked_sha256) damaged('it unpacks to something else than it should')
  return manifest
}

const decoding = {
  chunkSize: budget.updateChunk,
  params: { [constants.ZSTD_d_windowLogMax]: budget.updateWindowLog },
}

/** Reads an update from its beginning. @throws Failure REFUSED in words, GIVEN_UP when the person has stopped it */
export async function* chunksOf(file: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    unlessStopped(signal)
    const { bytesRead, buffer } = await inWords(fileWords, () =>
      file.read(Buffer.allocUnsafeSlow(budget.updateChunk), 0, budget.updateChunk, position),
    )
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
