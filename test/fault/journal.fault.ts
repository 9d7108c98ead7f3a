/** The log on a disk that fails under a running server: it is read back from memory, and is written when the disk is well again. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Box } from './box.ts'

const cannot = 'mail cannot be kept'
/** Longer than the server waits between two attempts to open its store again. */
const patienceMs = 15_000

describe('on a disk that fails', { concurrency: true }, () => {
  for (const order of ['enospc', 'eio', 'fsync'] as const) {
    test(`by ${order}, no line of the log is lost`, async () => {
      await using box = await Box.make()
      const { server, model } = box
      await box.disk.order(order)
      assert.match(await box.offer(model.residents), /^45[12] /)
      assert.match((await server.command(['log'])).out, /! Mail was refused, because it cannot be kept: /)

      await box.disk.withdraw()
      const until = Date.now() + patienceMs
      while (!(await box.offer(model.residents)).startsWith('250')) {
        assert.ok(Date.now() < until, 'it does not take mail again')
        await setTimeout(500)
      }
      await server.stop()
      const written = await messages(join(server.data, 'journal'))
      assert.ok(written.includes(cannot))
      assert.deepEqual(
        written,
        server.log.map(({ msg }) => msg),
      )
    })
  }
})

/** What the lines say that are on the disk. */
async function messages(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).toSorted()
  const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')))
  const lines = texts.join('').split('\n')
  return lines.filter(line => line !== '').map(line => String(JSON.parse(line).msg))
}
