/** Tells when something in a folder of the board may have changed. */
import { type FSWatcher, watch } from 'node:fs'
import { budget } from '../base/budget.ts'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'

/**
 * @param look is called after a change, never twice at once, and now and then without one: where the kernel grants no watch,
 *   or one is missed, things are known a little later
 * @returns ends it
 */
export function watchFolder(folder: string, look: () => Promise<void>, log: Log): () => void {
  let looking = false
  let again = false
  const lookOnce = async () => {
    again = looking
    if (looking) return
    looking = true
    try {
      await look()
    } catch (error) {
      log.warn({ folder, reason: sentence(error) }, 'what the board says cannot be read')
    }
    looking = false
    if (again) await lookOnce()
  }
  const stir = () => void lookOnce()
  const timer = setInterval(stir, budget.boardLookMs).unref()
  const watcher = watching(folder, stir, log)
  return () => {
    clearInterval(timer)
    watcher?.close()
  }
}

function watching(folder: string, stir: () => void, log: Log): FSWatcher | undefined {
  const complain = (error: unknown) => log.warn({ folder, reason: sentence(error) }, 'this folder cannot be watched')
  try {
    return watch(folder, { persistent: false }, stir).on('error', complain)
  } catch (error) {
    complain(error)
    return undefined
  }
}
