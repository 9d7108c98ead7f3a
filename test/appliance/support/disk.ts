/** A card or disk: a copy of an image, and what a person with a card reader sees and changes on it. */
import { type FileHandle, mkdtempDisposable, open, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool, tool } from './tool.ts'

/** By their numbers in the partition table. */
export const partitions = { select: 1, a: 2, b: 3, data: 4 } as const

const sector = 512
/** Of the four entries of the table: where they begin, and how long each is. */
const table = { at: 446, entry: 16 } as const

type Place = { readonly start: number; readonly octets: number }

export class Disk implements AsyncDisposable {
  /** Everything that belongs to it lies here. */
  readonly folder: string
  readonly path: string
  readonly #remove: () => Promise<void>

  private constructor(folder: string, remove: () => Promise<void>) {
    this.folder = folder
    this.path = join(folder, 'disk.img')
    this.#remove = remove
  }

  /** @param octets how large the card is, when it is larger than the image */
  static async copy(image: string, octets = 0): Promise<Disk> {
    const folder = await mkdtempDisposable(join(process.env.PORCHLIGHT_SCRATCH ?? tmpdir(), 'porchlight-board-'))
    const disk = new Disk(folder.path, () => folder.remove())
    await tool(['cp', '--reflink=auto', '--sparse=always', image, disk.path])
    const { size } = await stat(disk.path)
    if (octets > size) await truncate(disk.path, octets)
    return disk
  }

  /** Where a partition lies, in octets. */
  async place(partition: number): Promise<Place> {
    const entry = await this.#with('r', async file => {
      const { buffer } = await file.read(
        Buffer.alloc(table.entry),
        0,
        table.entry,
        table.at + (partition - 1) * table.entry,
      )
      return buffer
    })
    return { start: entry.readUInt32LE(8) * sector, octets: entry.readUInt32LE(12) * sector }
  }

  /** @returns a file of a FAT partition; undefined when there is none */
  async read(partition: number, file: string): Promise<Buffer | undefined> {
    const { exit, out } = await runTool(['mcopy', '-i', await this.#fat(partition), `::${file}`, '-'])
    return exit === 0 ? out : undefined
  }

  /** @returns a file of a FAT partition, as text @throws when there is none */
  async text(partition: number, file: string): Promise<string> {
    const octets = await this.read(partition, file)
    if (!octets) throw new Error(`There is no ${file} on partition ${partition}.`)
    return octets.toString()
  }

  async write(partition: number, file: string, octets: Buffer | string): Promise<void> {
    await tool(['mcopy', '-o', '-i', await this.#fat(partition), '-', `::${file}`], Buffer.from(octets))
  }

  /** Everything on a FAT partition, as paths. */
  async files(partition: number): Promise<readonly string[]> {
    const { out } = await runTool(['mdir', '-/', '-b', '-i', await this.#fat(partition), '::'])
    return out
      .toString()
      .split('\n')
      .map(line => line.replace(/^::\//, ''))
      .filter(line => line !== '')
  }

  /** Has debugfs do something with the data partition. @returns what it printed */
  async debugfs(request: string): Promise<string> {
    return (await tool(['/usr/sbin/debugfs', '-w', '-R', request, await this.#ext4()])).toString()
  }

  /** @returns a file of the data partition, as debugfs finds it */
  async dump(file: string): Promise<Buffer> {
    return tool(['/usr/sbin/debugfs', '-R', `cat ${file}`, await this.#ext4()])
  }

  /** The names in a folder of the data partition. */
  async list(folder: string): Promise<readonly string[]> {
    const rows = (await tool(['/usr/sbin/debugfs', '-R', `ls -p ${folder}`, await this.#ext4()])).toString()
    return rows
      .split('\n')
      .map(row => row.split('/')[5] ?? '')
      .filter(name => name !== '' && !/^\.\.?$/.test(name))
  }

  /** Turns bits over in one octet of a file of the data partition, wherever the file system has it. */
  async flip(file: string, at: number): Promise<void> {
    const block = 4096
    const found = await this.debugfs(`bmap ${file} ${Math.floor(at / block)}`)
    const { start } = await this.place(partitions.data)
    const position = start + Number(found.trim()) * block + (at % block)
    await this.#with('r+', async handle => {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position)
      buffer[0] = (buffer[0] ?? 0) ^ 0xff
      await handle.write(buffer, 0, 1, position)
    })
  }

  /** Plays back what the journal of the data partition holds, as a mount would: debugfs does not look there. */
  async settle(): Promise<void> {
    const { exit, complaint, out } = await runTool(['/usr/sbin/e2fsck', '-fp', await this.#ext4()])
    if (exit > 1) throw new Error(`e2fsck ended with ${exit}: ${complaint}${out}`)
  }

  /** @returns a piece of it */
  async octets(start: number, octets: number): Promise<Buffer> {
    return this.#with('r', async file => (await file.read(Buffer.alloc(octets), 0, octets, start)).buffer)
  }

  /** Writes straight into it. */
  async overwrite(start: number, octets: Buffer): Promise<void> {
    await this.#with('r+', file => file.write(octets, 0, octets.length, start))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove()
  }

  async #fat(partition: number): Promise<string> {
    return `${this.path}@@${(await this.place(partition)).start}`
  }

  async #ext4(): Promise<string> {
    return `${this.path}?offset=${(await this.place(partitions.data)).start}`
  }

  async #with<Value>(flags: 'r' | 'r+', work: (file: FileHandle) => Promise<Value>): Promise<Value> {
    await using file = await open(this.path, flags)
    return await work(file)
  }
}
