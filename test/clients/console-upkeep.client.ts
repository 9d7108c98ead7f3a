/** The server is started anew, repaired and stopped beneath its consoles. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, openMaildrop } from '../support/dialogue.ts'
import { Tmux } from '../support/tmux.ts'
import { Box, command, consoleWords, password, prompt, talk } from './box.ts'

const usual = { columns: 80, rows: 24 }

/** Mail comes in, and is read. @returns messages of alice's */
async function mailWorks({ ports }: Box): Promise<number> {
  assert.match(await deliver(ports.smtp, 'alice@home.example', 'Subject: x\r\n\r\ny\r\n'), /^250 /)
  using pop3 = await openMaildrop(ports.pop3s, 'alice', password)
  const [, count] = /^\+OK (\d+) /.exec(await pop3.say('STAT')) ?? []
  return Number(count)
}

test('the server is started anew and repaired from a serial line, which stays', async () => {
  await using box = await Box.open({ lines: ['vt100', 'paper'], people: ['alice', 'bob'] })
  const [person, other] = [box.at(0), box.at(1)]
  for (const one of [person, other]) await talk(one, [['Press Enter.', '']])
  for (const one of [person, other]) await one.shows(prompt)
  assert.equal(await mailWorks(box), 1)
  other.type('user li')
  await other.shows('user li')

  await command(person, 'restart')
  assert.equal(await mailWorks(box), 2)
  assert.match(await command(other, 'st'), /alice[\s\S]*bob/)

  person.type('repair\r')
  await talk(person, [['Type "repair" to begin: ', 'yes']])
  await person.shows(/Nothing was done\.\r\nporchlight> /)
  assert.equal(await mailWorks(box), 3)
  person.type('repair\r')
  await talk(person, [['Type "repair" to begin: ', 'repair']])
  assert.match(
    await person.shows(prompt),
    /The store is in order: 3 messages, [\s\S]*Porchlight is running again\.\r\n/,
  )
  assert.equal(await mailWorks(box), 4)
  assert.match(await command(other, 'user list'), /alice +4 [\s\S]*bob +0 /)

  // A port that somebody else chose is there after a restart.
  const [port = 0] = [box.ports.smtp]
  assert.match(
    await command(person, `config set listen.smtp 127.0.0.1:${port}`),
    /when Porchlight is started anew: restart/,
  )
  await command(person, 'restart')
  assert.equal(await mailWorks(box), 5)
  assert.doesNotMatch(await command(person, 'config show listen.smtp'), /after a restart/)
  assert.equal(await box.server.stop(), 0)
})

test('SIGTERM ends a server in time whatever consoles show, and leaves their terminals as they were', async () => {
  await using box = await Box.open({ lines: ['vt100', 'paper'], people: ['alice'] })
  const [following, typing] = [box.at(0), box.at(1)]
  for (const one of [following, typing]) await talk(one, [['Press Enter.', '']])
  for (const one of [following, typing]) await one.shows(prompt)
  following.type('log --follow\r')
  await following.shows('is ready.')
  typing.type('mail alice\rcompose\r')
  await typing.shows('To: ')
  const shell = () => Tmux.open(['env', 'PS1=$ ', 'LC_ALL=C.UTF-8', 'sh'], usual)
  const line = consoleWords(box).join(' ')
  await using paging = await shell()
  await using watching = await shell()
  await using idle = await shell()
  for (const [terminal, typed, shown] of [
    [paging, 'help', '--More--'],
    [watching, 'top', 'queue'],
    [idle, '', 'porchlight>'],
  ] as const) {
    await terminal.lineIs('$ |')
    await terminal.enter(line)
    await terminal.lineIs('porchlight> |')
    await terminal.enter(typed)
    await terminal.shows(shown)
  }
  const begun = performance.now()
  assert.equal(await box.server.stop(), 0)
  const tookMs = performance.now() - begun
  assert.ok(tookMs < 10_000, `it took ${tookMs} ms`)
  for (const terminal of [paging, watching, idle]) {
    await terminal.lineIs('$ |')
    await terminal.enter('clear; echo "it was $?"; stty -a')
    const screen = await terminal.shows(/ echo [\s\S]*\$$/)
    assert.match(screen, / icanon /)
    assert.match(screen, / icrnl /)
  }
  assert.equal(box.server.log.at(-1)?.msg, 'stopped')
})
