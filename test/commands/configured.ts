/** A household with a configuration file of its own, and command lines given to it one after the other. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { type Config, readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Context, Household } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { Configuration, type Seen } from '../../src/commands/configuration.ts'
import type { Dialogue } from '../../src/commands/dialogue.ts'
import { storedHousehold } from '../../src/commands/household.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { Store } from '../../src/store/store.ts'
import { temporaryDirectory } from './household.ts'

/** Free ports, so that nothing is tried at those of this machine. */
export const listensNowhere = 'listen = { smtp = [], submission = [], submissions = [], pop3 = [], pop3s = [] }\n'

export type Configured = AsyncDisposable & {
  readonly household: Household
  readonly store: Store
  readonly configuration: Configuration
  readonly directory: string
  readonly file: string
  /** What the server was told to take over. */
  readonly applied: Config[]
  text(): Promise<string>
  /** Does a command as a console does. @returns its lines, or its complaint as one */
  say(line: string, seen?: Seen, dialogue?: Dialogue): Promise<string>
}

/** @param text of the file; undefined for none @param apply what the server makes of a change */
export async function openConfigured(text: string | undefined, apply = async () => {}): Promise<Configured> {
  const folder = await temporaryDirectory()
  const file = join(folder.path, 'porchlight.toml')
  if (text !== undefined) await writeFile(file, text)
  const config = readConfig(text ?? '', folder.path)
  const applied: Config[] = []
  const configuration = await Configuration.open({
    places: { config: file, configAsked: false },
    config,
    apply: async config => {
      await apply()
      applied.push(config)
    },
  })
  const store = await Store.open(folder.path, { clock: systemClock, log: silentLog, reserve: 0 })
  const household = storedHousehold({ store, config, directory: folder.path, configuration })
  const say = async (line: string, seen?: Seen, dialogue?: Dialogue): Promise<string> => {
    const call = parseCall(line.split(' '), commands)
    if (call.command.runs !== 'inside') throw new Error(`${line} is not for the server`)
    const lines: string[] = []
    const context: Context = {
      household,
      house: undefined,
      width: Number.POSITIVE_INFINITY,
      running: true,
      password: undefined,
      dialogue,
      seen,
      signal: new AbortController().signal,
      print: async line => (dialogue ? dialogue.print(line) : void lines.push(line)),
    }
    try {
      lines.push(...(await call.command.run(call, context)))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      lines.push(error.message)
    }
    return lines.join('\n')
  }
  return {
    household,
    store,
    configuration,
    directory: folder.path,
    file,
    applied,
    text: () => readFile(file, 'utf8'),
    say,
    [Symbol.asyncDispose]: async () => {
      await household[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
