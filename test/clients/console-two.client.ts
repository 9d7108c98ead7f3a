/** Several people at once: at two lines, at a terminal and at a shell; and what comes through a pipe. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runProgram } from '../support/process.ts'
import { Box, command, consoleOf, consoleWords, prompt, talk } from './box.ts'

const usual = { columns: 80, rows: 24 }

test('two who change the same setting: the second one is told, and may say it again', async () => {
  await using box = await Box.open({ lines: ['vt100', 'paper'], people: ['alice'] })
  const [first, second] = [box.at(0), box.at(1)]
  for (const person of [first, second]) await talk(person, [['Press Enter.', '']])
  for (const person of [first, second]) await person.shows(prompt)

  assert.match(await command(first, 'config set limits.message 20 MiB'), /limits\.message is "20 MiB" now\./)
  const refused = await command(second, 'config set limits.message 30 MiB')
  assert.match(refused, /limits\.message was changed meanwhile[\s\S]*it is\s+"20 MiB" now\./)
  assert.match(refused, /To set\s+it all the same, say it again\./)
  assert.match(await box.config(), /^message = "20 MiB"$/m)
  assert.match(await command(second, 'config set limits.message 30 MiB'), /limits\.message is "30 MiB" now\./)
  assert.match(await box.config(), /^message = "30 MiB"$/m)

  // A command at a shell of Linux is one more.
  assert.equal((await box.server.command(['config', 'set', 'limits.message', '40 MiB'])).exit, 0)
  assert.match(await command(second, 'config set limits.message 30 MiB'), /it is\s+"40 MiB" now/)
  assert.match(await command(second, 'config show limits.message'), /"40 MiB"/)
  assert.match(await command(second, 'config set limits.message 50 MiB'), /limits\.message is "50 MiB" now/)
  // What the first one does elsewhere is no matter of the second.
  assert.match(await command(first, 'config set limits.recipients 200'), /limits\.recipients is 200 now/)
})

test('commands at a shell and at consoles go on beside each other', async () => {
  await using box = await Box.open({ lines: ['vt100'], people: ['alice'] })
  const line = box.at(0)
  await talk(line, [['Press Enter.', '']])
  await line.shows(prompt)
  await using terminal = await consoleOf(box, usual)
  await terminal.shows(/^porchlight>$/m)
  await terminal.enter('log --follow')
  await terminal.shows(/is ready\./)
  // Half of a line is there all the while.
  line.type('user li')
  await line.shows('user li')
  const names = ['bob', 'carol', 'dave']
  const added = await Promise.all(
    names.map(name => box.server.command(['user', 'add', name, '--password-stdin'], 'correct horse\n')),
  )
  assert.deepEqual(
    added.map(({ exit }) => exit),
    [0, 0, 0],
  )
  const list = await command(line, 'st')
  for (const name of ['alice', ...names]) assert.ok(list.includes(`${name}@home.example`), list)
  await terminal.press('C-c')
  await terminal.shows(/^porchlight>$/m)
  await terminal.enter('user list')
  await terminal.shows(/dave +0 +0 B/)
  await terminal.enter('logout')
  assert.equal(await terminal.ended(), 0)
})

test('a console takes its commands from a pipe, and leaves at its end', async () => {
  await using box = await Box.open({ people: ['alice'] })
  const pipe = (input: string) => runProgram(consoleWords(box), input)
  for (const input of ['user list\nlogout\n', 'user list\n', 'user list\r\nlogout']) {
    const { exit, out, complaint } = await pipe(input)
    assert.deepEqual([exit, complaint], [0, ''], out)
    assert.match(out, /^Type help [\s\S]*porchlight> user list\r\n[\s\S]*alice +0 +0 B /)
    assert.doesNotMatch(out, /\x1b/)
  }
  assert.equal((await pipe('')).exit, 0)
  const { out } = await pipe('help\nconfig show\nversion\n')
  assert.match(out, /This console:[\s\S]*console\.ttys[\s\S]*porchlight> version\r\nPorchlight 0\.1\.0\r\n/)
  assert.doesNotMatch(out, /--More--/)
  await box.server.stop()
  const { exit, out: nothing, complaint } = await pipe('status\n')
  assert.deepEqual([exit, nothing], [1, ''])
  assert.equal(complaint, 'Porchlight is not running here. Start it first: porchlight serve\n')
})
