/** Lines said to somebody who is slow, or gone: commands/aloud.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Aloud } from '../../src/commands/aloud.ts'

test('a slow listener hears the first lines in their order, and how many there were more', async () => {
  const heard: string[] = []
  let speaking = 0
  const aloud = new Aloud(async line => {
    speaking += 1
    assert.equal(speaking, 1)
    await new Promise(resolve => setImmediate(resolve))
    heard.push(line)
    speaking -= 1
  })
  for (let i = 0; i < budget.repairBehind + 7; i++) aloud.say(`line ${i}`)
  await aloud.end()
  assert.deepEqual(heard.slice(0, 2), ['line 0', 'line 1'])
  assert.equal(heard.length, budget.repairBehind + 1)
  assert.equal(heard.at(-1), '(7 lines came too fast to be shown.)')
})

test('a listener who has gone stops nothing', async () => {
  const aloud = new Aloud(async () => {
    throw new Error('gone')
  })
  for (let i = 0; i < 3; i++) aloud.say(`line ${i}`)
  await aloud.end()
})
