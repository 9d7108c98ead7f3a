/** Who may use a serial console: whoever knows its password, or whoever is at the line, as the household has set it. */
import { verifyPassword } from '../auth/password.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { House } from '../commands/command.ts'
import { GivenUp } from '../commands/dialogue.ts'
import { passwordSetting } from '../commands/passwd.ts'
import type { Terminal } from './terminal.ts'

/** Whoever stands at the door. */
type Visitor = Pick<Terminal, 'ask' | 'print' | 'key' | 'endCommand' | 'left'>

/** Passwords that are asked for before the greeting comes again. */
const attempts = 3
/** Wrong passwords in a row that anybody may type; each one more doubles the wait after it, up to the longest. */
const free = 3
const shortestMs = 1000
const longestMs = 60_000

/** One for all lines: passwords that were wrong at one make the wait at the others longer, too. */
export class Doorkeeper {
  /** Wrong passwords in a row. */
  #wrong = 0
  /** Until when a line is left alone, by the clock that does not jump: pulling the plug or Ctrl-C does not shorten it. One for each line. */
  readonly #rests = new Map<string, number>()
  readonly #clock: Pick<Clock, 'elapsed'>

  constructor(clock: Pick<Clock, 'elapsed'> = systemClock) {
    this.#clock = clock
  }

  /**
   * Lets a person in.
   * @param tty the name of the line
   * @returns false when they have not found the password
   * @throws Failure REFUSED while the server is started anew, GIVEN_UP when the person goes
   */
  async admit(terminal: Visitor, house: House, tty: string): Promise<boolean> {
    const { settings, config } = house.household
    if (config.console.trust === 'line' || settings.get(passwordSetting) === undefined) return true
    await this.#rest(terminal, tty)
    for (let attempt = 0; attempt < attempts; attempt++) {
      const password = await terminal.ask('Password: ', { hidden: true })
      const verdict = await this.#weigh(password, house)
      if (verdict === 'valid' || verdict === 'outdated') {
        this.#wrong = 0
        this.#rests.delete(tty)
        return true
      }
      const waitMs = this.#waitMs
      this.#leave(tty, waitMs)
      const wait = waitMs > shortestMs ? ` Wait ${waitMs / 1000} seconds.` : ''
      await terminal.print(verdict === 'busy' ? 'Too much is going on; try again.' : `That is not it.${wait}`)
      await this.#rest(terminal, tty)
    }
    await terminal.print('Try again later. Who has lost the password finds the way in the manual, under Recovery.')
    return false
  }

  /** Lets a line that talks nonsense be for a while. What comes meanwhile is thrown away. */
  leaveAlone(terminal: Visitor): Promise<void> {
    return this.#pause(terminal, Math.max(2 * shortestMs, this.#waitMs))
  }

  /** By the password as it is now: it may have been changed while this one was typed. */
  async #weigh(password: string, house: House): ReturnType<typeof verifyPassword> {
    // Enter alone is somebody who wants to see whether the line is alive, or an echo of what was written to it.
    if (password === '') return 'wrong'
    const verdict = await verifyPassword(password, house.household.settings.get(passwordSetting))
    if (verdict === 'wrong') this.#wrong += 1
    return verdict
  }

  get #waitMs(): number {
    return Math.min(shortestMs * 2 ** Math.max(0, this.#wrong - free), longestMs)
  }

  #leave(tty: string, ms: number): void {
    const now = this.#clock.elapsed()
    for (const [line, until] of this.#rests) if (until <= now) this.#rests.delete(line)
    this.#rests.set(tty, now + ms)
  }

  #rest(terminal: Visitor, tty: string): Promise<void> {
    return this.#pause(terminal, (this.#rests.get(tty) ?? 0) - this.#clock.elapsed())
  }

  async #pause(terminal: Visitor, ms: number): Promise<void> {
    const end = this.#clock.elapsed() + ms
    for (let left = ms; left > 0; left = end - this.#clock.elapsed()) {
      try {
        await terminal.key(left)
      } catch (error) {
        // Ctrl-C is a key like any other here.
        if (!(error instanceof GivenUp) || terminal.left) throw error
        terminal.endCommand()
      }
    }
  }
}
