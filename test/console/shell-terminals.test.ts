/** The shell before terminals of all kinds: without escapes, not known yet, and with any keys (console/shell.ts). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { atEachStep, key, Seat } from './seat.ts'

const { left, right, up } = key

describe('a terminal without escapes', () => {
  const plain = { escapes: false }
  const rows: readonly (readonly [name: string, keys: string, text: string, bells?: number])[] = [
    ['echoes', 'help', '> help'],
    ['takes Backspace at the end', 'helpp\x7f', '> help'],
    ['takes it over a wide character', 'a日\x7fb', '> ab'],
    ['rings for arrows', `ab${left}`, '> ab', 1],
    ['shows Ctrl-U and begins anew', 'abc\x15d', '> abc^U\n> d'],
    ['shows Ctrl-R and the line again', 'abc\x12d', '> abc^R\n> abcd'],
    ['takes a word with Ctrl-W', 'user add\x17x', '> user x'],
    ['shows Ctrl-C', 'abc\x03', '> abc^C'],
  ]
  for (const [name, keys, text, bells = 0] of rows) {
    test(name, () => {
      const seat = new Seat({ ...plain, step: 1 }).ask('> ').type(keys)
      assert.equal(seat.screen.text, text)
      assert.equal(seat.screen.bells, bells)
      assert.doesNotMatch(seat.wire, /\x1b/)
    })
  }

  test('erases with BS, blank, BS', () => {
    assert.equal(new Seat(plain).ask('> ').type('ab').type('\x7f').wire, '> ab\b \b')
  })

  atEachStep(
    'takes several rows for a long line, and shows it again where that cannot be erased',
    { ...plain, columns: 20 },
    seat => {
      seat.ask('> ').type('abcdefghijklmnopqrstuvwx')
      assert.equal(seat.screen.text, '> abcdefghijklmnopq\nrstuvwx')
      seat.type('\x7f'.repeat(7))
      seat.type('\x7f')
      assert.equal(seat.screen.text, '> abcdefghijklmnopq\n\n> abcdefghijklmnop')
      assert.equal(seat.type('\r').events, 'line(abcdefghijklmnop)')
    },
  )

  test('shows a line of the history in a row of its own', () => {
    const seat = new Seat({ ...plain, step: 1 })
    seat.ask('> ', { remembered: true }).type('status\r')
    seat.ask('> ').type(`us${up}`)
    assert.equal(seat.screen.text, '> status\n> us\n> status')
  })
})

describe('the enquiry', () => {
  for (const step of [1, 65_536]) {
    test(`is answered by a terminal with escapes, which is measured then (${step})`, () => {
      const seat = new Seat({ unknown: true, columns: 60, rows: 10, step })
      seat.print('Welcome')
      assert.ok(!seat.shell.escapes)
      assert.deepEqual([seat.shell.columns, seat.shell.rows], [80, 24])
      seat.shell.probe()
      seat.ask('> ').type('ab')
      assert.ok(seat.shell.escapes)
      assert.deepEqual([seat.shell.columns, seat.shell.rows], [60, 10])
      assert.equal(seat.events, 'sized')
      assert.equal(seat.screen.text, 'Welcome\n> ab')
      assert.equal(seat.type(left).screen.line, '> a|b')
    })
  }

  test('is wiped where it was printed, and nothing with an escape follows', () => {
    const seat = new Seat({ unknown: true, escapes: false })
    seat.print('Welcome')
    seat.shell.probe()
    seat.deal()
    assert.equal(seat.screen.text, 'Welcome\n[6n')
    seat.ask('> ')
    for (const keys of ['ab\x7f', left, '\x0c', '\x15', 'x\r']) seat.type(keys)
    seat.shell.probe()
    seat.print('Done')
    assert.equal(seat.screen.text, 'Welcome\n> a^L\n> a^U\n> x\nDone')
    assert.equal(seat.wire.match(/\x1b/g)?.length, 1)
  })

  test('may be answered late, in the middle of a line', () => {
    const seat = new Seat({ unknown: true, columns: 30 })
    seat.shell.probe()
    const enquiry = seat.shell.takeOutput()
    seat.ask('> ').type('abc')
    seat.screen.show(enquiry)
    seat.type(seat.screen.takeAnswers())
    assert.ok(seat.shell.escapes)
    assert.equal(seat.screen.text, '> abc')
    assert.equal(seat.type(`${left}${left}x`).screen.line, '> ax|bc')
  })

  test('takes no answer that nobody asked for', () => {
    const seat = new Seat({ unknown: true }).ask('> ').type('\x1b[5;5R\x1b[?1;2ca')
    assert.ok(!seat.shell.escapes)
    assert.equal(seat.screen.text, '> a')
  })

  test('believes no size that cannot be', () => {
    const seat = new Seat({ unknown: true })
    seat.shell.probe()
    seat.shell.feed(Buffer.from('\x1b[1;1R\x1b[1;1R'))
    assert.deepEqual([seat.shell.escapes, seat.shell.columns, seat.shell.rows], [true, 80, 24])
    seat.shell.probe()
    seat.shell.feed(Buffer.from('\x1b[9999;9999R'))
    assert.deepEqual([seat.shell.columns, seat.shell.rows], [budget.mostColumns, budget.mostRows])
  })

  test('measures anew at Ctrl-L', () => {
    const seat = new Seat({ columns: 60, rows: 10 })
    seat.shell.resize(30, 5)
    seat.print('old')
    seat.ask('> ').type('ab\x0c')
    assert.equal(seat.screen.text, '> ab')
    assert.deepEqual([seat.shell.columns, seat.shell.rows], [60, 10])
  })
})

describe('ESC alone', () => {
  test('is a key once the line is quiet', () => {
    const seat = new Seat()
    seat.shell.key()
    assert.equal(seat.type('\x1b').events, '')
    assert.ok(seat.shell.undecided)
    seat.shell.lull()
    assert.equal(seat.deal().events, 'key(escape)')
    seat.shell.key()
    assert.equal(seat.type('[').events, 'key([)')
  })
})

/** Keys that change a line and do not end it. */
const typing = fc.array(
  fc.constantFrom(
    'a',
    'bc',
    ' ',
    '日',
    'e\u0301',
    '😀',
    left,
    right,
    up,
    '\x7f',
    '\x1b[3~',
    '\x01',
    '\x05',
    '\x0b',
    '\x17',
    '\x0c',
  ),
  { maxLength: 40 },
)

describe('what stands on the screen', () => {
  for (const escapes of [true, false]) {
    test(`is what was typed, ${escapes ? 'in one row' : 'from the last prompt on'}, however it arrived`, () => {
      fc.assert(
        fc.property(typing, fc.constantFrom(1, 3, 65_536), (keys, step) => {
          const columns = escapes ? 150 : 30
          const seat = new Seat({ escapes, columns, rows: 100, step }).ask('> ').type(keys.join(''))
          const rows = seat.screen.text.split('\n').map(row => row.padEnd(columns - 1))
          const from = rows.findLastIndex(row => row.startsWith('> '))
          const shown = escapes ? seat.screen.line.replace('|', '') : rows.slice(from).join('')
          const typed = seat.type('\r').events
          assert.equal(`line(${shown.slice(2).trimEnd()})`, typed.replaceAll(/sized | +(?=\)$)/g, ''))
        }),
      )
    })
  }
})
