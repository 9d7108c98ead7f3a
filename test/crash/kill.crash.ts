/**
 * Kills the server in the middle of mixed traffic, starts it again on the same data, and looks whether all that was
 * acknowledged holds: each message there once and whole, deletions exact, UIDLs unchanged, accounts and aliases as they
 * were left. By hand, with any number of rounds and the seed of a run before: `node test/crash/kill.crash.ts 500 7`.
 * Choices are the seed's; how the sessions interleave is not.
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServerProcess } from '../support/process.ts'
import { Fuse } from './fuse.ts'
import { inspect } from './inspect.ts'
import { Model } from './model.ts'
import { Random } from './random.ts'
import { command } from './session.ts'
import { setBack } from './setback.ts'
import { runTraffic } from './traffic.ts'

const [rounds = process.env.CRASH_ROUNDS ?? '5', seed = process.env.CRASH_SEED ?? String(randomInt(2 ** 31))] =
  process.argv.slice(2)

const config = `
login.plaintext = "loopback"
limits.connections_per_address = 200
`

test(`what was acknowledged outlives ${rounds} kills (seed ${seed})`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'porchlight-crash-'))
  const data = join(directory, 'data')
  const random = new Random(Number(seed))
  const model = new Model()
  let round = 0
  try {
    while (round < Number(rounds)) {
      const setback = round === 0 ? 'new' : await setBack(data, random)
      round += 1
      console.log(`round ${round} (${setback}): ${await playRound(data, model, random)}`)
    }
    await withServer(data, model, stop)
  } catch (cause) {
    throw new Error(`Failed at round ${round} of seed ${seed}; the data is kept in ${directory}.`, { cause })
  }
  await rm(directory, { recursive: true })
})

/** Kills the server in the middle of traffic. @returns what was done, and how much of it was not answered */
async function playRound(data: string, model: Model, random: Random): Promise<string> {
  return withServer(data, model, async server => {
    const fuse = new Fuse(random, () => server.signal('SIGKILL'))
    await runTraffic({ server, model, fuse }, random)
    const exit = await server.ended
    if (exit !== 'SIGKILL') throw new Error(`The server ended by itself: ${exit}.`)
    const { delivery, removal, change } = fuse.counts
    return `${delivery} deliveries, ${removal} deletions, ${change} changes; ${model.doubts} more in doubt`
  })
}

/** Starts the server on whatever the kill before has left, and inspects it first. An error in its log is a fault. */
async function withServer<Value>(
  data: string,
  model: Model,
  work: (server: ServerProcess) => Promise<Value>,
): Promise<Value> {
  await using server = await ServerProcess.start({ data, config })
  try {
    if (model.isNew) await settleIn(server, model)
    else complain(await inspect(server, model))
    const done = await work(server)
    complain(errorsOf(server))
    return done
  } catch (cause) {
    await server.kill() // Then its log is whole.
    throw new Error(['The server logged at last:', ...errorsOf(server).slice(-5)].join('\n'), { cause })
  }
}

async function stop(server: ServerProcess): Promise<void> {
  const exit = await server.stop()
  if (exit !== 0) throw new Error(`Asked to stop, the server ended with ${exit}.`)
}

function errorsOf({ log }: ServerProcess): string[] {
  return log.filter(({ level }) => Number(level) >= 50).map(entry => JSON.stringify(entry))
}

/** The residents move in. */
async function settleIn(server: ServerProcess, { residents }: Model): Promise<void> {
  for (const { name, password } of residents) {
    const secret = `the word of ${name}`
    await command(server, ['user', 'add', name], secret)
    password.settle(secret)
  }
}

function complain(faults: readonly string[]): void {
  const shown = 20
  const rest = faults.length > shown ? [`and ${faults.length - shown} more`] : []
  if (faults.length > 0) throw new Error([...faults.slice(0, shown), ...rest].join('\n'))
}
