/** Where a command finds the data and the configuration. */
import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { budget } from '../base/budget.ts'
import { type Config, defaultConfig, readConfig } from '../base/config.ts'
import { codeOf, Failure, sentence } from '../base/failure.ts'
import type { Call } from './command.ts'

export type Places = {
  /** The data directory. */
  readonly data: string
  /** The configuration file. */
  readonly config: string
  /** Whether the file was asked for: then it must be there. */
  readonly configAsked: boolean
  /** Where the boot scripts of a board of ours tell about it; undefined on any other machine. */
  readonly board?: string | undefined
}

const standardData = '/var/lib/porchlight'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
}

/** `--data` before PORCHLIGHT_DATA before the standard place; `--config` before the file in the data directory. */
export function findPlaces(
  { data = '', config, board }: Call['options'],
  environment: Readonly<Record<string, string | undefined>>,
): Places {
  const folder = resolve(data || environment.PORCHLIGHT_DATA || standardData)
  return {
    data: folder,
    config: resolve(config ?? join(folder, 'porchlight.toml')),
    configAsked: config !== undefined,
    board: board === undefined ? undefined : resolve(board),
  }
}

/** The control socket of the server that has this data directory open. */
export function controlPath(data: string): string {
  return join(data, 'control.sock')
}

/**
 * Reads the configuration, or gives the defaults when there is no file and none was asked for.
 * @returns the settings and the file they are from
 * @throws Failure CONFIG with every problem, one a line under the name of the file
 */
export async function loadConfig(
  places: Places,
): Promise<{ readonly config: Config; readonly file: string | undefined }> {
  const text = await readConfigText(places)
  if (text === undefined) return { config: defaultConfig(), file: undefined }
  try {
    return { config: readConfig(text, dirname(places.config)), file: places.config }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('CONFIG', `${places.config} cannot be used:\n${error.message}`, { cause: error })
  }
}

/**
 * Reads the text of the configuration file.
 * @returns undefined when there is none and none was asked for
 * @throws Failure CONFIG why it cannot be read
 */
export async function readConfigText({
  config,
  configAsked,
}: Omit<Places, 'data' | 'board'>): Promise<string | undefined> {
  try {
    if ((await stat(config)).size > budget.configFile) throw new Error(`it has more than ${budget.configFile} octets`)
    const octets = await readFile(config)
    if (!isUtf8(octets)) throw new Error('it is not UTF-8 text')
    return octets.toString('utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' && !configAsked) return undefined
    throw new Failure('CONFIG', `${config} cannot be read: ${reasons[code] ?? sentence(error)}.`, { cause: error })
  }
}
