/** How much of a mailbox one visit of the reader may remove: commands/reader.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import { Reading } from '../../src/commands/reader.ts'
import { flags } from '../../src/store/flags.ts'
import { openHousehold, temporaryDirectory } from './household.ts'
import { ScriptedDialogue } from './script.ts'

test('what leaving removes is bounded, and what is kept after all makes room', async () => {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  await household.accounts.add('alice', 'x')
  const account = household.accounts.find('alice')
  assert.ok(account)
  const reading = new Reading(account, new ScriptedDialogue(), () => household)
  const numbered = (uid: number) => ({
    number: uid,
    entry: { uid, seq: uid, id: `${uid}`, octets: 1, date: 0, stored: 1, copies: 1, flags: flags.deleted },
  })
  reading.mayDelete(budget.readerDeleted)
  for (let uid = 1; uid <= budget.readerDeleted; uid++) reading.marked(numbered(uid), { add: flags.deleted })
  assert.throws(
    () => reading.mayDelete(1),
    error => error instanceof Failure && /at once/.test(error.message),
  )
  reading.marked(numbered(7), { drop: flags.deleted })
  reading.mayDelete(1)
})
