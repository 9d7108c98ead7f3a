/** Where the commands to the running server are carried out: those that change something one after the other. */
import { Failure } from '../base/failure.ts'
import type { Call, Context, House, Household, Lines } from '../commands/command.ts'

/** What is told with a call, by the socket or the console that it came over. */
export type Told = Pick<Context, 'password' | 'dialogue' | 'signal' | 'print' | 'seen'> & {
  /** All that this person may have; without it whatever the house has by then. */
  readonly within?: Household | undefined
}

export class Desk {
  readonly house: House
  #turn: Promise<unknown> = Promise.resolve()

  constructor(house: House) {
    this.house = house
  }

  /** @throws Failure what the command refuses, USAGE when it is not for a running server */
  carryOut(call: Call, told: Told): Promise<Lines> {
    const { command } = call
    if (command.runs !== 'inside') throw new Failure('USAGE', `${command.name} is not for the running server.`)
    if (command.talks && !told.dialogue) throw new Failure('USAGE', `${command.name} needs a terminal.`)
    const run = async () => {
      // Whoever has left, or pressed Ctrl-C, while others had their turn.
      if (told.signal.aborted) throw new Failure('GIVEN_UP', 'Stopped.')
      const { house } = this
      // A terminal leaves its last column empty.
      const width = told.dialogue ? told.dialogue.columns - 1 : Number.POSITIVE_INFINITY
      const household = told.within ?? house.household
      return command.run(call, { ...told, width, house, household, running: household.closed === undefined })
    }
    if (command.aside) return run()
    // Each checks its change against what the one before has left.
    const result = this.#turn.then(run)
    this.#turn = result.catch(() => {})
    return result
  }
}
