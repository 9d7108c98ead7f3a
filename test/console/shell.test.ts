/** The shell before a screen: what is typed at a question, and what stands there then (console/shell.ts). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { atEachStep, key, Seat } from './seat.ts'

const { left, right, up, down } = key

/** What is typed at `> `, and the row with its cursor after it. */
const edits: readonly (readonly [name: string, keys: string, row: string])[] = [
  ['letters', 'help', '> help|'],
  ['Backspace', 'helpp\x7f', '> help|'],
  ['Backspace at the start', '\x7f\x7fa', '> a|'],
  ['arrows and a letter between', `hlp${left}${left}e`, '> he|lp'],
  ['an arrow beyond the ends', `ab${left}${left}${left}c${right}${right}${right}d`, '> cabd|'],
  ['Backspace in the middle', `heelp${left}${left}\x7f`, '> he|lp'],
  ['Delete', `heelp${left}${left}${left}\x1b[3~`, '> he|lp'],
  ['Ctrl-D in the middle', `heelp${left}${left}${left}\x04`, '> he|lp'],
  ['Delete at the end', 'ab\x1b[3~', '> ab|'],
  ['Home, End', 'bc\x1b[Ha\x1b[Fd', '> abcd|'],
  ['Ctrl-A, Ctrl-E', 'bc\x01a\x05d', '> abcd|'],
  ['Ctrl-B, Ctrl-F', 'abc\x02\x02\x06-', '> ab-|c'],
  ['Ctrl-K', 'abcd\x02\x02\x0b', '> ab|'],
  ['Ctrl-U', 'abcd\x02\x15', '> |d'],
  ['Ctrl-W', 'user add  alice  \x17', '> user add  |'],
  ['Ctrl-W in a word', `user add${left}\x17`, '> user |d'],
  ['umlauts', 'zoë ä\x7f', '> zoë |'],
  ['wide characters', `日本語${left}\x7f`, '> 日|語'],
  ['a mark upon a character', `ae\u0301b${left}${left}`, '> a|e\u0301b'],
  ['Backspace takes a mark with its character', 'ae\u0301\x7f', '> a|'],
  ['controls, and what turns the direction of text', 'a\x00\x07\x0e\u202e\u200b\x1b[5~b', '> ab|'],
  ['Ctrl-L', 'ab\x0cc', '> abc|'],
  ['Ctrl-R', 'ab\x12c', '> abc|'],
  ['a question mark where nobody helps', 'a ?', '> a ?|'],
]

describe('a line that is typed', () => {
  for (const [name, keys, row] of edits) {
    atEachStep(name, {}, seat => assert.equal(seat.ask('> ').type(keys).screen.line, row))
  }

  atEachStep('is the answer', {}, seat => {
    seat.ask('Name: ').type(`bcd\x01a\x05e\r`)
    assert.equal(seat.events, 'line(abcde)')
    assert.equal(seat.screen.text, 'Name: abcde')
    assert.equal(seat.screen.column, 0)
  })

  atEachStep('may begin with what is there already', {}, seat => {
    seat.ask('Name: ', { initial: 'alice\x1b[2J' }).type(`${left}x`)
    assert.equal(seat.screen.line, 'Name: alice[2x|J')
  })

  test('is pushed to and fro where it is longer than the row', () => {
    const seat = new Seat({ columns: 20, step: 1 })
    seat.ask('> ').type('abcdefghijklmnopq')
    assert.equal(seat.screen.line, '> abcdefghijklmnopq|')
    seat.type('r')
    assert.equal(seat.screen.line, '> <ijklmnopqr|')
    seat.type('stuvwxyz')
    assert.equal(seat.screen.line, '> <nopqrstuvwxyz|')
    seat.type('\x01')
    assert.equal(seat.screen.line, '> |abcdefghijklmno>')
    seat.type(right.repeat(14))
    assert.equal(seat.screen.line, '> abcdefghijklmn|o>')
    seat.type(right)
    assert.equal(seat.screen.line, '> <fghijklmno|pqrst>')
    seat.type(left.repeat(8))
    assert.equal(seat.screen.line, '> <fg|hijklmnopqrst>')
    seat.type('\r')
    assert.equal(seat.events, 'line(abcdefghijklmnopqrstuvwxyz)')
  })

  atEachStep('never leaves its row, whatever is wide in it', { columns: 21 }, seat => {
    seat.ask('> ')
    for (const keys of ['日本語日本語日本語日本語', '\x01', right.repeat(9), '\x05', '\x7f'.repeat(9)]) {
      seat.type(keys)
      assert.equal(seat.screen.text.split('\n').length, 1)
      assert.ok(seat.screen.column <= 20)
    }
    assert.match(seat.screen.line, /日本語\|$/)
  })

  test('costs an octet for a key at its end', () => {
    const seat = new Seat().ask('porchlight> ')
    seat.wire = ''
    seat.type('s').type('t')
    assert.equal(seat.wire, 'st')
  })

  test('is bounded: a megabyte without an end rings once and stays a line', () => {
    const seat = new Seat()
    seat.ask('> ').type(Buffer.alloc(1_000_000, 'a'))
    assert.equal(seat.screen.bells, 1)
    assert.ok(seat.wire.length < 200)
    seat.type('\r')
    assert.equal(seat.events, `line(${'a'.repeat(budget.consoleLine)})`)
  })

  test('takes a few marks upon a character, and no more', () => {
    const seat = new Seat()
    seat.ask('> ').type(`e${'\u0301'.repeat(100)}\r`)
    assert.equal(seat.events, `line(e${'\u0301'.repeat(budget.consoleMarks)})`)
  })
})

