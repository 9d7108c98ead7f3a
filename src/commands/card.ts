/**
 * `porchlight.toml` on the first partition: settings that a household writes on its own computer before the box starts, any of
 * the configuration, and the tables [setup] and [network]. They are applied once. What became of them is written back by the
 * steward; a file that was changed since is applied again. Mail is served whatever the file says.
 *
 * That it was applied is known by a digest in the store, noted behind everything that was done. So a power cut in between has
 * it done again, to the same end, and where the partition cannot be written, it is not done at each start.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as v from 'valibot'
import { settings as known, readConfig } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { removeKey, removeTable, setKey } from '../base/toml-edit.ts'
import type { Appliance } from '../board/appliance.ts'
import { cardAfter, isProblem, type Problem, plainCard, readCard } from './card-file.ts'
import { applyNetwork } from './card-network.ts'
import type { Household } from './command.ts'
import { type Change, type Configuration, isWritten } from './configuration.ts'
import { perform, planFor } from './first-boot.ts'
import { replaceFile } from './replace.ts'
import { keepSmarthostPassword } from './setup-mail.ts'
import { zonedMoment } from './shown.ts'

type Home = Pick<Household, 'accounts' | 'settings' | 'configuration' | 'board' | 'now'>
type Table = ReadonlyMap<string, unknown>

/** What was made of which text, and whether that is our own answer already. */
const record = v.object({
  digest: v.string(),
  problems: v.array(v.tuple([v.string(), v.string()])),
  answered: v.boolean(),
})
const recordName = 'card'
/** Problems that are told, and characters of each: the record has to fit a setting of the store. */
const [mostProblems, mostWords] = [100, 200] as const

const smarthostPassword = 'relay.password'

/**
 * Applies the file, where there is one that is new.
 * @returns whether the server has to be opened anew, for it to listen where the file says
 */
export async function applyCard(home: Home, log: Log): Promise<boolean> {
  const { board, configuration } = home
  if (!board || !configuration) return false
  try {
    const raw = await textOf(board)
    if (raw === undefined) return false
    const text = plainCard(raw)
    const found = readCard(text)
    if (!isProblem(found) && found.size === 0) return false
    const record = recordOf(home)
    const former = record?.digest === digestOf(raw) ? record : undefined
    const applied = former
      ? { problems: former.problems, restart: false }
      : await apply(text, found, home, board, configuration, log)
    for (const [setting, reason] of applied.problems)
      log.error({ setting, reason }, 'a line of porchlight.toml on the first partition cannot be used')
    if (former?.answered) return false
    await note(home, raw, applied.problems, false)
    await writeBack(text, applied.problems, home, board, log)
    return applied.restart
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ reason: sentence(error) }, 'porchlight.toml on the first partition cannot be applied')
    return false
  }
}

async function textOf(board: Appliance): Promise<string | undefined> {
  try {
    return await board.firstBoot()
  } catch (error) {
    throw new Failure('REFUSED', `it cannot be read (${sentence(error)})`, { cause: error })
  }
}

/** Carries out what can be. What is wrong with one part does not keep the others from it. */
async function apply(
  text: string,
  found: ReturnType<typeof readCard>,
  home: Home,
  board: Appliance,
  configuration: Configuration,
  log: Log,
) {
  if (isProblem(found)) return { problems: [found], restart: false }
  const { problems, restart } = await applySettings(text, found, configuration)
  const setup = tableIn(found, 'setup')
  if (setup.size > 0) {
    const plan = planFor(setup, home)
    await perform(plan, home)
    problems.push(...plan.problems.map(([key, words]) => [`setup.${key}`, words] as const))
  }
  problems.push(...(await applyNetwork(tableIn(found, 'network'), board)))
  const refused = new Set(problems.map(([key]) => key))
  const keys = Array.from(found.keys())
  const done = keys.filter(key => !refused.has(key))
  problems.sort(([a], [b]) => keys.indexOf(a) - keys.indexOf(b))
  if (done.length > 0) log.info({ done }, 'porchlight.toml on the first partition is applied')
  return { problems: problems.slice(0, mostProblems).map(([key, words]) => [key, shortened(words)] as const), restart }
}

