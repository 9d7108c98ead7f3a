/** Asks the steward, the one program on the board that may change it: a line into its FIFO, and its answer in a file. */
import { randomBytes } from 'node:crypto'
import { closeSync, type FSWatcher, watch, writeSync } from 'node:fs'
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { readBounded } from './bounded.ts'
import { intoFifo } from './fifo.ts'

/** Printable ASCII without the space, which parts the words. */
const oneWord = /^[!-~]{1,255}$/

/** How long things may take; at the signal nobody waits any longer. */
type Patience = { readonly openMs: number; readonly answerMs: number; readonly signal?: AbortSignal }
const patience: Patience = { openMs: budget.stewardOpenMs, answerMs: budget.stewardMs }

/**
 * Asks for something, and waits until it is done.
 * @param directory where the FIFO `steward` and the folder `answers` are
 * @throws Failure REFUSED the steward's sentence, or that there is none
 */
export async function askSteward(
  directory: string,
  words: readonly string[],
  { openMs, answerMs, signal }: Patience = patience,
): Promise<void> {
  const id = randomBytes(8).toString('hex')
  const line = `${[id, ...words].join(' ')}\n`
  if (!words.every(word => oneWord.test(word)) || line.length > budget.stewardLine) {
    throw new Failure('REFUSED', 'This cannot be asked of the board: it has characters that do not belong there.')
  }
  using answer = new Answer(join(directory, 'answers'), id, answerMs, signal)
  await intoFifo(join(directory, 'steward'), { openMs }, fd => {
    // A line this short goes into a FIFO as a whole or not at all (PIPE_BUF).
    writeSync(fd, line)
    closeSync(fd)
  })
  const said = await answer.wait()
  if (said === 'ok') return
  throw new Failure('REFUSED', said.startsWith('no ') ? said.slice(3) : 'The board gave an answer that makes no sense.')
}

/** The file of one answer. It is watched from before the question: an answer may come at once. */
class Answer implements Disposable {
  readonly #path: string
  readonly #stirred = new EventTarget()
  readonly #close: () => void
  #late = false

  constructor(folder: string, id: string, answerMs: number, signal?: AbortSignal) {
    this.#path = join(folder, id)
    const stir = () => void this.#stirred.dispatchEvent(new Event('stir'))
    // Where watching is not possible, or misses something, it is looked for.
    const timer = setInterval(stir, budget.boardLookMs)
    const giveUp = () => {
      this.#late = true
      stir()
    }
    const end = setTimeout(giveUp, answerMs)
    signal?.addEventListener('abort', giveUp)
    const watcher = watching(folder, stir)
    this.#close = () => {
      clearInterval(timer)
      clearTimeout(end)
      signal?.removeEventListener('abort', giveUp)
      watcher?.close()
    }
  }

  /** @returns its first line */
  async wait(): Promise<string> {
    for (;;) {
      const stirred = new Promise(resolve => this.#stirred.addEventListener('stir', resolve, { once: true }))
      const text = await this.#read()
      if (text?.endsWith('\n')) return text.split('\n', 1).join('').trim()
      if (this.#late) throw new Failure('REFUSED', 'The board has not answered in time.')
      await stirred
    }
  }

  async #read(): Promise<string | undefined> {
    try {
      return await readBounded(this.#path)
    } catch (error) {
      if (error instanceof Failure) throw error
      throw new Failure('REFUSED', `The answer of the board cannot be read: ${sentence(error)}.`, { cause: error })
    }
  }

  [Symbol.dispose](): void {
    this.#close()
  }
}

/** @returns undefined where the kernel grants no watch */
function watching(folder: string, stir: () => void): FSWatcher | undefined {
  try {
    return watch(folder, stir).on('error', stir)
  } catch {
    return undefined
  }
}