describe('a question', () => {
  atEachStep('is given up with Ctrl-C', {}, seat => {
    seat.ask('Name: ').type('ali\x02\x03')
    assert.equal(seat.events, 'given-up(interrupt)')
    assert.equal(seat.screen.text, 'Name: ali^C')
  })

  atEachStep('is given up with Ctrl-D where nothing is typed', {}, seat => {
    seat.ask('Name: ').type('a\x7f\x04')
    assert.equal(seat.events, 'given-up(end)')
  })

  atEachStep('shows nothing of a password', {}, seat => {
    seat.ask('Password: ', { hidden: true, remembered: true }).type(`secx\x7fret${left}\t\x04?`)
    assert.equal(seat.screen.line, 'Password: |')
    seat.type('\r')
    assert.equal(seat.events, 'line(secret?)')
    assert.doesNotMatch(seat.wire, /[sxr]ec|\*/)
    assert.equal(seat.ask('> ').type(up).screen.line, '> |')
  })

  test('keeps a password too long that is too long, and octets that are no UTF-8', () => {
    const seat = new Seat()
    seat.ask('Password: ', { hidden: true }).type(`${'x'.repeat(1000)}\r`)
    assert.equal(seat.events, `line(${'x'.repeat(budget.password + 1)})`)
    seat.ask('Password: ', { hidden: true }).type(Buffer.from([0x61, 0xe4, 0x62, 0x0d]))
    assert.equal(seat.events, 'line(a\ufffdb)')
    seat.ask('Name: ').type(Buffer.from([0x61, 0xe4, 0x62, 0x0d]))
    assert.equal(seat.events, 'line(ab)')
    assert.equal(seat.screen.bells, 1)
  })

  atEachStep('may take several rows', { columns: 20 }, seat => {
    seat.ask('Where shall the mail of this house go? ').type('out')
    assert.equal(seat.screen.text, 'Where shall the\nmail of this house\ngo? out')
    seat.type('\r').ask('Abcdefghijklmno: ').type('x')
    assert.equal(seat.screen.text.split('\n').slice(3).join('\n'), 'Abcdefghijklmno:\n> x')
  })

  atEachStep('takes what was typed ahead, each line for one', {}, seat => {
    seat.type('one\rtwo\rth')
    assert.equal(seat.screen.text, '')
    assert.equal(seat.ask('1: ').events, 'line(one)')
    assert.equal(seat.ask('2: ').events, 'line(two)')
    seat.ask('3: ')
    assert.equal(seat.screen.text, '1: one\n2: two\n3: th')
  })

  test('takes the place of one that has no answer', () => {
    const seat = new Seat().ask('First: ').type('a').ask('Second: ').type('b\r')
    assert.equal(seat.screen.text, 'Second: b')
    assert.equal(seat.events, 'line(b)')
  })
})

describe('what is typed ahead', () => {
  atEachStep('is kept in whole lines: half of one would be another command', {}, seat => {
    const line = 'user remove bob --delete-mail'
    const whole = Math.floor(budget.consoleAhead / (line.length + 1))
    seat.type(`${line}\r`.repeat(whole + 1).slice(0, -3))
    for (let i = 0; i < whole; i++) assert.equal(seat.ask('> ').events, `line(${line})`)
    assert.equal(seat.ask('> ').screen.line, '> |')
    assert.equal(seat.type('il\r').events, '')
    assert.equal(seat.type('version\r').events, 'line(version)')
  })

  test('is bounded, with one bell', () => {
    const seat = new Seat().type(Buffer.alloc(100_000, 'ab\r'))
    assert.equal(seat.screen.bells, 1)
    let lines = 0
    while (seat.ask('> ').events === 'line(ab)') lines += 1
    assert.equal(lines, Math.floor(budget.consoleAhead / 3))
  })

  atEachStep('is thrown away by Ctrl-C, which interrupts at once', {}, seat => {
    seat.type('status\rabc\x03\x03d')
    assert.match(seat.events, /^interrupt( interrupt)?$/)
    assert.equal(seat.ask('> ').screen.line, '> d|')
  })

  atEachStep('is a key where one is waited for', {}, seat => {
    seat.type('qx').shell.key()
    assert.equal(seat.deal().events, 'key(q)')
    seat.shell.key()
    assert.equal(seat.deal().events, 'key(x)')
    seat.shell.key()
    assert.equal(seat.deal().events, '')
    assert.equal(seat.type(up).events, 'key(up)')
    seat.shell.key()
    assert.equal(seat.type('\x03').events, 'interrupt')
    assert.equal(seat.type('a').events, '')
  })
})

