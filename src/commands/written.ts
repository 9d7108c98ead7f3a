/** Counts what is written to the storage of the household's data while the server runs: for `status`. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { Written } from '../board/written.ts'
import type { Server } from '../flow/server.ts'
import { startOfDay } from './shown.ts'

/** @param data the data directory */
export function countWrites({ services: { store, clock, log } }: Pick<Server, 'services'>, data: string) {
  const written = new Written({
    settings: () => store.settings,
    today: () => `${startOfDay(clock.now())}`,
    elapsed: () => clock.elapsed(),
    folder: data,
  })
  const noted = async (work: Promise<unknown>) => {
    try {
      await work
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.debug({ reason: sentence(error) }, 'what was written to the storage could not be noted')
    }
  }
  const timer = setInterval(() => void noted(written.keep()), budget.writtenLookMs).unref()
  void noted(written.look())
  return {
    look: () => written.look(),
    /** Notes it for the next start. */
    close: () => {
      clearInterval(timer)
      return noted(written.look().then(() => written.note()))
    },
  }
}