function tableIn(found: Table, name: string): Table {
  const own = Array.from(found).filter(([key]) => key.startsWith(`${name}.`))
  return new Map(own.map(([key, value]) => [key.slice(name.length + 1), value]))
}

/** Those that are good go into the configuration together, since some are good together only. */
async function applySettings(text: string, found: Table, configuration: Configuration) {
  const problems: Problem[] = []
  const password = found.get(smarthostPassword)
  const passwordChange: readonly Change[] =
    typeof password === 'string' && password !== ''
      ? [['relay.password_file', await keepSmarthostPassword(configuration, password)]]
      : []
  const own = Array.from(found.keys()).filter(key => !/^(?:setup|network)\./.test(key) && key !== smarthostPassword)
  const judged = passwordChange.reduce(
    (text, [key, value = '']) => setKey(text, key, value),
    removeKey(removeTable(removeTable(text, 'network'), 'setup'), smarthostPassword),
  )
  const refuse = (failure: Failure, keys: readonly string[]): readonly string[] => {
    const refused = complaints(failure, keys)
    problems.push(...refused)
    return keys.filter(key => !refused.some(([other]) => other === key))
  }
  let good: readonly string[] = own.filter(key => isWritten(found.get(key)))
  for (const key of own) if (!good.includes(key)) problems.push([key, 'it is not text in quotes, a number or a list'])
  const wrong = failureOf(judged, configuration)
  if (wrong) good = refuse(wrong, good).filter(key => known.has(key))
  while (good.length > 0 || passwordChange.length > 0) {
    const changes: Change[] = [...passwordChange]
    for (const key of good) {
      const value = found.get(key)
      if (isWritten(value)) changes.push([key, value])
    }
    try {
      return { problems, restart: (await configuration.change(changes)).restart }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const left = refuse(error, good)
      if (left.length === good.length) {
        // Nobody can say which of them it is.
        problems.push(...(good.length > 0 ? good : [smarthostPassword]).map(key => [key, sentence(error)] as const))
        break
      }
      good = left
    }
  }
  return { problems, restart: false }
}

function failureOf(text: string, { path }: Configuration): Failure | undefined {
  try {
    readConfig(text, path)
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

/** Whose each line of a complaint is; one about a section is about all that stands there of it. */
function complaints({ message }: Failure, keys: readonly string[]): readonly Problem[] {
  return message.split('\n').flatMap(line => {
    const [, name = '', words = ''] = /^([^\s:]+): (.*)$/.exec(line) ?? []
    return keys.filter(key => key === name || key.startsWith(`${name}.`)).map(key => [key, words] as const)
  })
}

async function writeBack(
  text: string,
  problems: readonly Problem[],
  home: Home,
  board: Appliance,
  log: Log,
): Promise<void> {
  try {
    const after = cardAfter(text, problems, board.clockSet ? zonedMoment(home.now()) : '')
    await replaceFile(join(board.out, 'first-boot.toml'), after)
    await board.steward('first-boot')
    await note(home, after, problems, true)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ reason: sentence(error) }, 'porchlight.toml on the first partition still has what was in it')
  }
}

async function note(home: Home, text: string, problems: readonly Problem[], answered: boolean): Promise<void> {
  const value = JSON.stringify({ digest: digestOf(text), problems, answered })
  if (home.settings.get(recordName) !== value) await home.settings.set(recordName, value)
}

function recordOf({ settings }: Home): v.InferOutput<typeof record> | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), record), settings.get(recordName) ?? '')
  return read.success ? read.output : undefined
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

function shortened(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length > mostWords ? `${line.slice(0, mostWords)}…` : line
}
