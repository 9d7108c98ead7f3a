/** A server that hangs or ends again and again: the watchdog, and the rescue console. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { furnishedDisk, letters } from './support/furnished.ts'
import { comeIn, deliver, fetchLetters } from './support/household.ts'
import { Machine } from './support/machine.ts'

/** Stops the server once, some seconds after it is there: its event loop stands still, and nobody feeds the watchdog. */
const hang = `
pause 1
while server; [ "$found" = 0 ]; do pause 1; done
pause 25
server
kill -STOP "$found"
echo 'aside: the server is stopped' >&8
`

/** Kills the server whenever there is one, eight times. */
const murder = `
left=8
while [ "$left" -gt 0 ]; do
  server
  if [ "$found" = 0 ]; then pause 1; continue; fi
  kill -KILL "$found" && left=$((left - 1))
  pause 1
done
echo 'aside: no more' >&8
`

describe('on a board where the server', () => {
  test('stands still, the watchdog starts it anew, and all mail is there', async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk, aside: hang })
    await machine.on()
    await machine.listens()
    const before = await fetchLetters(machine, 'alice')
    assert.match(await deliver(machine, 'bob', 'Subject: just before\r\n\r\nx'), /^250 /)
    await machine.shows('aside: the server is stopped')
    machine.aside = ''
    const stoppedAt = performance.now()
    assert.equal(await machine.ended(1), 'watchdog')
    console.log(`watchdog reset ${((performance.now() - stoppedAt) / 1000).toFixed(0)} s after the server stood still`)
    await machine.listens()
    assert.deepEqual(await fetchLetters(machine, 'alice'), before)
    assert.equal((await fetchLetters(machine, 'bob')).size, 1)
  })

  test('ends again and again, the rescue console comes, shows the log, and starts it once it can', async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk, aside: murder })
    await machine.on()
    await machine.shows('Press Enter for the rescue console.')
    machine.type('\r')
    await machine.shows('Type a number and press Enter: ')
    machine.type('1\r')
    await machine.shows(/the server ended 6 times in five minutes[\s\S]*Type a number and press Enter: /)
    machine.type('4\r')
    await machine.shows('Type "erase everything" to do it')
    machine.type('\r')
    await machine.shows(/Nothing was erased\.[\s\S]*Type a number and press Enter: /)
    // Each try that fails brings the console back.
    for (let tries = 0; tries < 2; tries++) {
      machine.type('2\r')
      await machine.shows('Press Enter for the rescue console.')
      machine.type('\r')
      await machine.shows('Type a number and press Enter: ')
    }
    machine.type('2\r')
    await machine.listens()
    await comeIn(machine)
    assert.equal((await fetchLetters(machine, 'alice')).size, letters)
  })
})
