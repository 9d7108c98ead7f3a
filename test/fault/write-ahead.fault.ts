/**
 * LevelDB begins a new write-ahead file while the one before is not a table yet. A synced write into the new one leaves the
 * rest of the old one unsynced: a slow disk makes that last, and a power cut takes it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeHoard } from '../crash/random.ts'
import { command } from '../crash/session.ts'
import { Box } from './box.ts'

test('a message whose blocks lie in two write-ahead files of the log outlives a power cut', async () => {
  await using box = await Box.make()
  await box.disk.order('hold')
  // A file has room for 4 MiB, so that it is full in the middle of the second message.
  for (const _ of [1, 2]) assert.match(await box.offer([box.model.hoarder], makeHoard(box.random)), /^250/)
  assert.equal(await box.writeAheadFiles('log'), 2)
  await box.cutPower()
})

test('mail that lies in two write-ahead files of the index outlives a power cut', async () => {
  await using box = await Box.make()
  await box.disk.order('hold')
  await sendMany(box, 300)
  await fillWriteAhead(box)
  assert.equal(await box.writeAheadFiles('index'), 2)
  // More than 2,048 records in all: the checkpoint, which stands in the new file.
  await sendMany(box, 900)
  assert.equal(await box.writeAheadFiles('index'), 2)
  await box.cutPower()
})

/** Sends many tiny messages to one mailbox. */
async function sendMany(box: Box, messages: number): Promise<void> {
  const senders = 10
  const sender = async () => {
    for (let left = messages / senders; left > 0; left--) {
      assert.match(await box.offer(box.model.residents.slice(0, 1), Buffer.from('small\r\n')), /^250/)
    }
  }
  await Promise.all(Array.from({ length: senders }, sender))
}

/** Fills the index's write-ahead file, which has room for 1 MiB: an alias that leads to a hundred others is 6 KB each time. */
async function fillWriteAhead({ server, model }: Box): Promise<void> {
  const names = Array.from({ length: 100 }, (_, i) => `${'n'.repeat(60)}-${i}`)
  for (const name of names) await command(server, ['alias', 'add', name, 'alice'])
  const last = names.slice(-1)
  await command(server, ['alias', 'add', 'all', ...names])
  for (let left = 90; left > 0; left--) {
    await command(server, ['alias', 'remove', 'all', ...last])
    await command(server, ['alias', 'add', 'all', ...last])
  }
  for (const name of names) model.alias(name).settle('alice')
  model.alias('all').settle(names.join(', '))
}
