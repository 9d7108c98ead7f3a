/** What breaks off at a console: the power, or the cable. The next one to come finds the box as it was, and nothing of the one before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMaildrop } from '../support/dialogue.ts'
import { Screen } from '../terminal/screen.ts'
import { Box, command, type Exchange, leaf, password, prompt, talk } from './box.ts'

const consolePassword = 'battery staple'

/** What is answered from one power cut to the next, and what is on the screen and half typed when the power goes. */
const parts: readonly { readonly typed: readonly Exchange[]; readonly last: Exchange }[] = [
  {
    typed: [
      [/Step 1 of 12[\s\S]*Number \[1\]: /, '2'],
      [/Time zone \[.*\]: /, 'tokyo'],
      ['Name [mail.home.example]: ', ''],
      ['Domains [home.example]: ', 'smith.example'],
    ],
    last: ['Name, for instance alice: ', 'ali'],
  },
  {
    typed: [
      [/Step 5 of 12[\s\S]*alice: /, 'alice'],
      ['Password: ', password],
    ],
    last: ['The same again: ', password],
  },
  {
    typed: [
      [/Step 5 of 12[\s\S]*alice: /, 'alice'],
      ['Password: ', password],
      ['The same again: ', password],
      [/Step 6 of 12[\s\S]*Number \[1\]: /, ''],
      [/Step 7 of 12[\s\S]*Number \[1\]: /, '2'],
    ],
    last: ['leave it out: ', ''],
  },
  {
    typed: [
      [/Step 8 of 12[\s\S]*leave it out: /, ''],
      [/Step 9 of 12[\s\S]*Number \[1\]: /, ''],
      [/Step 10 of 12[\s\S]*Number \[1\]: /, ''],
      ['Password of the console: ', consolePassword],
    ],
    last: ['The same again: ', consolePassword],
  },
]

const end: readonly Exchange[] = [
  [/Step 11 of 12[\s\S]*Password of the console: /, consolePassword],
  ['The same again: ', consolePassword],
]

test('a set-up goes on at the step where the power went, and keeps what was answered', async () => {
  await using box = await Box.open({ lines: ['vt100'] })
  let person = box.at(0)
  for (const [i, { typed, last }] of parts.entries()) {
    await person.shows('Press Enter.')
    person.type('\r')
    if (i > 0) await person.shows('The set-up goes on where it was left.')
    await talk(person, typed)
    const [question, keys] = last
    await person.shows(question)
    person.type(keys)
    await box.server.kill()
    person = await box.replug(0)
    await box.start()
  }
  await talk(person, [['Press Enter.', ''], ...end])
  assert.match(await leaf(person), /alice@smith\.example[\s\S]*The box is set up\./)
  person.type('logout\r')
  await talk(person, [
    ['Press Enter.', ''],
    ['Password: ', consolePassword],
  ])
  assert.match(await person.shows(prompt), /\r\nType help [\s\S]*leave\.\r\nporchlight> $/)
  assert.match(await command(person, 'user list'), /alice +0 +0 B +alice@smith/)
  assert.match(await command(person, 'config show console'), /"european"[\s\S]*"Asia\/Tokyo"/)
  using pop3 = await openMaildrop(box.ports.pop3s, 'alice', password)
  assert.match(await pop3.say('STAT'), /^\+OK 0 /)
})

/**
 * From the greeting to the prompt, and nothing else. It is read off a screen: the terminal answers what it is asked while the
 * person types, and what they see is drawn again as often as that comes in between.
 */
const untouched = `
Porchlight 0.1.0, mail.home.example
Press Enter.
Password:
Type help for what can be done, ? at any place for what may follow, logout to
leave.
porchlight>`

/** What is on the screen of a terminal to which this was written, and how often its bell rang. */
function onScreen(written: string): { readonly text: string; readonly bells: number } {
  const screen = new Screen()
  screen.show(Buffer.from(written))
  return { text: screen.text, bells: screen.bells }
}

/** What somebody does, up to the last keys, when the plug is pulled. */
type Break = readonly [what: string, done: readonly Exchange[], shows: string, keys: string]

const breaks: readonly Break[] = [
  ['in the middle of a line', [], prompt, 'user remove alice'],
  ['in the middle of a password', [[prompt, 'passwd console']], 'New password: ', 'another one'],
  ['while the log is followed', [[prompt, 'log --follow']], 'The serial line', ''],
  ['in a long text', [[prompt, 'help']], '--More--', ''],
  [
    'in a letter',
    [
      [prompt, 'mail alice'],
      ['alice> ', 'compose'],
      ['To: ', 'bob'],
      ['Cc: ', ''],
      ['Subject: ', 'x'],
      ['ends it', 'half'],
    ],
    'half\r\n',
    'a l',
  ],
  ['with top on the screen', [[prompt, 'top']], 'The log, newest first', ''],
]

test('a plug that is pulled leaves nothing for the next one', async () => {
  await using box = await Box.open({ lines: breaks.map(() => 'vt100'), people: ['alice', 'bob'] })
  await box.server.command(['passwd', 'console', '--password-stdin'], `${consolePassword}\n`)
  const login: readonly Exchange[] = [
    ['Press Enter.', ''],
    ['Password: ', consolePassword],
  ]
  const breakOff = async ([what, done, shows, keys]: Break, line: number) => {
    await talk(box.at(line), [...login, ...done])
    await box.at(line).shows(shows)
    box.at(line).type(keys)
    const next = await box.replug(line)
    await talk(next, login)
    await next.shows(prompt)
    assert.deepEqual(onScreen(next.seen), { text: untouched, bells: 0 }, what)
    // What was typed before cannot be found again.
    next.type('\x1b[A')
    await next.shows('\x07')
    assert.deepEqual(onScreen(next.seen), { text: untouched, bells: 1 }, what)
  }
  await Promise.all(breaks.map(breakOff))
  const lists = await box.server.command(['user', 'list'])
  assert.match(lists.out, /alice +0 +0 B [\s\S]*bob +0 +0 B /)
  assert.equal(await box.server.stop(), 0)
})
