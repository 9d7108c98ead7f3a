/** One update at a time: two would write into the same slot, and into the same file. */
import type { Slots } from '../board/slots.ts'
import { refuse } from './refusal.ts'

const busy = new WeakSet<Slots>()

/** @throws Failure REFUSED while another update of this board is under way */
export async function alone<Result>(slots: Slots, task: () => Promise<Result>): Promise<Result> {
  if (busy.has(slots)) refuse('Another update is under way. Wait for its end.')
  busy.add(slots)
  try {
    return await task()
  } finally {
    busy.delete(slots)
  }
}
