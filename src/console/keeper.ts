/**
 * Keeps the house open: exchanges the server beneath the consoles and the control socket, which stay. A mail store that cannot
 * be opened leaves them without a server, and is tried again.
 */
import { budget } from '../base/budget.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { isLasting } from '../commands/closed.ts'
import type { House, Household } from '../commands/command.ts'

/** A server that is open, as `main.ts` opens it with all that belongs to it. */
export type Opened = { readonly household: Household; reload(): Promise<void>; close(): Promise<void> }

export type KeeperOptions = {
  /** The data directory. */
  readonly data: string
  /** What holds until a server has been opened. */
  readonly config: Config
  readonly open: () => Promise<Opened>
  /** What consoles have while none can be opened. */
  readonly closed: (config: Config, why: Failure) => Household
  /** Is told when it has been opened anew. */
  readonly reopened: (config: Config) => void
  readonly log: Log
  readonly clock?: Clock
}

export class Keeper implements House {
  readonly data: string
  readonly #options: KeeperOptions
  readonly #clock: Clock
  /** Undefined while it is exchanged, and while it cannot be opened. */
  #opened: Opened | undefined
  /** What consoles have meanwhile, where it cannot be opened. */
  #closed: Household | undefined
  #config: Config
  #turn: Promise<void> = Promise.resolve()
  #retrying: Promise<void> | undefined
  readonly #closing = new AbortController()

  private constructor(options: KeeperOptions) {
    this.data = options.data
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#config = options.config
  }

  /** @throws Failure why it cannot be opened, where that leaves a console no use */
  static async start(options: KeeperOptions): Promise<Keeper> {
    const keeper = new Keeper(options)
    try {
      keeper.#opened = await options.open()
    } catch (error) {
      if (!isLasting(error)) throw error
      keeper.#hold(error)
    }
    return keeper
  }

  get config(): Config {
    return this.#opened?.household.config ?? this.#config
  }

  get household(): Household {
    const household = this.#opened?.household ?? this.#closed
    if (!household) throw new Failure('REFUSED', 'Porchlight is being started anew; try again in a moment.')
    return household
  }

  /** Takes the configuration and the certificate over as they are now. @throws Failure, and then nothing has changed */
  async reload(): Promise<void> {
    this.#refuseWhileClosing()
    await this.#inTurn(async () => this.#opened?.reload())
  }

  /** @throws Failure REFUSED when it is being closed for good: nobody would close what is opened then */
  async restart(between: () => Promise<void> = async () => {}): Promise<void> {
    this.#refuseWhileClosing()
    await this.#inTurn(() => this.#exchange(between))
  }

  /** Closes it for good. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#inTurn(async () => {
      await this.#opened?.close()
      this.#opened = undefined
      this.#closed = undefined
    })
    await this.#retrying
  }

  async #exchange(between: () => Promise<void>): Promise<void> {
    this.#options.log.info('the server is started anew')
    const former = this.#opened
    this.#config = this.config
    this.#opened = undefined
    this.#closed = undefined
    try {
      await former?.close()
      await between()
    } catch (error) {
      await this.#reopen()
      throw error
    }
    const why = await this.#reopen()
    if (why) throw new Failure(why.code, `Porchlight could not be started anew. ${why.message}`, { cause: why })
  }

  /**
   * @returns why it cannot be opened, where a console is of use then
   * @throws where it is of none, a bug: the supervisor tries it again, and says so
   */
  async #reopen(): Promise<Failure | undefined> {
    try {
      this.#opened = await this.#options.open()
    } catch (error) {
      if (isLasting(error)) return this.#hold(error)
      this.#options.log.error({ reason: sentence(error) }, 'the server could not be started anew')
      throw new Error('The server could not be started anew.', { cause: error })
    }
    this.#closed = undefined
    this.#options.reopened(this.config)
    return undefined
  }

  /** Goes on without a server. */
  #hold(why: Failure): Failure {
    const { closed, log } = this.#options
    // Said once and not at each attempt.
    if (this.#closed?.closed?.message !== why.message) {
      log.error({ reason: sentence(why) }, 'the mail store cannot be opened; it is tried again every minute')
    }
    this.#closed = closed(this.#config, why)
    this.#retrying ??= this.#retry().finally(() => (this.#retrying = undefined))
    return why
  }

  /**
   * What is wrong may pass, and nobody may be there. An attempt may look through the whole store and repair it, again and
   * again where the card is worn out: it gets a tenth of the time at most.
   * @throws what is no matter of the store: it ends the process, as at any start
   */
  async #retry(): Promise<void> {
    const { signal } = this.#closing
    for (let pause: number = budget.reopenMs; !this.#opened && !signal.aborted; ) {
      await this.#clock.sleep(pause, signal)
      await this.#inTurn(async () => {
        const begun = this.#clock.elapsed()
        if (this.#closed && !signal.aborted) await this.#reopen()
        pause = Math.max(budget.reopenMs, 9 * (this.#clock.elapsed() - begun))
      })
    }
  }

  #refuseWhileClosing(): void {
    if (this.#closing.signal.aborted) throw new Failure('REFUSED', 'Porchlight is stopping.')
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(task)
    this.#turn = done.then(
      () => {},
      () => {},
    )
    return done
  }
}
