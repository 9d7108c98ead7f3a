/** Who may use a serial console: whoever knows its password, or whoever is at the line, as the household has set it. */
import { verifyPassword } from '../auth/password.ts'
import type { Household } from '../commands/command.ts'
import { GivenUp } from '../commands/dialogue.ts'
import { passwordSetting } from '../commands/passwd.ts'
import type { Terminal } from './terminal.ts'

/** Wrong or empty passwords in a row after which the line is left alone for a while. */
const attempts = 3
/** The longest it is left alone, ms. */
const longestMs = 60_000

/** One for all lines: who tries at one has to wait at the other. */
export class Doorkeeper {
  /** Rounds of wrong passwords in a row. */
  #failures = 0

  /**
   * Lets a person in.
   * @returns false when they have not found the password
   */
  async admit(terminal: Terminal, { settings, config }: Household): Promise<boolean> {
    const stored = settings.get(passwordSetting)
    if (config.console.trust === 'line' || stored === undefined) return true
    for (let attempt = 0; attempt < attempts; attempt++) {
      const password = await terminal.ask('Password: ', { hidden: true })
      // Enter alone is somebody who wants to see whether the line is alive, or an echo of what was written to it.
      const verdict = password === '' ? 'wrong' : await verifyPassword(password, stored)
      if (verdict === 'valid' || verdict === 'outdated') {
        this.#failures = 0
        return true
      }
      await terminal.print(verdict === 'busy' ? 'Too much is going on; try again.' : 'That is not it.')
      await this.#pause(terminal, 1000)
    }
    this.#failures += 1
    await terminal.print('Try again later. Who has lost the password finds the way in the manual, under Recovery.')
    await this.leaveAlone(terminal)
    return false
  }

  /** Lets a line that talks nonsense be for a while, the longer the more often. What comes meanwhile is thrown away. */
  leaveAlone(terminal: Terminal): Promise<void> {
    return this.#pause(terminal, Math.min(2000 * 2 ** this.#failures, longestMs))
  }

  async #pause(terminal: Terminal, ms: number): Promise<void> {
    const end = performance.now() + ms
    for (let left = ms; left > 0; left = end - performance.now()) {
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
