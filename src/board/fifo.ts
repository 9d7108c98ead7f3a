/** FIFOs by which the server tells the programs of root something. */
import { closeSync, constants, fstatSync, open } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { codeOf, Failure } from '../base/failure.ts'

const openDescriptor = promisify(open)

/**
 * Opens a FIFO for writing, once there is somebody who reads.
 * @param act takes the descriptor over; is called again when it throws that the FIFO is full
 * @throws Failure REFUSED when nobody reads in time, or before the signal comes, or it is no FIFO
 */
export async function intoFifo<Result>(
  path: string,
  { openMs, signal }: { readonly openMs: number; readonly signal?: AbortSignal },
  act: (fd: number) => Result,
): Promise<Result> {
  const until = performance.now() + openMs
  for (;;) {
    let fd: number | undefined
    try {
      // Without O_NONBLOCK the opening waits for a reader, for ever, in one of the few threads for files.
      fd = await openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK)
      if (!fstatSync(fd).isFIFO()) throw new Failure('REFUSED', `${path} is no way to ask the board.`)
      return act(fd)
    } catch (error) {
      if (fd !== undefined) closeSync(fd)
      if (error instanceof Failure) throw error
      const code = codeOf(error)
      // Between two lines the reader may not be reading, and a full pipe empties.
      const passes = code === 'ENXIO' || code === 'EAGAIN'
      if (!passes || performance.now() >= until || signal?.aborted) {
        const why = code === 'ENXIO' ? 'nobody there listens' : code
        throw new Failure('REFUSED', `The board could not be asked: ${why}.`, { cause: error })
      }
      await sleep(50)
    }
  }
}
