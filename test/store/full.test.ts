/**
 * A disk that is really full: the kernel refuses to let files of this process grow (RLIMIT_FSIZE), in the middle of a write
 * as a full disk does. What was acknowledged is there, what is refused is refused, and mail goes on when there is room.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Failure } from '../../src/base/failure.ts'
import { testClock } from '../support/household.ts'
import { contents, deliver, inbox, letter, numbers, Postbox } from './letters.ts'

// Without a handler the signal that comes with the refusal would end the process.
process.on('SIGXFSZ', () => {})

/** Sets how large files of this process may grow; only the soft limit, so that it can be raised again. */
function limitFiles(octets: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${octets}:`])
}

/** Octets of the largest file LevelDB is writing to. */
function largestLog(directory: string): number {
  const logs = readdirSync(directory).filter(name => name.endsWith('.log'))
  return Math.max(...logs.map(name => statSync(join(directory, name)).size))
}

/** Asks until the store takes mail again. */
async function recovery(postbox: Postbox): Promise<void> {
  while (postbox.store.failure) await setImmediate()
}

describe('on a full disk', () => {
  for (const room of [0, 100, 7000, 50_000, 150_000]) {
    test(`with ${room} octets left, mail is refused, and what was acknowledged stays`, { timeout: 30_000 }, async t => {
      t.after(() => limitFiles('unlimited'))
      const clock = testClock()
      await using postbox = await Postbox.make(['alice'], { clock })
      const { store } = postbox
      await Promise.all([10, 2000, 70_000, 200_000].map((size, i) => deliver(store, ['alice'], letter(size, i))))
      const before = await inbox(store, 'alice')

      limitFiles(largestLog(join(postbox.directory, 'log')) + room)
      const sizes = Array.from({ length: 24 }, (_, i) => [500, 3000, 90_000][i % 3] ?? 0)
      const answers = await Promise.allSettled(sizes.map((size, i) => deliver(store, ['alice'], letter(size, 100 + i))))
      const accepted = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
      const refused = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason] : []))
      assert.ok(refused.length > 0)
      for (const reason of refused) assert.ok(reason instanceof Failure && reason.code.startsWith('STORE_'))

      // While it lasts: no mail, no removal, but everything can be read.
      assert.throws(() => store.incoming(0), Failure)
      await assert.rejects(store.remove(numbers(store, 'alice')[0] ?? 0, [1]), Failure)
      await assert.rejects(store.accounts.add('bob', ''), Failure)
      assert.deepEqual((await inbox(store, 'alice')).slice(0, before.length), before)

      limitFiles('unlimited')
      assert.ok(store.failure, 'it is not tried again at once')
      await clock.sleep(5000, AbortSignal.timeout(0))
      await recovery(postbox)
      const after = await inbox(store, 'alice')
      assert.deepEqual(after.slice(0, before.length), before)
      const uidls = after.map(({ uidl }) => uidl)
      for (const uidl of accepted) assert.ok(uidls.includes(uidl), 'an acknowledged message is missing')

      await deliver(store, ['alice'], letter(90_000, 999))
      await store.accounts.add('bob', '')
      const all = await contents(store)
      assert.equal(all.accounts[0]?.messages.length, after.length + 1)
      await postbox.restart()
      assert.deepEqual(await contents(postbox.store), all)
    })
  }
})
