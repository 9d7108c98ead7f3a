/** Setting a serial line: console/stty.ts, where the program for it cannot be run. What it does: test/clients/serial.client.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setLine } from '../../src/console/stty.ts'

test('a program that is not there is said to be missing', async () => {
  assert.deepEqual(await setLine('/dev/null', '9600', '/nowhere/stty'), { kind: 'missing' })
})

test('a process that cannot be begun is a failure in words, and no throw', async () => {
  const { kind } = await setLine('/dev/null', '9600', 'st\0ty')
  assert.equal(kind, 'failed')
})
