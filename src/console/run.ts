/** Runs a command line: here, in the running server, or on the store when no server runs. */
import { Failure } from '../base/failure.ts'
import { harmless } from '../base/words.ts'
import {
  type Answer,
  type Call,
  type ExitCode,
  exitCode,
  type Inside,
  type Transport,
  type Voice,
} from '../commands/command.ts'
import { commands } from '../commands/commands.ts'
import { parseCall } from '../commands/parse.ts'
import { controlPath, findPlaces } from '../commands/places.ts'
import type { World } from '../commands/world.ts'
import { attach, screenOf } from './attach.ts'
import { askConsole, askControl, type Request } from './control.ts'
import type { Desk } from './desk.ts'
import { askNewPassword, readPassword } from './prompt.ts'

/**
 * Runs one command line and says what it has to say.
 * @param words without the name of the program
 * @returns the exit code: 0 done, 1 failed or refused, 2 wrong usage. Only a bug is thrown.
 */
export async function runCommandLine(words: readonly string[], world: World): Promise<ExitCode> {
  const say = saying(world)
  try {
    const call = parseCall(words, commands)
    const { command } = call
    if (command.runs === 'inside') return await runInside(words, call, command, world, say)
    if (command.runs === 'console') {
      const { data } = findPlaces(call.options, world.environment)
      return await talk(await world.dial(controlPath(data)), [], world)
    }
    for (const line of await command.run(call, world)) say.print(line)
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say.complain(error.message)
    return exitCode(error)
  }
}

/** Makes the answers of the running server, for `serveControl`. */
export function answerCommands(desk: Desk): (request: Request, voice: Voice) => Promise<Answer> {
  return (request, voice) => answerCommand(request, voice, desk)
}

async function answerCommand({ words, password }: Request, voice: Voice, desk: Desk): Promise<Answer> {
  try {
    const told = { ...voice, password, dialogue: undefined, seen: undefined }
    const printed = await desk.carryOut(parseCall(words, commands), told)
    return { exit: 0, printed, complaint: undefined }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { exit: exitCode(error), printed: [], complaint: error.message }
  }
}

type Say = Pick<World, 'print' | 'complain'>

/** Whoever forgets that the words of strangers are in a line: they act on no terminal all the same. */
function saying(world: World): Say {
  const lines = (text: string) => text.split('\n').map(harmless).join('\n')
  return { print: text => world.print(lines(text)), complain: text => world.complain(lines(text)) }
}

/** The server has the store open when it runs; else this process opens it. */
async function runInside(
  words: readonly string[],
  call: Call,
  command: Inside,
  world: World,
  say: Say,
): Promise<ExitCode> {
  const places = findPlaces(call.options, world.environment)
  const password = command.password ? await newPassword(call, world) : undefined
  const server = await world.dial(controlPath(places.data))
  if (command.talks) return await talk(server, words, world)
  if (server) return askControl(server, { words: [...words], password }, say)
  await using household = await world.open(places)
  // Ctrl-C ends this process, as it does at any time: the store bears it.
  const { signal } = new AbortController()
  const print = async (line: string) => say.print(line)
  const context = {
    household,
    running: false,
    password,
    dialogue: undefined,
    house: undefined,
    seen: undefined,
    width: Number.POSITIVE_INFINITY,
    signal,
    print,
  }
  for (const line of await command.run(call, context)) say.print(line)
  return 0
}

/** Opens a console on the running server. @param words one command to do there; none for a prompt */
async function talk(server: Transport | undefined, words: readonly string[], world: World): Promise<ExitCode> {
  if (!server) throw new Failure('REFUSED', 'Porchlight is not running here. Start it first: porchlight serve')
  const { own, environment } = world
  await attach(await askConsole(server, words, screenOf(own, environment)), own)
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
