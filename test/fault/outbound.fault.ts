/**
 * Cuts the power while mail goes out: the server is killed, and whatever it had not synced may be gone, torn or garbage when it
 * starts again. What was acknowledged is in the queue, what was written down of an attempt is not forgotten, and a report is
 * there together with the attempt that it tells of. By hand, with any number of rounds and the seed of a run before:
 * `node test/fault/outbound.fault.ts 100 7`.
 */
import { test } from 'node:test'
import { playOutboundRounds } from '../crash/outbound-rounds.ts'
import { bounceStages, deliveryStages, playStages, type Stage } from '../crash/outbound-stages.ts'
import type { OutboxOptions } from '../crash/outbox.ts'
import type { Random } from '../crash/random.ts'
import { chooseRounds } from '../crash/rounds.ts'
import { Disk } from './disk.ts'

const { rounds, seed } = chooseRounds(8)

/** At the others nothing is written that was not written at these. */
const telling: readonly Stage['at'][] = ['submitted', 'connect', 'half', 'QUIT']

test('of an attempt that a power cut ends, all is left that was acknowledged or written down', async () => {
  const stages = deliveryStages.filter(({ at, kill }) => kill !== 'before' || telling.includes(at))
  for (const line of await playStages({ stages: [...stages, ...bounceStages], ...underCuts() })) console.log(line)
})

test(`mail that goes out outlives ${rounds} power cuts (seed ${seed})`, async () => {
  await playOutboundRounds({ rounds, seed, ...underCuts() })
})

/** A disk below the server, and what it does when the power is cut. */
function underCuts() {
  const made = Promise.withResolvers<Disk>()
  const below: OutboxOptions['below'] = async (directory, data) => {
    made.resolve(await Disk.make(directory, data))
    return (await made.promise).environment
  }
  return { below, befall: async (_data: string, random: Random) => (await made.promise).cut(random) }
}