describe('the history', () => {
  const remembered = { remembered: true }

  atEachStep('goes back and forth, and keeps what was being typed', {}, seat => {
    for (const line of ['one', 'two', 'two', '', ' ']) seat.ask('> ', remembered).type(`${line}\r`)
    seat.ask('Sure? ').type('yes\r')
    seat.ask('> ', remembered).type('dra')
    const rows = [up, up, up, '\x0e', down, down].map(key => seat.type(key).screen.line)
    assert.deepEqual(rows, ['> two|', '> one|', '> one|', '> two|', '> dra|', '> dra|'])
    assert.equal(seat.screen.bells, 2)
    seat.type('\x10\x7fx\r')
    assert.match(seat.events, /line\(twx\)$/)
  })

  test('is bounded', () => {
    const seat = new Seat()
    for (let line = 0; line < budget.consoleHistory + 10; line++) seat.ask('> ', remembered).type(`${line}\r`)
    assert.equal(seat.ask('> ').type(up.repeat(500)).screen.line, '> 10|')
  })
})

describe('Tab', () => {
  const words = ['status', 'start', 'user']
  const asking = { complete: (line: string) => words.filter(word => word.startsWith(line.split(' ').at(-1) ?? '')) }
  const rows: readonly (readonly [name: string, keys: string, text: string, bells: number])[] = [
    ['completes the only word, with a blank', 'us\t', '> user', 0],
    ['completes what the words have in common', 's\t', '> sta', 0],
    ['rings where there are several', 's\t\t', '> sta', 1],
    ['shows them when it is pressed again', 's\t\t\t', 'status  start\n> sta', 1],
    ['does not show them after another key', 's\t\tx\x7f\t', '> sta', 2],
    ['rings where there is nothing', 'x\t', '> x', 1],
    ['completes the last word before the cursor', `help us${''}\x01help \x05\t`, '> help help user', 0],
    ['needs no second blank', `us x${left}${left}\t`, '> user x', 0],
  ]
  for (const [name, keys, text, bells] of rows) {
    test(name, () => {
      const seat = new Seat({ step: 1 }).ask('> ', asking).type(keys)
      assert.equal(seat.screen.text, text)
      assert.equal(seat.screen.bells, bells)
    })
  }

  atEachStep('has the keys behind it wait for its answer', {}, seat => {
    seat.ask('> ', asking).type('us\tadd\r')
    assert.equal(seat.events, 'line(user add)')
  })

  test('can be given up before it is answered', () => {
    const seat = new Seat().ask('> ', { complete: async () => [] }).type('us\tabc')
    assert.equal(seat.screen.line, '> us|')
    assert.equal(seat.type('\x03').events, 'given-up(interrupt)')
    seat.shell.offer(['late'])
    assert.equal(seat.ask('> ').screen.line, '> |')
  })

  test('is nothing where nothing can be completed', () => {
    assert.equal(new Seat().ask('> ').type('us\ter\r').events, 'line(user)')
  })

  test('makes names harmless, takes none that cannot be typed, and shows no more than a screen can bear', () => {
    const hostile = { complete: () => ['a\x1b[2J', 'b', 'bä', ...Array.from({ length: 300 }, (_, i) => `b${i}`)] }
    const seat = new Seat({ rows: 100, charset: 'ascii' }).ask('> ', hostile).type('b\t\t')
    assert.match(seat.screen.text, /^b {5}b32 .*\nba {4}b33 [\s\S]*\n\.\.\. and 102 more\n> b$/)
  })
})

describe('?', () => {
  const asking = { help: (line: string) => [`What may follow "${line}":`, '  this', '  that'] }

  atEachStep('helps without losing the line', {}, seat => {
    seat.ask('> ', asking).type('user ?add')
    assert.equal(seat.screen.text, 'What may follow "user ":\n  this\n  that\n> user add')
    assert.equal(seat.type('\r').events, 'line(user add)')
  })

  atEachStep('shows the question once more on a printer', { escapes: false }, seat => {
    seat.ask('> ', asking).type('user ?')
    assert.equal(seat.screen.text, '> user\nWhat may follow "user ":\n  this\n  that\n> user')
  })

  atEachStep('is a character within a word', {}, seat => {
    assert.equal(seat.ask('> ', asking).type(`who?${left}?\x05\r`).events, 'line(who??)')
  })
})
