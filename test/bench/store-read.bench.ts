/** Reading messages back from the store, in their order and at random, with the file system's cache warm. */
import assert from 'node:assert/strict'
import type { Store } from '../../src/store/store.ts'
import { bench, scale, timed } from './harness.ts'
import { KB, MB } from './mail.ts'
import { addAccount, fill, openStore } from './stock.ts'

const small = { octets: 10 * KB, messages: 5000 } as const
const large = { octets: 25 * MB, messages: 4 } as const

/** @returns octets read */
async function read(store: Store, seq: number): Promise<number> {
  let octets = 0
  const message = await store.message(seq)
  for await (const block of message.blocks()) octets += block.length
  return octets
}

/** A walk that visits every index once in an order that no cache foresees: 7919 divides no count used here. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7919) % count)
}

await bench('store-read', 'messages read from the store', async bench => {
  await using stack = new AsyncDisposableStack()
  const store = await openStore(bench.directory)
  stack.defer(() => store.close())
  const mailbox = async (name: string, messages: number, octets: number) => {
    const id = await addAccount(store, name)
    await fill(store, id, messages, octets)
    return store.maildrop(id)
  }
  const letters = await mailbox('alice', Math.ceil(small.messages * scale), small.octets)
  const pictures = await mailbox('bob', large.messages, large.octets)

  const orders = {
    'in order': Array.from({ length: letters.count }, (_, i) => i),
    'at random': shuffled(letters.count),
  }
  for (const [name, order] of Object.entries(orders)) {
    await bench.measure(`10 KB, ${name}`, async () => {
      const { seconds } = await timed(async () => {
        for (const index of order) assert.equal(await read(store, letters.seq(index)), small.octets)
      })
      return { 'messages/s': order.length / seconds }
    })
  }
  await bench.measure('25 MB', async () => {
    const { seconds } = await timed(async () => {
      for (let i = 0; i < pictures.count; i++) assert.equal(await read(store, pictures.seq(i)), large.octets)
    })
    return { 'MB/s': (pictures.count * large.octets) / MB / seconds }
  })
})
