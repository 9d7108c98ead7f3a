/**
 * Cuts the power in the middle of mixed traffic: the server is killed, and whatever it had not synced may be gone, torn or
 * garbage when it starts again. All that was acknowledged must hold all the same. By hand, with any number of rounds and
 * the seed of a run before: `node test/fault/power-cut.fault.ts 100 7`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { chooseRounds, playRounds } from '../crash/rounds.ts'
import { killWhileOpening } from '../crash/setback.ts'
import { Disk } from './disk.ts'

const { rounds, seed } = chooseRounds(10)

test(`what was acknowledged outlives ${rounds} power cuts (seed ${seed})`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'porchlight-fault-'))
  const data = join(directory, 'data')
  const disk = await Disk.make(directory, data)
  const { environment } = disk
  await playRounds({
    rounds,
    seed,
    data,
    environment,
    befall: async random => {
      const first = await disk.cut(random)
      if (random.percent(70)) return first
      await killWhileOpening(data, random, environment)
      return `${first}, then ${await disk.cut(random)} at the start`
    },
  })
  await rm(directory, { recursive: true })
})
