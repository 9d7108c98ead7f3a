/**
 * Has the installer write the slot that does not run: a process and a user of its own, begun by the steward, and the one that
 * may write there. It takes the update from a FIFO, checks it anew, and says in a file how far it is; the steward answers at
 * its end.
 */
import { Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { readBounded } from './bounded.ts'
import { intoFifo } from './fifo.ts'
import type { Watching } from './slots.ts'
import { askSteward } from './steward.ts'

/** A line of what it says: `writing 40`. */
const said = /^(writing|comparing) (\d{1,3})$/

/** What the installer says to whoever reads along. */
export function installerLine(stage: Parameters<Watching['progress']>[0], part: number): string {
  return `${stage} ${Math.floor(part * 100)}`
}

/**
 * Resolves when the slot holds this version.
 * @param directory /run/board
 * @throws Failure REFUSED its sentence or the steward's; GIVEN_UP when it was stopped
 */
export async function haveWritten(
  directory: string,
  update: AsyncIterable<Buffer>,
  version: string,
  { progress, signal }: Watching,
): Promise<void> {
  const over = new AbortController()
  const work = { progress, signal: AbortSignal.any([signal, over.signal]) }
  const patience = { openMs: budget.stewardOpenMs, answerMs: budget.installMs, signal: work.signal }
  const answered = askSteward(directory, ['install', version], patience)
  const handed = hand(directory, update, work)
  try {
    // What is wrong with the file itself is known here; the installer only finds that it ends.
    await Promise.race([answered, stopped(signal), handed.then(() => answered)])
  } finally {
    over.abort()
    await handed.catch(() => {})
  }
}

/**
 * Gives it all to the installer, and reads along until the signal.
 * @throws Failure what is wrong with the update, or that nobody takes it
 */
async function hand(directory: string, update: AsyncIterable<Buffer>, work: Watching): Promise<void> {
  const { signal } = work
  const pipe = await intoFifo(
    join(directory, 'update'),
    { openMs: budget.installOpenMs, signal },
    fd => new Socket({ fd, readable: false, writable: true }),
  )
  // That it wants no more is no fault of ours: its answer says why.
  const giving = pipeline(update, pipe, { signal }).catch((error: unknown) => {
    if (error instanceof Failure) throw error
  })
  await Promise.all([giving, readAlong(join(directory, 'installing'), work)])
}

async function readAlong(path: string, { progress, signal }: Watching): Promise<void> {
  for (let told = 0; ; ) {
    const last = signal.aborted
    const lines = (await readBounded(path))?.split('\n').slice(0, -1) ?? []
    for (const line of lines.slice(told)) {
      const [, stage, percent] = said.exec(line) ?? []
      if (stage === 'writing' || stage === 'comparing') await progress(stage, Math.min(Number(percent), 100) / 100)
    }
    told = lines.length
    if (last) return
    await sleep(budget.installLookMs, undefined, { signal }).catch(() => {})
  }
}

function stopped(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new Failure('GIVEN_UP', 'Stopped. The version that runs stays as it is.'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return promise
}
