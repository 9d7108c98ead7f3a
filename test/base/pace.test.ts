/** Work that takes long leaves others their turn: base/pace.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Pace } from '../../src/base/pace.ts'

/** Counts the turns of the event loop while something is done. */
async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let turns = 0
  let over = false
  const look = () => {
    turns += 1
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  await work()
  over = true
  return turns
}

test('a piece of work that takes ten times its share leaves others ten turns at least', async () => {
  const turns = await turnsDuring(async () => {
    const pace = new Pace()
    for (let share = 0; share < 10; share++) {
      for (const begun = performance.now(); performance.now() - begun <= budget.turnMs; );
      await pace.step()
    }
  })
  assert.ok(turns >= 10, `${turns} turns`)
})
