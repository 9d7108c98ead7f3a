/** The gate in front of the hashes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gate } from '../../src/base/gate.ts'

test('tasks beyond the bound wait in order, and beyond the places are turned away', async () => {
  const gate = new Gate(2, 2)
  const began: number[] = []
  const ends: (() => void)[] = []
  const run = (task: number) =>
    gate.run(async () => {
      began.push(task)
      await new Promise<void>(resolve => ends.push(resolve))
      return task
    })
  const runs = [0, 1, 2, 3, 4].map(run)
  assert.deepEqual([await runs[4], began], [undefined, [0, 1]])
  ends[1]?.()
  assert.deepEqual([await runs[1], began], [1, [0, 1, 2]])
  const late = run(5)
  assert.deepEqual(began, [0, 1, 2], 'a turn that was handed on is not free')
  ends[0]?.()
  assert.deepEqual([await runs[0], began], [0, [0, 1, 2, 3]])
  ends[2]?.()
  assert.deepEqual([await runs[2], began], [2, [0, 1, 2, 3, 5]])
  for (const end of ends) end()
  assert.deepEqual(await Promise.all([...runs, late]), [0, 1, 2, 3, undefined, 5])
})

test('a task that fails gives its turn back', async () => {
  const gate = new Gate(1, 1)
  const failed = gate.run(() => Promise.reject(new Error('no memory')))
  const waited = gate.run(() => Promise.resolve('done'))
  await assert.rejects(failed, /no memory/)
  assert.equal(await waited, 'done')
  assert.equal(await gate.run(() => Promise.resolve('again')), 'again')
})
