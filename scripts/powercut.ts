/**
 * Pulls the plug of an emulated board in the middle of mail: `npm run test:powercut -- [N] [--machine virt|q35] [--seed S]`, or
 * with `--update` in the middle of an update. Each cut is followed by a start, where all that was acknowledged must be there.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { playCuts } from '../test/appliance/support/cuts.ts'
import type { Kind } from '../test/appliance/support/kinds.ts'
import { playUpdateCuts } from '../test/appliance/support/update-cuts.ts'
import { makeVictim } from '../test/appliance/support/victim.ts'
import { Random } from '../test/crash/random.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    machine: { type: 'string', default: 'virt' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    update: { type: 'boolean', default: false },
  },
})
const kind = (['virt', 'q35'] as const).find(kind => kind === values.machine)
if (!kind) throw new Error('The machines are virt and q35.')
const [cuts, seed] = [Number(positionals[0] ?? 5), Number(values.seed)]
console.log(`${cuts} power cuts on ${kind}${values.update ? ' during updates' : ''}, seed ${seed}`)
if (values.update) await playUpdateCuts(kind, cuts, seed)
else await playTrafficCuts(kind)

async function playTrafficCuts(kind: Kind): Promise<void> {
  await using opened = new AsyncDisposableStack()
  const make = async (port: number) => {
    const victim = await makeVictim(kind, port, new Random(seed ^ 1))
    opened.use(victim.machine)
    return victim
  }
  await playCuts({ cuts, seed, make })
}
