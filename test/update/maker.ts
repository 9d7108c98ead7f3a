/** A maker of updates, for tests: keys, small slots with a real file system in them, and updates packed out of those. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Packing, packUpdate } from '../../scripts/pack-update.ts'
import type { Slots, Watching } from '../../src/board/slots.ts'
import { writeSlot } from '../../src/update/write.ts'

/** Of every slot here: the smallest FAT16. */
export const slotOctets = 2_400_256

const sector = 512
const sectors = slotOctets / sector
const tableSectors = 19
const topEntries = 64

/**
 * Makes a FAT16 file system with one file in its top folder, as mkfs.vfat and mcopy do.
 * @param filler of what lies behind the file, which does not compress, so that slots differ
 */
export function fatSlot(name: string, text: string, filler = 0): Buffer {
  const slot = Buffer.alloc(slotOctets)
  slot.writeUInt16LE(sector, 11)
  slot.writeUInt8(1, 13) // sectors of a cluster
  slot.writeUInt16LE(1, 14) // before the tables
  slot.writeUInt8(2, 16) // tables
  slot.writeUInt16LE(topEntries, 17)
  slot.writeUInt16LE(sectors, 19)
  slot.writeUInt16LE(tableSectors, 22)
  slot.writeUInt16BE(0x55aa, 510)
  const octets = Buffer.from(text)
  // Every other cluster, so that a reader has to follow the chain.
  const clusters = Array.from({ length: Math.ceil(octets.length / sector) }, (_, i) => 2 + 2 * i)
  for (const [i, cluster] of clusters.entries()) slot.writeUInt16LE(clusters[i + 1] ?? 0xffff, sector + cluster * 2)
  const top = (1 + 2 * tableSectors) * sector
  Buffer.concat([
    entry('PORCHLIGHT ', 0x08, 0, 0),
    ...longEntries(name),
    entry('MANIFE~1JSO', 0x20, 2, octets.length),
  ]).copy(slot, top)
  const data = top + topEntries * 32
  const place = (cluster: number) => data + (cluster - 2) * sector
  noise(filler).copy(slot, place(2 + 2 * clusters.length))
  for (const [i, cluster] of clusters.entries()) octets.copy(slot, place(cluster), i * sector, (i + 1) * sector)
  return slot
}

/** Octets that are the same for the same seed. */
function noise(seed: number): Buffer {
  const words = new Uint32Array(slotOctets / 4)
  let state = seed + 1
  for (let i = 0; i < words.length; i++) {
    // Marsaglia's xorshift.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer)
}

function entry(name: string, attributes: number, cluster: number, octets: number): Buffer {
  const made = Buffer.alloc(32)
  made.write(name, 'latin1')
  made.writeUInt8(attributes, 11)
  made.writeUInt16LE(cluster, 26)
  made.writeUInt32LE(octets, 28)
  return made
}

/** A long name in pieces of thirteen characters, the last one first. */
function longEntries(name: string): readonly Buffer[] {
  const pieces = name.match(/.{1,13}/gs) ?? []
  return pieces
    .map((piece, i) => {
      const text = Buffer.alloc(26, 0xff)
      text.write(`${piece}${piece.length < 13 ? '\0' : ''}`, 'utf16le')
      const made = Buffer.alloc(32)
      made.writeUInt8(i + 1 + (i === pieces.length - 1 ? 0x40 : 0), 0)
      made.writeUInt8(0x0f, 11)
      text.copy(made, 1, 0, 10)
      text.copy(made, 14, 10, 22)
      text.copy(made, 28, 22, 26)
      return made
    })
    .reverse()
}

/** The list of contents that a slot has of itself. */
export function slotManifest(version: string, reads: readonly number[] = [1]): string {
  const words = { name: 'porchlight', version, arch: 'arm64', built: 1, schema: { reads, writes: 1 }, sha256: {} }
  return `${JSON.stringify({ ...words, note: 'x'.repeat(1200) })}\n`
}

export type Making = Partial<Omit<Packing, 'key' | 'schema'>> & {
  readonly key?: KeyObject
  readonly reads?: readonly number[]
  /** What the slot's own list says, where that is another version. */
  readonly inside?: string
  readonly filler?: number
}

/** A workshop in a directory of its own: keys, and a place for slots and updates. */
export class Maker implements AsyncDisposable {
  readonly folder: string
  readonly keys = generateKeyPairSync('ed25519')

  private constructor(folder: string) {
    this.folder = folder
  }

  static async open(): Promise<Maker> {
    const maker = new Maker(await mkdtemp(join(tmpdir(), 'porchlight-maker-')))
    await writeFile(maker.keyPath, maker.keys.publicKey.export({ type: 'spki', format: 'pem' }))
    return maker
  }

  get keyPath(): string {
    return join(this.folder, 'update.pub')
  }

  /** Packs an update. @returns its path */
  async update({ reads = [1], inside, filler = 7, ...packing }: Making = {}): Promise<string> {
    const version = packing.version ?? '0.2.0'
    const arch = packing.arch ?? 'arm64'
    const slot = packing.slot ?? join(this.folder, `slot-${version}-${filler}.img`)
    if (packing.slot === undefined) {
      await writeFile(slot, fatSlot('manifest.json', slotManifest(inside ?? version, reads), filler))
    }
    const out = join(this.folder, `porchlight-${version}-${arch}.update`)
    const schema = { reads: [...reads], writes: 1 }
    await packUpdate({ key: this.keys.privateKey, built: 1, level: 1, ...packing, version, arch, slot, out, schema })
    return out
  }

  /** A file that stands for the partition of the other slot, with something in it. */
  async device(contents: Buffer = fatSlot('manifest.json', slotManifest('0.0.9'))): Promise<string> {
    const path = join(this.folder, 'device')
    await writeFile(path, contents)
    await truncate(path, slotOctets)
    return path
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true })
  }
}

/** The slots of a card, with all that was asked of the steward. What writes is what the installer is. */
export class RecordedSlots implements Slots {
  readonly arch = 'arm64'
  readonly version = '0.1.0'
  readonly slot = 'a'
  readonly other: Slots['other']
  readonly trial: Slots['trial']
  readonly fallback: Slots['fallback']
  readonly asked: string[] = []
  readonly #key: KeyObject
  /** Is called when something is asked. */
  readonly #at: (asked: string) => void | Promise<void>

  constructor(
    { keys }: Pick<Maker, 'keys'>,
    device: string | undefined,
    {
      trial,
      fallback,
      octets = slotOctets,
      at = () => {},
    }: Partial<Pick<Slots, 'trial' | 'fallback'>> & {
      octets?: number
      at?: (asked: string) => void | Promise<void>
    } = {},
  ) {
    this.other = device === undefined ? undefined : { device, version: '0.0.9', octets }
    this.trial = trial
    this.fallback = fallback
    this.#key = keys.publicKey
    this.#at = at
  }

  write(update: AsyncIterable<Buffer>, version: string, watching: Watching): Promise<void> {
    const { progress, signal } = watching
    return writeSlot(update, { device: this.other?.device ?? '', key: this.#key, version, progress, signal })
  }

  async choose(slot: string, version: string): Promise<void> {
    await this.#at(`choose ${slot} ${version}`)
    this.asked.push(`choose ${slot} ${version}`)
  }

  async back(): Promise<void> {
    this.asked.push('back')
  }

  async reboot(): Promise<void> {
    this.asked.push('reboot')
  }
}
