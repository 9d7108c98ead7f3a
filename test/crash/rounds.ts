/** Rounds: mixed traffic that a kill ends, then a start on what is left, where all that was acknowledged must hold. */
import { randomInt } from 'node:crypto'
import { ServerProcess } from '../support/process.ts'
import { Fuse } from './fuse.ts'
import { inspect } from './inspect.ts'
import { inspectMarks } from './marks.ts'
import { Model } from './model.ts'
import { Random } from './random.ts'
import { command } from './session.ts'
import { runTraffic } from './traffic.ts'

export type Rounds = {
  readonly rounds: number
  readonly seed: number
  readonly data: string
  /** Variables of the server's environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** What befalls the data between a kill and the next start. @returns that in words */
  readonly befall: (random: Random) => Promise<string>
}

/** Settings for the server: many clients of one address, who log in without TLS, and a log that tells of sweeps. */
export const config = `
login.plaintext = "loopback"
limits.connections_per_address = 200
log.level = "debug"
`

/** The words of a command line: how many rounds, and the seed of a run before. */
export function chooseRounds(usual: number): { rounds: number; seed: number } {
  const [rounds = usual, seed = randomInt(2 ** 31)] = process.argv.slice(2).map(Number)
  return { rounds, seed }
}

/** Plays the rounds, and stops the server properly at the end. @throws what was wrong, and in which round */
export async function playRounds({ rounds, seed, data, environment = {}, befall }: Rounds): Promise<void> {
  const random = new Random(seed)
  const model = new Model()
  let round = 0
  try {
    while (round < rounds) {
      const befallen = round === 0 ? 'new' : await befall(random)
      if (round > 0) complain(await inspectMarks(data, model))
      round += 1
      console.log(`round ${round} (${befallen}): ${await playRound(data, environment, model, random)}`)
    }
    if (rounds > 0) {
      await befall(random)
      complain(await inspectMarks(data, model))
    }
    await withServer(data, environment, model, stop)
  } catch (cause) {
    throw new Error(`Failed at round ${round} of seed ${seed}; the data is kept in ${data}.`, { cause })
  }
}

/** Kills the server in the middle of traffic. @returns what was done, and how much of it was not answered */
function playRound(data: string, environment: Environment, model: Model, random: Random): Promise<string> {
  return withServer(data, environment, model, async server => {
    const fuse = new Fuse(random, () => server.signal('SIGKILL'))
    await runTraffic({ server, model, fuse }, random)
    const exit = await server.ended
    if (exit !== 'SIGKILL') throw new Error(`The server ended by itself: ${exit}.`)
    const { delivery, removal, mark, change } = fuse.counts
    const sweeps = server.log.filter(({ msg }) => msg === 'dead messages swept').length
    return `${delivery} deliveries, ${removal} deletions, ${mark} marks, ${change} changes, ${sweeps} sweeps; ${model.doubts} more in doubt`
  })
}

type Environment = Readonly<Record<string, string>>

/** Starts the server on whatever is left, and inspects it first. An error in its log is a fault. */
async function withServer<Value>(
  data: string,
  environment: Environment,
  model: Model,
  work: (server: ServerProcess) => Promise<Value>,
): Promise<Value> {
  await using server = await ServerProcess.start({ data, config, environment })
  try {
    if (model.isNew) await settleIn(server, model)
    else complain(await inspect(server, model))
    const done = await work(server)
    complain(errorsOf(server))
    return done
  } catch (cause) {
    const exit = await server.kill() // Then its log is whole.
    throw new Error([`The server ended with ${exit}; its last errors:`, ...errorsOf(server).slice(-5)].join('\n'), {
      cause,
    })
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
export async function settleIn(server: ServerProcess, { residents, hoarder }: Model): Promise<void> {
  for (const { name, password } of [...residents, hoarder]) {
    const secret = `the word of ${name}`
    await command(server, ['user', 'add', name], secret)
    password.settle(secret)
  }
}

/** @throws when there is something to complain of */
export function complain(faults: readonly string[]): void {
  const shown = 20
  const rest = faults.length > shown ? [`and ${faults.length - shown} more`] : []
  if (faults.length > 0) throw new Error([...faults.slice(0, shown), ...rest].join('\n'))
}
