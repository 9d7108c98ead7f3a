/** What a household asks of its box by files on the first partition, and by typed words: beginning anew, and a lost password. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { partitions } from './support/disk.ts'
import { furnishedDisk, letters } from './support/furnished.ts'
import { answer, comeIn, fetchLetters, say, setUp } from './support/household.ts'
import { Machine } from './support/machine.ts'

describe('on a box that is in use', () => {
  test('factory-reset erases everything, once its words are typed; the set-up comes, and nobody of before is there', async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk })
    await machine.on()
    await comeIn(machine)
    machine.type('factory-reset\r')
    await answer(machine, [[/3 messages in their mailboxes[\s\S]*Type "erase everything" to begin: /, 'erase']])
    await machine.shows(/Nothing was erased\.[\s\S]*porchlight> /)
    machine.type('factory-reset\r')
    await answer(machine, [['Type "erase everything" to begin: ', 'erase everything']])
    assert.equal(await machine.ended(1), 'reset')
    await setUp(machine)
    await machine.listens()
    assert.equal((await fetchLetters(machine, 'alice')).size, 0)
    assert.doesNotMatch(await say(machine, 'user list'), /bob/)
    assert.deepEqual(leftOf('factory-reset', await disk.files(partitions.select)), [])
  })

  test('the file factory-reset.txt does the same at the next start, and once', async () => {
    await using disk = await furnishedDisk()
    await disk.write(partitions.select, 'factory-reset.txt', '')
    await using machine = await Machine.make({ kind: 'virt', disk })
    await machine.on()
    await setUp(machine)
    assert.deepEqual(leftOf('factory-reset', await disk.files(partitions.select)), [])
    machine.type('reboot --yes\r')
    await machine.ended(1)
    await comeIn(machine)
    assert.match(await say(machine, 'user list'), /alice/)
  })

  test('the file reset-console-password takes the password of the console away, and nothing else', async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk })
    await machine.on()
    await comeIn(machine)
    machine.type('passwd console\r')
    await answer(machine, [
      ['New password', 'battery staple'],
      ['The same again: ', 'battery staple'],
    ])
    await machine.shows('porchlight> ')
    await say(machine, 'config set console.trust password')
    machine.type('poweroff --yes\r')
    await machine.isOff()
    await machine.on()
    await machine.shows('Press Enter.')
    machine.type('\r')
    await machine.shows('Password: ')
    await machine.cut()
    await disk.write(partitions.select, 'reset-console-password', '')
    await machine.on()
    await comeIn(machine)
    assert.equal((await fetchLetters(machine, 'alice')).size, letters)
    assert.deepEqual(leftOf('reset-console-password', await disk.files(partitions.select)), [])
  })
})

function leftOf(name: string, files: readonly string[]): readonly string[] {
  return files.filter(file => file.startsWith(name))
}
