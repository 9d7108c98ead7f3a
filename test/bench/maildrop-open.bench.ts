/** Opening a maildrop of 100,000 messages: how long it takes, and what the session then holds. */
import assert from 'node:assert/strict'
import { bench, scale, timed } from './harness.ts'
import { addAccount, fill, openStore } from './stock.ts'

const messages = Math.ceil(100_000 * scale)

/** Octets that JavaScript holds, in its heap and in buffers, once what is free is collected. */
function held(): number {
  // What the first one frees, the second one counts as free.
  for (const _ of [1, 2]) global.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

await bench('maildrop-open', `opening a maildrop of ${messages} messages`, async bench => {
  assert.ok(global.gc, 'run it with --expose-gc')
  await using stack = new AsyncDisposableStack()
  const store = await openStore(bench.directory)
  stack.defer(() => store.close())
  const id = await addAccount(store, 'alice')
  await fill(store, id, messages, 1000)
  await bench.measure('open', async () => {
    const before = held()
    const { seconds, value: maildrop } = await timed(() => store.maildrop(id))
    const more = held() - before
    assert.equal(maildrop.count, messages)
    return { ms: seconds * 1000, 'MB held': more / 1e6 }
  })
})
