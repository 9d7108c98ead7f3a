/** Update files made of the slot that an image has, and a place that the board can fetch them from. */
import { createPrivateKey } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { packUpdate } from '../../../scripts/pack-update.ts'
import { schema } from '../../../src/store/schema.ts'
import { type Disk, partitions } from './disk.ts'
import { type Arch, imageFolder } from './image.ts'
import { tool } from './tool.ts'

/** A library's key would do; this is the one whose public half is in the image that is tried. */
async function makersKey() {
  const path = process.env.PORCHLIGHT_KEY ?? join(imageFolder(), 'update.key')
  if (!existsSync(path))
    throw new Error(`There is no ${path}, which signs updates for the image; PORCHLIGHT_KEY names another.`)
  return createPrivateKey(await readFile(path))
}

/** Packs the first slot of a disk as if it were of another version. @returns the file */
export async function makeUpdate(disk: Disk, folder: string, arch: Arch, version: string): Promise<string> {
  const { start, octets } = await disk.place(partitions.a)
  const slot = join(folder, `slot-${version}.img`)
  await writeFile(slot, await disk.octets(start, octets))
  const manifest = (await tool(['mcopy', '-i', slot, '::manifest.json', '-'])).toString()
  const renamed = manifest.replace(/("version": *)"[^"]*"/, `$1"${version}"`)
  await tool(['mcopy', '-o', '-i', slot, '-', '::manifest.json'], Buffer.from(renamed))
  const { built } = JSON.parse(manifest)
  const out = join(folder, `porchlight-${version}-${arch}.update`)
  await packUpdate({
    slot,
    out,
    key: await makersKey(),
    version,
    arch,
    built,
    schema: { ...schema, reads: [...schema.reads] },
    level: 1,
  })
  return out
}

/** Hands out files of a folder over HTTP, on a loopback port. */
export class Shop implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(folder: string): Promise<Shop> {
    const server = createServer(async (request, response) => {
      const path = join(folder, request.url?.replace(/^.*\//, '') ?? '')
      if (!existsSync(path)) {
        response.writeHead(404).end()
        return
      }
      response.writeHead(200, { 'content-length': (await stat(path)).size })
      createReadStream(path)
        .on('error', () => response.destroy())
        .pipe(response)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new Shop(server)
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
