/** How an update is refused: in words, and with nothing changed. */
import { codeOf, Failure } from '../base/failure.ts'

/** @throws Failure REFUSED */
export function refuse(why: string, options?: { cause?: unknown }): never {
  throw new Failure('REFUSED', why, options)
}

/** @param how what is wrong with it @throws Failure REFUSED */
export function damaged(how: string, options?: { cause?: unknown }): never {
  return refuse(`The update is damaged: ${how}. Fetch it once more, and try again.`, options)
}

/** @throws Failure GIVEN_UP when the person has stopped it */
export function unlessStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('GIVEN_UP', 'Stopped. The version that runs stays as it is.')
}

/**
 * Has errors of the system said in words.
 * @param words by the code of the error; `''` for any other
 * @throws Failure REFUSED
 */
export async function inWords<Result>(
  words: Readonly<Record<string, string>>,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    const code = codeOf(error)
    if (error instanceof Failure || !/^E[A-Z0-9]+$/.test(code)) throw error
    return refuse(words[code] ?? `${words[''] ?? 'It did not work'} (${code}).`, { cause: error })
  }
}
