/** The clock of a board that has no battery for it: until somebody has told it the time, what it shows is a guess. */
import { type Clock, systemClock } from '../base/clock.ts'
import type { Appliance } from './appliance.ts'

/** @param board undefined where the server runs on any other machine, whose clock is believed */
export function clockOf(board: Pick<Appliance, 'clockSet'> | undefined): Clock {
  return board ? { ...systemClock, unset: () => !board.clockSet } : systemClock
}
