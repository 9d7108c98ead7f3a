/** A console in a real terminal: `porchlight console` in tmux, its screens as a person sees them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { deliver } from '../support/dialogue.ts'
import { runProgram } from '../support/process.ts'
import { Box, consoleOf, consoleWords } from './box.ts'

const utf8 = { LC_ALL: 'C.UTF-8' }
const ascii = { LC_ALL: '', LC_CTYPE: '', LANG: 'C' }
const usual = { columns: 80, rows: 24, environment: utf8 }

const sizes = [
  [80, 24],
  [132, 40],
  [40, 12],
] as const

let box: Box

before(async () => {
  box = await Box.open({ people: ['alice', 'bob'], settings: 'console.time_zone = "UTC"\n' })
  for (const number of [1, 2, 3])
    assert.match(await deliver(box.ports.smtp, 'alice@home.example', letter(number)), /^250/)
})

after(() => box[Symbol.asyncDispose]())

function letter(number: number): string {
  return [
    'From: =?utf-8?q?M=C3=BCller_&_S=C3=B6hne?= <garden@away.example>',
    'To: alice@home.example',
    'Date: Sat, 21 Nov 2026 22:15:52 +0000',
    `Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_${number}:?= the hedge, the pond and the apple tree behind the house`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Grüße – 你好.',
    '\x1b[2Jfrom \x9b2Jthe garden',
    '',
  ].join('\r\n')
}

/** Received at different moments. */
const undated = (screen: string) => screen.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d(?!:)/g, '(a moment ago) ')

const screens = [
  {
    columns: 80,
    rows: 24,
    environment: utf8,
    screen: `alice> list
3 N  (a moment ago)  Müller & Söhne  Grüße 3: the hedge, the pond a…     506 B
2    (a moment ago)  Müller & Söhne  Grüße 2: the hedge, the pond a…     506 B
1 N  (a moment ago)  Müller & Söhne  Grüße 1: the hedge, the pond a…     506 B
alice> read 2
From:    Müller & Söhne <garden@away.example>
To:      alice@home.example
Date:    2026-11-21 22:15:52
Subject: Grüße 2: the hedge, the pond and the apple tree behind the house

Grüße – 你好.
?[2Jfrom ?2Jthe garden
alice>`,
  },
  {
    columns: 132,
    rows: 40,
    environment: utf8,
    screen: `alice> list
3 N  (a moment ago)  Müller & Söhne                   Grüße 3: the hedge, the pond and the apple tree behind the house       506 B
2    (a moment ago)  Müller & Söhne                   Grüße 2: the hedge, the pond and the apple tree behind the house       506 B
1 N  (a moment ago)  Müller & Söhne                   Grüße 1: the hedge, the pond and the apple tree behind the house       506 B
alice> read 2
From:    Müller & Söhne <garden@away.example>
To:      alice@home.example
Date:    2026-11-21 22:15:52
Subject: Grüße 2: the hedge, the pond and the apple tree behind the house

Grüße – 你好.
?[2Jfrom ?2Jthe garden
alice>`,
  },
  {
    columns: 40,
    rows: 12,
    environment: utf8,
    screen: `1 N  Müller & S… Grüße 1: the hedge, t…
alice> read 2
From:    Müller & Söhne
<garden@away.example>
To:      alice@home.example
Date:    2026-11-21 22:15:52
Subject: Grüße 2: the hedge, the pond
and the apple tree behind the house

Grüße – 你好.
?[2Jfrom ?2Jthe garden
alice>`,
  },
  {
    columns: 80,
    rows: 24,
    environment: ascii,
    screen: `alice> list
3 N  (a moment ago)  Muller & Sohne  Grusse 3: the hedge, the pond a     506 B
2    (a moment ago)  Muller & Sohne  Grusse 2: the hedge, the pond a     506 B
1 N  (a moment ago)  Muller & Sohne  Grusse 1: the hedge, the pond a     506 B
alice> read 2
From:    Muller & Sohne <garden@away.example>
To:      alice@home.example
Date:    2026-11-21 22:15:52
Subject: Grusse 2: the hedge, the pond and the apple tree behind the house

Grusse - ??.
?[2Jfrom ?2Jthe garden
alice>`,
  },
]

