/** Finds the message that a person means among those that wait to be sent on. */

import { Failure } from '../base/failure.ts'
import { harmless } from '../base/words.ts'
import type { MessageRecord } from '../store/message.ts'
import type { Waiting } from '../store/queue.ts'
import { type Household, refuse } from './command.ts'

/** Characters of an id that have to be typed, and those of a whole one. */
const idLength = { least: 4, whole: 16 } as const

/** A message that waits. */
export type Found = {
  readonly id: string
  /** The number of its record. */
  readonly seq: number
  /** What of it is not done, for each domain. */
  readonly waiting: readonly Waiting[]
}

/** @returns the beginning of an id in the form in which ids are written; undefined when the text is none */
export function idBeginning(text: string): string | undefined {
  const id = text.toLowerCase()
  return id.length >= idLength.least && id.length <= idLength.whole && /^[0-9a-z]+$/.test(id) ? id : undefined
}

/**
 * @param text its id or the beginning of it
 * @throws Failure REFUSED when it is none, or not only one message has it
 */
export async function findWaiting(text: string, { outbound }: Household): Promise<Found> {
  const beginning = idBeginning(text)
  if (beginning === undefined) {
    const { whole, least } = idLength
    refuse(`"${harmless(text)}" is no ID: they have ${whole} letters and digits, of which the first ${least} will do.`)
  }
  let found: Waiting | undefined
  for await (const rows of outbound.all()) {
    for (const one of rows) {
      if (!one.id.startsWith(beginning) || one.seq === found?.seq) continue
      if (found) refuse(`Several messages begin so: ${found.id}, ${one.id}. Give more of the ID.`)
      found = one
    }
  }
  if (!found) refuse(`No message ${beginning} waits. What became of it: porchlight trace ${beginning}`)
  const { id, seq } = found
  return { id, seq, waiting: await outbound.of(seq) }
}

/** @returns undefined when it cannot be read */
export async function recordOf(seq: number, { message }: Household): Promise<MessageRecord | undefined> {
  try {
    return (await message(seq)).record
  } catch (error) {
    if (error instanceof Failure && error.code === 'STORE_DAMAGED') return undefined
    throw error
  }
}
