/**
 * The configuration file as the household changes it from the console: one setting, or a few that belong together, checked,
 * written whole, and taken over by the running server at once.
 */
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Config, firstBootTable, readConfig, settings } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import { isTable } from '../base/setting.ts'
import { readToml, type Written, writeToml } from '../base/toml.ts'
import { removeKey, removeTable, setKey } from '../base/toml-edit.ts'
import { type Places, readConfigText } from './places.ts'
import { removeFile, replaceFile } from './replace.ts'
import { useClock } from './shown.ts'
import { tryListening } from './tryout.ts'

/** What a change needs to take effect: nothing more, or that the server is started anew. */
export type Changed = { readonly restart: boolean }

/** A setting and its new value; undefined for the default. */
export type Change = readonly [key: string, value: Written | undefined]

type Parts = {
  readonly places: Pick<Places, 'config' | 'configAsked'>
  /** As it was read when the server, or the store, was opened. */
  readonly config: Config
  /** Has the running server take it over. @throws Failure, and then nothing has changed */
  apply(config: Config): Promise<void>
}

/** How the names of those settings begin that take effect when the server is started anew. */
const atStart = 'listen.'

/** The names of all settings, for completion. */
export function settingNames(): readonly string[] {
  return [...settings.keys()]
}

/** Where the file is kept as it was before the last change. */
export function backupPath(file: string): string {
  return `${file}.backup`
}

/** One for the process that has the store open. */
export class Configuration {
  readonly #places: Parts['places']
  readonly #apply: Parts['apply']
  /** With what the server was opened. */
  readonly #opened: Config
  #config: Config
  /** What the file said when it was last looked at. */
  #document: object = {}
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  private constructor({ places, config, apply }: Parts) {
    this.#places = places
    this.#apply = apply
    this.#opened = config
    this.#config = config
  }

  /** @throws Failure CONFIG when the file cannot be read */
  static async open(parts: Parts): Promise<Configuration> {
    const configuration = new Configuration(parts)
    await configuration.look()
    useClock(parts.config.console)
    return configuration
  }

  /** What holds. */
  get config(): Config {
    return this.#config
  }

  get path(): string {
    return this.#places.config
  }

