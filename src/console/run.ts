/** Runs a command line: here, in the running server, or on the store when no server runs. */
import { Failure } from '../base/failure.ts'
import {
  type Answer,
  type Call,
  type Context,
  type ExitCode,
  exitCode,
  type Household,
  type Inside,
  type Voice,
  type World,
} from './command.ts'
import { commands } from './commands.ts'
import { askControl, type Request } from './control.ts'
import { parseCall } from './parse.ts'
import { controlPath, findPlaces } from './places.ts'
import { askNewPassword, readPassword } from './prompt.ts'

/**
 * Runs one command line and says what it has to say.
 * @param words without the name of the program
 * @returns the exit code: 0 done, 1 failed or refused, 2 wrong usage. Only a bug is thrown.
 */
export async function runCommandLine(words: readonly string[], world: World): Promise<ExitCode> {
  try {
    const call = parseCall(words, commands)
    const { command } = call
    if (command.runs === 'inside') return await runInside(words, call, command, world)
    for (const line of await command.run(call, world)) world.print(line)
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    world.complain(error.message)
    return exitCode(error)
  }
}

/**
 * Makes the answers of the running server, for `serveControl`. One command at a time: each checks its change against what
 * the one before has left.
 */
export function answerCommands(household: Household): (request: Request, voice: Voice) => Promise<Answer> {
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(run)
    turn = result.catch(() => {})
    return result
  }
  return (request, voice) => answerCommand(request, { ...voice, household, running: true, dialogue: undefined }, inTurn)
}

async function answerCommand(
  { words, password }: Request,
  context: Omit<Context, 'password'>,
  inTurn: <Result>(run: () => Promise<Result>) => Promise<Result>,
): Promise<Answer> {
  try {
    const { command, operands, options } = parseCall(words, commands)
    if (command.runs !== 'inside') throw new Failure('USAGE', `${command.name} is not for the running server.`)
    const run = () => command.run({ command, operands, options }, { ...context, password })
    const printed = await (command.aside ? run() : inTurn(run))
    return { exit: 0, printed, complaint: undefined }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { exit: exitCode(error), printed: [], complaint: error.message }
  }
}

/** The server has the store open when it runs; else this process opens it. */
async function runInside(words: readonly string[], call: Call, command: Inside, world: World): Promise<ExitCode> {
  const places = findPlaces(call.options, world.environment)
  const password = command.password ? await newPassword(call, world) : undefined
  const server = await world.dial(controlPath(places.data))
  if (server) return askControl(server, { words: [...words], password }, world)
  await using household = await world.open(places)
  // Ctrl-C ends this process, as it does at any time: the store bears it.
  const { signal } = new AbortController()
  const print = async (line: string) => world.print(line)
  const context = { household, running: false, password, dialogue: undefined, signal, print }
  for (const line of await command.run(call, context)) world.print(line)
  return 0
}

/** Asked for here, where the person is: only then does the command go to the server. */
async function newPassword({ options }: Call, { terminal }: World): Promise<string | undefined> {
  if (options.generate && options['password-stdin']) {
    throw new Failure('USAGE', '--generate and --password-stdin cannot both be.')
  }
  if (options.generate) return undefined
  return options['password-stdin'] ? readPassword(terminal.input) : askNewPassword(terminal)
}
