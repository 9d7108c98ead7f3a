/**
 * The slot that does not run, as a device that is written from its beginning to its end and read back.
 *
 * It is written and read past the cache of the kernel, where that can be: what is compared is then what the card has, mail's
 * own writes never wait behind those of a whole system, and no memory goes for it.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { budget } from '../base/budget.ts'
import { codeOf } from '../base/failure.ts'
import { pageOctets } from './manifest.ts'
import { inWords, refuse, unlessStopped } from './refusal.ts'

const fault = 'The card has a fault: the other slot cannot be written. What runs stays as it is.'
const words = {
  EBUSY: 'The other slot is in use: another update is being installed, or somebody has mounted it.',
  ENOSPC: 'The update is larger than the slot on this card. It is not installed.',
  EACCES: 'Porchlight may not write the other slot. It is not installed.',
  EIO: fault,
  EROFS: 'The card is write-protected. The update is not installed.',
  '': 'The other slot cannot be written',
}

/** Node's own types leave it out. */
declare const WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }

/** Memory that begins at a page, which the kernel asks for where its cache is passed by; Buffers begin anywhere. */
function alignedBlock(): Buffer<ArrayBuffer> {
  const wasmPage = 65_536
  return Buffer.from(new WebAssembly.Memory({ initial: budget.updateBlock / wasmPage }).buffer)
}

/** Opens a device for this process alone, and past the cache. Files of tests, and file systems in memory, may have no way past. */
async function openDevice(path: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, mode | constants.O_DIRECT)
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error
    return open(path, mode)
  }
}

/** How reading back is watched. */
export type Reading = { progress(done: number): Promise<void>; readonly signal: AbortSignal }

export class SlotWriter implements AsyncDisposable {
  readonly #device: string
  readonly #file: FileHandle
  readonly #block = alignedBlock()
  /** The first page, which is written last: without it there is no file system, so nobody starts half of one. */
  readonly #first = Buffer.alloc(pageOctets)
  #used = 0
  #position = 0

  private constructor(device: string, file: FileHandle) {
    this.#device = device
    this.#file = file
  }

  /** Opens the device and makes what lies there unusable. @throws Failure REFUSED in words */
  static open(device: string): Promise<SlotWriter> {
    return inWords(words, async () => {
      // On a device O_EXCL keeps everybody else from mounting or opening it so.
      const writer = new SlotWriter(device, await openDevice(device, constants.O_RDWR | constants.O_EXCL))
      try {
        await writer.spoil()
        return writer
      } catch (error) {
        await writer.#file.close()
        throw error
      }
    })
  }

  /** @param octets the next ones @throws Failure REFUSED in words */
  async write(octets: Buffer): Promise<void> {
    for (let taken = 0; taken < octets.length; ) {
      const count = octets.copy(this.#block, this.#used, taken)
      taken += count
      this.#used += count
      if (this.#used === this.#block.length) await this.#flush()
    }
  }

  /** Writes what is left, and when that is on the card the first page. @throws Failure REFUSED in words */
  async seal(): Promise<void> {
    await this.#flush()
    await inWords(words, () => this.#file.sync())
    this.#first.copy(this.#block)
    await inWords(words, () => this.#putFirst())
  }

  /** Reads the beginning back. @returns the SHA-256 of so many octets @throws Failure REFUSED in words */
  async sum(octets: number, { progress, signal }: Reading): Promise<string> {
    const hash = createHash('sha256')
    await using file = await inWords(words, () => openDevice(this.#device, constants.O_RDONLY))
    for (let position = 0; position < octets; ) {
      unlessStopped(signal)
      const asked = Math.min(budget.updateRead, octets - position)
      const { bytesRead } = await inWords(words, () => file.read(this.#block, 0, asked, position))
      if (bytesRead === 0) return refuse(fault)
      hash.update(this.#block.subarray(0, bytesRead))
      position += bytesRead
      await progress(position)
    }
    return hash.digest('hex')
  }

  /** Leaves no file system there. */
  async spoil(): Promise<void> {
    this.#block.fill(0, 0, pageOctets)
    await this.#putFirst()
  }

  async #putFirst(): Promise<void> {
    await this.#put(pageOctets, 0)
    await this.#file.sync()
  }

  async #flush(): Promise<void> {
    if (this.#position === 0) {
      this.#block.copy(this.#first, 0, 0, pageOctets)
      this.#block.fill(0, 0, pageOctets)
    }
    await inWords(words, () => this.#put(this.#used, this.#position))
    this.#position += this.#used
    this.#used = 0
  }

  /** Writes the beginning of the block; the system may take less than it is given. */
  async #put(octets: number, position: number): Promise<void> {
    for (let done = 0; done < octets; ) {
      const { bytesWritten } = await this.#file.write(this.#block, done, octets - done, position + done)
      done += bytesWritten
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close()
  }
}
