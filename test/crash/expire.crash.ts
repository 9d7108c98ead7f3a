/**
 * Kills a process while old mail expires, over and over, until nothing old is left: what it said is gone is gone, whole
 * commits are gone or none of them, the oldest first, and no message goes that is young. By hand, with any number of
 * rounds and the seed of a run before: `node test/crash/expire.crash.ts 50 7`.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { keepFor, leastAgeMs } from '../../src/flow/retention.ts'
import { envelope, letter, numbers } from '../store/letters.ts'
import { openStore } from '../support/household.ts'
import { Random } from './random.ts'
import { chooseRounds } from './rounds.ts'

const { rounds, seed } = chooseRounds(3)
const day = leastAgeMs
const founded = Date.UTC(2026, 0, 1)
const [old, young] = [12_300, 700]
/** Messages of one commit. */
const slice = 1000
const expirer = join(import.meta.dirname, 'expirer.ts')

async function fill(directory: string): Promise<void> {
  const store = await openStore(directory, { clock: { ...systemClock, now: () => founded } })
  await store.accounts.add('alice', 'hash')
  const [alice = 0] = numbers(store, 'alice')
  await keepFor(store.settings, alice, 30 * day)
  const deliver = async (_: unknown, i: number) => {
    await using incoming = store.incoming(300)
    await incoming.append(letter(300, i))
    await incoming.commit(envelope([alice], founded + (i < old ? day : 40 * day)))
  }
  for (let at = 0; at < old + young; at += slice) {
    const some = Array.from({ length: Math.min(slice, old + young - at) }, (_, i) => deliver(_, at + i))
    await Promise.all(some)
  }
  await store.close()
}

/** @returns the UIDs that are there, in ascending order */
async function held(directory: string): Promise<number[]> {
  const store = await openStore(directory)
  const entries = await store.oldest(numbers(store, 'alice')[0] ?? 0, old + young + 1)
  const { count } = store.mailbox(numbers(store, 'alice')[0] ?? 0)
  await store.close()
  assert.equal(count, entries.length)
  return entries.map(({ uid }) => uid)
}

/** Lets mail expire until so many commits were heard of, and a bit more. @returns the messages that were said to be gone */
async function killExpirer(directory: string, random: Random): Promise<number> {
  const words = [expirer, directory, String(founded + 60 * day)]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  const [after, ms] = [random.below(4), random.below(8)]
  let gone = 0
  let heard = 0
  lines.on('line', line => {
    gone = Number(line)
    if (heard++ === after) setTimeout(() => child.kill('SIGKILL'), ms)
  })
  await Promise.all([once(child, 'exit'), closed])
  return gone
}

test(`what has expired stays gone, and nothing else goes, over ${rounds} rounds of kills (seed ${seed})`, async () => {
  const random = new Random(seed)
  for (let round = 0; round < rounds; round++) {
    const directory = await mkdtemp(join(tmpdir(), 'porchlight-expire-'))
    await fill(directory)
    let gone = 0
    let kills = 0
    for (; gone < old; kills++) {
      const said = await killExpirer(directory, random)
      const uids = await held(directory)
      const now = old + young - uids.length
      assert.ok(now >= gone + said, `${now} are gone, and ${said} after ${gone} were said to be`)
      assert.ok((now - gone) % slice === 0 || now === old, `${now} are gone after ${gone}: part of a commit`)
      assert.deepEqual(
        uids,
        Array.from({ length: uids.length }, (_, i) => now + i + 1),
      )
      gone = now
    }
    console.log(`round ${round + 1}: ${kills} kills`)
    await rm(directory, { recursive: true })
  }
})
