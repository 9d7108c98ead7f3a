/** The shell before a screen: what is printed, page by page (console/shell.ts, terminal/pager.ts). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { atEachStep, key, Seat } from './seat.ts'

const { left } = key

describe('what is printed', () => {
  test('fits the width and is harmless', () => {
    const seat = new Seat({ columns: 20 })
    seat.print('One sentence that is long.', 'a\x1b[31mb\r\nc\td', '')
    assert.equal(seat.screen.text, 'One sentence that\nis long.\na?[31mb??c d')
    assert.equal(seat.screen.column, 0)
  })

  test('is in ASCII where the terminal shows no more', () => {
    const seat = new Seat({ charset: 'ascii' })
    seat.print('Grüße – „zoë“ → 日')
    seat.ask('Straße: ').type('ä日ß\r')
    assert.equal(seat.screen.text, 'Grusse - "zoe" -> ?\nStrasse: a?ss')
    assert.equal(seat.events, 'line(ä日ß)')
    assert.doesNotMatch(seat.wire, /[\x80-\xff]/)
  })

  atEachStep('comes above the question, with what was typed so far', {}, seat => {
    seat.ask('> ').type(`user${left}`)
    seat.print('The disk is nearly full.', 'Free some of it.')
    assert.equal(seat.screen.text, 'The disk is nearly full.\nFree some of it.\n> user')
    assert.equal(seat.screen.line, '> use|r')
  })

  atEachStep('comes below the question on a printer, which shows it once more', { escapes: false }, seat => {
    seat.ask('> ').type('user')
    seat.print('The disk is nearly full.', 'Free some of it.')
    assert.equal(seat.screen.text, '> user\nThe disk is nearly full.\nFree some of it.\n> user')
  })

  test('is bounded for one line', () => {
    const seat = new Seat()
    seat.print('x'.repeat(1_000_000))
    assert.ok(seat.wire.length < 2 * budget.consolePrint)
  })
})

describe('pages', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`)
  /** Prints them all as a driver does, with these keys at --More--. */
  function page(seat: Seat, ...keys: readonly string[]): Seat {
    seat.shell.page(true)
    let rest: readonly string[] = lines
    const pressed = [...keys]
    for (;;) {
      rest = seat.print(...rest)
      let events = seat.events
      while (events === '' && pressed.length > 0 && rest.length >= 0 && /--More--/.test(seat.screen.text)) {
        seat.type(pressed.shift() ?? '')
        events = seat.events
      }
      if (rest.length === 0 || !events.includes('go-on')) return seat
    }
  }

  for (const escapes of [true, false]) {
    const on = escapes ? 'a screen' : 'a printer'
    atEachStep(`end with --More-- on ${on}`, { escapes }, seat => {
      page(seat)
      assert.equal(seat.screen.text, [...lines.slice(0, 7), '--More--'].join('\n'))
    })
    atEachStep(`go on with a blank, by a row with Enter, on ${on}`, { escapes }, seat => {
      page(seat, ' ', '\r')
      assert.equal(seat.screen.all, [...lines.slice(0, 15), '--More--'].join('\n'))
    })
    atEachStep(`go on to the end on ${on}, and nothing of --More-- is left`, { escapes }, seat => {
      page(seat, ' ', 'x', ' ')
      assert.equal(seat.screen.all, lines.join('\n'))
    })
  }

  for (const key of ['q', '\x03']) {
    atEachStep(`stop with ${JSON.stringify(key)}`, {}, seat => {
      seat.shell.page(true)
      seat.print(...lines)
      assert.equal(seat.type(key).events, 'more(stop)')
      assert.equal(seat.screen.text, lines.slice(0, 7).join('\n'))
    })
  }

  test('explain themselves at another key', () => {
    const seat = page(new Seat({ columns: 60 }))
    seat.type('x')
    assert.match(seat.screen.text, /\n--More-- {2}space: next page, Enter: next line, q: stop$/)
    seat.type('xyz')
    assert.equal(seat.screen.bells, 1)
  })

  test('end without --More-- where all fits', () => {
    const seat = new Seat()
    seat.shell.page(true)
    assert.deepEqual(seat.print(...lines.slice(0, 7)), [])
    assert.equal(seat.screen.text, lines.slice(0, 7).join('\n'))
  })

  test('cut a line that takes more than one of them', () => {
    const seat = new Seat({ columns: 21 })
    seat.shell.page(true)
    assert.ok(!seat.shell.print('0123456789'.repeat(20)))
    assert.equal(seat.deal().screen.text.split('\n').length, 8)
    assert.equal(seat.type(' ').events, 'more(go-on)')
    assert.equal(seat.screen.all.replaceAll('\n', ''), '0123456789'.repeat(20))
  })

  test('leave to the next question what was typed before them, and take what is pressed between them', () => {
    const seat = new Seat()
    seat.type('q then\r').shell.page(true)
    const rest = seat.print(...lines)
    assert.equal(seat.screen.text.split('\n').at(-1), '--More--')
    seat.type('  ')
    assert.equal(seat.events, 'more(go-on)')
    // The second blank came while the next page was on its way.
    assert.equal(seat.print(...rest).length, 5)
    assert.equal(seat.events, 'more(go-on)')
    seat.shell.page(false)
    assert.equal(seat.ask('> ').events, 'line(q then)')
  })

  test('hold no more than so much of what is printed without waiting', () => {
    const seat = new Seat({ rows: 300 })
    seat.shell.page(true)
    for (let i = 0; i < 100_000; i++) seat.shell.print('0123456789')
    seat.deal()
    for (let i = 0; i < 1000; i++) seat.type(' ')
    assert.ok(seat.wire.length < 2 * budget.consoleHeld)
  })

  test('begin anew after a question', () => {
    const seat = new Seat()
    seat.shell.page(true)
    seat.print(...lines.slice(0, 5))
    seat.ask('Go on? ').type('y\r')
    seat.shell.rest()
    assert.deepEqual(seat.print(...lines.slice(5, 12)), [])
  })
})

describe('a drawn screen', () => {
  test('takes the place of the one before', () => {
    const seat = new Seat({ columns: 20, rows: 5 })
    seat.print('old', 'old', 'old', 'old')
    seat.shell.draw(['first line that is too long', 'second\x1b'])
    seat.deal()
    assert.equal(seat.screen.text, 'first line that is\nsecond?')
    seat.shell.draw(['1', '2', '3', '4', '5', '6'])
    seat.deal()
    assert.equal(seat.screen.text, '1\n2\n3\n4')
    seat.ask('> ').type('x')
    assert.equal(seat.screen.text, '1\n2\n3\n4\n> x')
  })

  test('is printed on a printer', () => {
    const seat = new Seat({ columns: 20, rows: 5, escapes: false })
    seat.print('old')
    seat.shell.draw(['1', '2'])
    seat.deal()
    assert.equal(seat.screen.text, 'old\n1\n2')
  })
})