  /** Reads the file again, for `written`: it may have been changed with an editor. @throws Failure CONFIG */
  async look(): Promise<string | undefined> {
    const text = await readConfigText(this.#places)
    this.#document = readToml(text ?? '')
    return text
  }

  /**
   * The value of a setting as it would be written in the file: that which is there, or the default. Two that are the same
   * are equal strings.
   * @returns undefined when there is no such setting
   */
  written(key: string): string | undefined {
    const row = settings.get(key)
    return row && (this.ofFile(key) ?? writeToml(row.default))
  }

  /** The same as a value: a path as it was typed, and not yet where it leads. */
  value(key: string): Written | undefined {
    const value = valueIn(this.#document, key)
    return isWritten(value) ? value : settings.get(key)?.default
  }

  /** The same as `written`, undefined where the default holds. */
  ofFile(key: string): string | undefined {
    const value = valueIn(this.#document, key)
    if (value === undefined) return undefined
    return isWritten(value) ? writeToml(value) : (JSON.stringify(value) ?? '')
  }

  /** Settings that were changed since the server was opened, and take effect when it is started anew. */
  get pending(): readonly string[] {
    return settingNames().filter(key => this.#waits(key))
  }

  /**
   * Sets one setting.
   * @param known what the person believes it to be, as `written` gives it: who changed it since is asked to look first
   * @throws Failure CONFIG when the value is not good or the file cannot be written, REFUSED when it was changed meanwhile,
   * NETWORK or TLS when an address or a certificate cannot be used. Nothing has changed then.
   */
  set(key: string, value: Written, known?: string): Promise<Changed> {
    return this.change([[key, value]], () => known)
  }

  /** Lets the default of a setting hold. @throws Failure as `set` */
  reset(key: string, known?: string): Promise<Changed> {
    return this.change([[key, undefined]], () => known)
  }

  /** Sets a few settings together, as only together they may be good. @throws Failure as `set` */
  change(changes: readonly Change[], known: (key: string) => string | undefined = () => undefined): Promise<Changed> {
    return this.#inTurn(async () => {
      const former = await this.look()
      for (const [key] of changes) this.#refuseConflict(key, known(key))
      const text = changes.reduce(edited, former ?? '')
      const config = readConfig(text, dirname(this.path))
      await tryListening(config, this.#opened)
      if (text !== former) await this.#exchange(former, text, config)
      // It was changed with an editor, and nobody has told the server.
      else if (!isDeepStrictEqual(config, this.#config)) await this.#apply(config)
      this.#take(text, config)
      return { restart: changes.some(([key]) => this.#waits(key)) }
    })
  }

  /** Takes over what was changed in the file by other means. @throws Failure, and then nothing has changed */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const text = (await this.look()) ?? ''
      const config = readConfig(text, dirname(this.path))
      await this.#apply(config)
      this.#take(text, config)
    })
  }

  /** Waits for a change that is under way. Those that come later are refused: the server is started anew with the file as it is. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#closed = true
    })
  }

  #refuseConflict(key: string, known: string | undefined): void {
    const present = this.written(key)
    if (present === undefined) throw new Failure('REFUSED', `There is no setting ${key}.`)
    if (known === undefined || known === present) return
    throw new Failure(
      'REFUSED',
      `${key} was changed meanwhile, at another console or in the file: it is ${present} now. To set it all the same, say it again.`,
    )
  }

  async #exchange(former: string | undefined, text: string, config: Config): Promise<void> {
    if ((await readConfigText(this.#places)) !== former) {
      throw new Failure(
        'REFUSED',
        `${this.path} was changed in this very moment, by hand. To set it all the same, say it again.`,
      )
    }
    // Passwords for the first start must not outlive it.
    if (former !== undefined) await replaceFile(backupPath(this.path), removeTable(former, firstBootTable))
    await replaceFile(this.path, text)
    try {
      await this.#apply(config)
    } catch (error) {
      if (former === undefined) await removeFile(this.path)
      else await replaceFile(this.path, former)
      await this.look()
      if (!(error instanceof Failure)) throw error
      throw new Failure(error.code, `${sentence(error)} Nothing is changed.`, { cause: error })
    }
  }

  #take(text: string, config: Config): void {
    this.#document = readToml(text)
    this.#config = config
    useClock(config.console)
  }

  #waits(key: string): boolean {
    return (
      key.startsWith(atStart) &&
      JSON.stringify(valueIn(this.#config, key)) !== JSON.stringify(valueIn(this.#opened, key))
    )
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(() => {
      if (this.#closed) throw new Failure('REFUSED', 'Porchlight is being started anew; try again in a moment.')
      return task()
    })
    this.#turn = result.catch(() => {})
    return result
  }
}

/** The settings as a person at one console has last seen them: from when they came, or when they were shown. */
export class Seen {
  readonly #values = new Map<string, string>()

  /** @returns as `Configuration.written`; undefined where nothing is known */
  get(key: string): string | undefined {
    return this.#values.get(key)
  }

  /** Notes what is shown now. @param keys all of them, when somebody comes */
  note(configuration: Configuration, keys: readonly string[] = settingNames()): void {
    for (const key of keys) this.#values.set(key, configuration.written(key) ?? '')
  }
}

function edited(text: string, [key, value]: Change): string {
  return value === undefined ? removeKey(text, key) : setKey(text, key, value)
}

/** Whether a setting can be this. */
export function isWritten(value: unknown): value is Written {
  if (typeof value === 'string' || typeof value === 'number') return true
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}

/** What a setting is in a document as it is written, or in one as it was understood: `"1m"`, or 60000. */
function valueIn(document: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((inner, name) => (isTable(inner) ? new Map(Object.entries(inner)).get(name) : undefined), document)
}