describe('in a terminal', () => {
  for (const { screen, ...options } of screens) {
    const { columns, rows, environment } = options
    test(`of ${columns} by ${rows}, ${environment === utf8 ? 'UTF-8' : 'LANG=C'}, mail is listed and read`, async () => {
      await using terminal = await consoleOf(box, options)
      await terminal.shows(/^porchlight>$/m)
      await terminal.enter('mail alice')
      await terminal.lineIs('alice> |')
      await terminal.enter('read 2')
      await terminal.shows(/the garden\nalice>$/)
      await terminal.press('C-l')
      await terminal.is('alice>')
      await terminal.enter('list')
      await terminal.lineIs('alice> |')
      await terminal.enter('read 2')
      await terminal.is(screen, undated)
      await terminal.enter('headers 2')
      await terminal.shows(rows === 12 ? '--More--' : /Subject: Gr[\s\S]*alice>$/)
      if (rows === 12) await terminal.type('q')
      await terminal.lineIs('alice> |')
      await terminal.enter('quit')
      await terminal.lineIs('porchlight> |')
      await terminal.enter('logout')
      assert.equal(await terminal.ended(), 0)
    })
  }

  test('a line is edited, completed and found again', async () => {
    await using terminal = await consoleOf(box, usual)
    await terminal.shows(/^porchlight>$/m)
    for (const [keys, line] of edits) {
      for (const key of keys)
        await (key.length > 1 && /^(C-|[A-Z])/.test(key) ? terminal.press(key) : terminal.type(key))
      await terminal.lineIs(line)
    }
    await terminal.press('C-c')
    await terminal.shows(/^porchlight> user list\^C\nporchlight>$/m)
    await terminal.press('C-d')
    assert.equal(await terminal.ended(), 0)
  })

  test('Tab shows what may follow, and ? explains it, without losing the line', async () => {
    await using terminal = await consoleOf(box, usual)
    await terminal.shows(/^porchlight>$/m)
    await terminal.press('C-l')
    await terminal.lineIs('porchlight> |')
    await terminal.type('user re')
    await terminal.press('Tab')
    await terminal.lineIs('porchlight> user remove |')
    await terminal.press('Tab', 'Tab')
    await terminal.is('alice  bob\nporchlight> user remove')
    await terminal.type('b\t?')
    const help = 'alice  bob\nuser remove NAME [--delete-mail]\n  Remove an account.\nporchlight> user remove bob'
    await terminal.is(help)
    await terminal.press('BSpace')
    await terminal.enter('x')
    await terminal.is(`${help}x\nThere is no account bobx; did you mean bob? To see them: user list\nporchlight>`)
  })

  test('what is longer than the screen is shown in pages, and nothing of it is lost', async () => {
    const { out } = await runProgram(['env', 'LC_ALL=C.UTF-8', ...consoleWords(box)], 'help\n')
    const whole = out.slice(out.indexOf('porchlight> help')).replaceAll('\r\n', '\n').trimEnd()
    for (const [columns, rows] of sizes) {
      await using terminal = await consoleOf(box, { columns, rows, environment: utf8 })
      await terminal.shows(/^porchlight>$/m)
      await terminal.enter('help')
      let pages = 0
      for (let screen = ''; !screen.endsWith('porchlight>'); pages++) {
        screen = await terminal.changes(screen, /^(?:--More--|porchlight>)$(?!\n)/m)
        if (pages > 0) assert.equal(screen.split('\n').length, rows)
        await terminal.press('Space')
      }
      assert.ok(pages > 1, `${pages} pages at ${rows} rows`)
      const shown = await terminal.all()
      if (columns === 80) assert.equal(shown.slice(shown.indexOf('porchlight> help')), whole)
      assert.doesNotMatch(shown, /--More--/)
    }
  })

  test('top is drawn anew until it is left', async () => {
    for (const [columns, rows] of sizes.slice(1)) {
      await using terminal = await consoleOf(box, { columns, rows, environment: utf8 })
      await terminal.shows(/^porchlight>$/m)
      await terminal.enter('top')
      const moments = new Set<string>()
      while (moments.size < 3) {
        const [head = '', ...others] = (
          await terminal.shows(/^mail\.home\.example {2}.*\n(?:.*\n)*queue +empty$/m)
        ).split('\n')
        moments.add(head)
        assert.ok(others.length < rows)
      }
      await terminal.press('q')
      await terminal.lineIs('porchlight> |')
      const shown = await terminal.all()
      assert.equal(shown.match(/queue +empty/g)?.length, 1, shown)
    }
  })
})

const edits: readonly (readonly [keys: readonly string[], line: string])[] = [
  [['user lst'], 'porchlight> user lst|'],
  [['Left', 'Left', 'i'], 'porchlight> user li|st'],
  [['C-a'], 'porchlight> |user list'],
  [['C-k'], 'porchlight> |'],
  [['user list now'], 'porchlight> user list now|'],
  [['C-w', 'BSpace'], 'porchlight> user list|'],
  [['Home', 'super '], 'porchlight> super |user list'],
  [['C-u'], 'porchlight> |user list'],
  [['End'], 'porchlight> user list|'],
  [['Home', 'DC', 'DC'], 'porchlight> |er list'],
  [['us', 'C-e'], 'porchlight> user list|'],
  [['Enter'], 'porchlight> |'],
  [['version', 'Enter'], 'porchlight> |'],
  [['half'], 'porchlight> half|'],
  [['Up'], 'porchlight> version|'],
  [['Up'], 'porchlight> user list|'],
  [['Down', 'Down'], 'porchlight> half|'],
  [['C-u', 'C-p', 'C-p'], 'porchlight> user list|'],
]
