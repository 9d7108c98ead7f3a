/** A person at a terminal: passwords are asked for and not shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMaildrop } from '../support/dialogue.ts'
import { configPath, program } from '../support/process.ts'
import { Terminal } from '../support/terminal.ts'
import { House } from './house.ts'

test('a password typed at the terminal is asked for twice, never shown, and good for logging in', async () => {
  await using house = await House.open()
  const { server, folder } = house
  const start = (words: string) => {
    const places = `--data '${server.data}' --config '${configPath(server.data)}'`
    return new Terminal(`${program.map(word => `'${word}'`).join(' ')} ${words} ${places}`, folder)
  }
  {
    await using terminal = start('user add carol')
    await terminal.shows('New password: ')
    terminal.type('short\r')
    await terminal.shows('New password: ')
    terminal.type('Kapuziner 9x\x7f\r')
    await terminal.shows('The same again: ')
    terminal.type('Kapuziner 8\r')
    await terminal.shows('The two are not the same.')
    await terminal.shows('New password: ')
    terminal.type('nonsense\x15Kapuziner 9\r')
    await terminal.shows('The same again: ')
    terminal.type('Kapuziner 9\r')
    assert.equal(await terminal.ended, 0)
    assert.match(terminal.shown, /carol is ready/)
    assert.doesNotMatch(terminal.shown, /Kapuziner|nonsense|short/)
    using pop3 = await openMaildrop(server.port('pop3s'), 'carol', 'Kapuziner 9')
    assert.match(await pop3.say('STAT'), /^\+OK 0 /)
  }
  await using terminal = start('user password carol')
  await terminal.shows('New password: ')
  terminal.type('\x03')
  assert.equal(await terminal.ended, 1)
  assert.match(terminal.shown, /Given up; nothing is changed\./)
  using pop3 = await openMaildrop(server.port('pop3s'), 'carol', 'Kapuziner 9')
  assert.match(await pop3.say('STAT'), /^\+OK 0 /)
})
