/**
 * Whether what is on trial works. Said once to the steward, who then keeps this version; where it does not come to be well,
 * the board is started anew, which takes one start off the trial: when none is left, the version before comes back.
 */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Appliance } from './appliance.ts'

/** Something that has to work. @returns why it does not, as a sentence; undefined where it does */
export type Vital = () => Promise<string | undefined>

type Trial = {
  readonly board: Pick<Appliance, 'trial' | 'version' | 'steward' | 'reboot'>
  /** Looked at in this order. */
  readonly vitals: readonly Vital[]
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Resolves when there is nothing more to do: it is well, given up, or stopped. */
export async function standTrial({ board, vitals, log, clock, signal }: Trial): Promise<void> {
  if (!board.trial) return
  const { version } = board
  const begun = clock.elapsed()
  let said = ''
  while (!signal.aborted) {
    const why = await flawOf(vitals, () => board.steward('healthy'))
    if (why === undefined) return log.warn({ version }, 'this version works; it is kept')
    if (signal.aborted) return
    if (why !== said) log.error({ version, why }, 'this version does not work yet')
    said = why
    if (clock.elapsed() - begun >= budget.trialMs) break
    await clock.sleep(budget.trialAgainMs, signal)
  }
  if (signal.aborted) return
  log.error({ version, left: board.trial?.left }, 'this version does not work; the board is started anew')
  try {
    await board.reboot()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ reason: sentence(error) }, 'the board could not be started anew')
  }
}

/** @param declare is done where all of them are well */
async function flawOf(vitals: readonly Vital[], declare: () => Promise<void>): Promise<string | undefined> {
  try {
    for (const vital of vitals) {
      const why = await vital()
      if (why !== undefined) return why
    }
    await declare()
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return sentence(error)
  }
}
