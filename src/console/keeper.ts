/** Keeps the house open: exchanges the server beneath the consoles and the control socket, which stay. */
import type { Config } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { House, Household } from '../commands/command.ts'

/** A server that is open, as `main.ts` opens it with all that belongs to it. */
export type Opened = { readonly household: Household; reload(): Promise<void>; close(): Promise<void> }

export class Keeper implements House {
  readonly data: string
  readonly #open: () => Promise<Opened>
  readonly #log: Log
  readonly #reopened: (config: Config) => void
  /** Undefined while it is exchanged. */
  #opened: Opened | undefined
  #config: Config
  #turn: Promise<void> = Promise.resolve()
  #closing = false

  private constructor(
    data: string,
    open: () => Promise<Opened>,
    opened: Opened,
    log: Log,
    reopened: (config: Config) => void,
  ) {
    this.data = data
    this.#open = open
    this.#opened = opened
    this.#config = opened.household.config
    this.#log = log
    this.#reopened = reopened
  }

  /**
   * @param data the data directory
   * @param reopened is told when it has been opened anew
   * @throws Failure why it cannot be opened
   */
  static async start(
    data: string,
    open: () => Promise<Opened>,
    log: Log,
    reopened: (config: Config) => void,
  ): Promise<Keeper> {
    return new Keeper(data, open, await open(), log, reopened)
  }

  get config(): Config {
    return this.#opened?.household.config ?? this.#config
  }

  get household(): Household {
    if (!this.#opened) throw new Failure('REFUSED', 'Porchlight is being started anew; try again in a moment.')
    return this.#opened.household
  }

  /** Takes the configuration and the certificate over as they are now. @throws Failure, and then nothing has changed */
  async reload(): Promise<void> {
    if (this.#closing) throw new Failure('REFUSED', 'Porchlight is stopping.')
    await this.#inTurn(async () => this.#opened?.reload())
  }

  restart(between: () => Promise<void> = async () => {}): Promise<void> {
    return this.#inTurn(() => this.#exchange(between))
  }

  /** Closes it for good. */
  close(): Promise<void> {
    this.#closing = true
    return this.#inTurn(async () => {
      await this.#opened?.close()
      this.#opened = undefined
    })
  }

  async #exchange(between: () => Promise<void>): Promise<void> {
    this.#log.info('the server is started anew')
    const former = this.#opened
    this.#config = this.config
    this.#opened = undefined
    try {
      await former?.close()
      await between()
    } finally {
      await this.#reopen()
    }
  }

  /** Whatever it is that cannot be opened any more: the supervisor tries it again, and says so. */
  async #reopen(): Promise<void> {
    try {
      this.#opened = await this.#open()
      this.#reopened(this.config)
    } catch (error) {
      this.#log.error({ reason: sentence(error) }, 'the server could not be started anew')
      throw new Error('The server could not be started anew.', { cause: error })
    }
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => {})
    return done
  }
}
