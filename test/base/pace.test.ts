/** Work that takes long leaves others their turn: base/pace.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Pace } from '../../src/base/pace.ts'
import { turnsDuring } from '../support/turns.ts'

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
