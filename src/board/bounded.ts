/** Reads the small files that the other side of the board writes. */
import { open } from 'node:fs/promises'
import { budget } from '../base/budget.ts'
import { codeOf, Failure } from '../base/failure.ts'

/**
 * Reads a text of at most `budget.boardFile` octets.
 * @returns undefined where there is no such file
 * @throws Failure REFUSED when it is longer; errors of the system
 */
export async function readBounded(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(budget.boardFile + 1), 0, budget.boardFile + 1, 0)
    if (bytesRead > budget.boardFile) throw new Failure('REFUSED', `${path} has more than ${budget.boardFile} octets.`)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
