/** The cache of a card that a power cut empties (support/writes.ts): what it gives back is what QEMU had been told to write. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runTool } from './support/tool.ts'
import { WriteLog } from './support/writes.ts'

const KiB = 1024
const requests = [
  'write -P 1 0 4k',
  'write -z 8k 64k',
  'flush',
  'discard 128k 256k',
  'write -P 2 1M 4k',
  'flush',
  'write -P 3 2M 4k',
  // It is killed here, so that it cannot flush at its end.
  'sigraise 9',
] as const

async function cut(lost: boolean): Promise<{ readonly before: Buffer; readonly after: Buffer; readonly made: Buffer }> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-writes-'))
  const disk = { folder: folder.path, path: join(folder.path, 'disk.img') }
  const before = randomBytes(4096 * KiB)
  await writeFile(disk.path, before)
  const log = await WriteLog.begin(disk)
  const [, drive = ''] = log.words()
  await runTool([
    'qemu-io',
    '--image-opts',
    drive.replace('node-name=d0,', ''),
    ...requests.flatMap(word => ['-c', word]),
  ])
  const after = await readFile(disk.path)
  await log.lose({ percent: () => lost })
  return { before, after, made: await readFile(disk.path) }
}

test('a cache that had brought everything home leaves the disk as it is', async () => {
  const { before, after, made } = await cut(false)
  assert.ok(!after.equals(before) && made.equals(after))
})

test('a cache that had brought nothing home leaves what was flushed, and no more', async () => {
  const { before, after, made } = await cut(true)
  const part = (disk: Buffer, from: number, to: number) => disk.subarray(from * KiB, to * KiB)
  assert.ok(part(made, 0, 2048).equals(part(after, 0, 2048)), 'what was flushed is there')
  assert.ok(part(made, 2048, 4096).equals(part(before, 2048, 4096)), 'what was not flushed is lost')
})
