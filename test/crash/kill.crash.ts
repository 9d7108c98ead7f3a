/**
 * Kills the server in the middle of mixed traffic, starts it again on the same data, and looks whether all that was
 * acknowledged holds: each message there once and whole, deletions exact, UIDLs unchanged, accounts and aliases as they
 * were left. By hand, with any number of rounds and the seed of a run before: `node test/crash/kill.crash.ts 500 7`.
 * Choices are the seed's; how the sessions interleave is not.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { chooseRounds, playRounds } from './rounds.ts'
import { setBack } from './setback.ts'

const { rounds, seed } = chooseRounds(50)

test(`what was acknowledged outlives ${rounds} kills (seed ${seed})`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'porchlight-crash-'))
  const data = join(directory, 'data')
  await playRounds({ rounds, seed, data, befall: random => setBack(data, random) })
  await rm(directory, { recursive: true })
})
