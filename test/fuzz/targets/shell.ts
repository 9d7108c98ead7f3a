// Any octets, in any state of a shell, never throw; what is written stays small and holds no control that was typed; and
// after all of it Ctrl-C and Enter answer a question.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import type { Asking } from '../../../src/commands/dialogue.ts'
import { Shell } from '../../../src/console/shell.ts'
import { eventWords } from '../../console/seat.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

const circumstances = [
  { charset: 'utf-8', columns: 20, rows: 4, escapes: true },
  { charset: 'ascii', columns: 30, rows: 5, escapes: false },
  { charset: 'utf-8' },
] as const

const words = ['status', 'start', 'stop', 'user add', 'üser', '\x1b[2J']
const asking: readonly Asking[] = [
  { remembered: true, complete: () => words, help: line => [`help for ${line}`, 'more of it'] },
  { hidden: true },
  { initial: 'zoë' },
]

/** What a driver does next, over and over. */
const turns: readonly ((shell: Shell, asking: Asking) => void)[] = [
  (shell, asking) => shell.ask('> ', asking),
  shell => shell.key(),
  shell => shell.print('A line that needs more than one row on a terminal as narrow as this one is.'),
  shell => shell.page(true),
  shell => shell.draw(['one', 'two\x1b[m', 'three', 'four', 'five']),
  shell => shell.rest(),
  shell => shell.probe(),
  shell => shell.lull(),
  shell => shell.forget(),
]

/** Octets that one turn of the driver may write by itself, and one that is fed: a row that is pushed to and fro. */
const turnOctets = budget.consoleBehind + 3000
const octetOctets = 100

function converse(chunks: readonly Buffer[], options: (typeof circumstances)[number], turn: number): string[] {
  const shell = new Shell(options)
  const seen: string[] = []
  let question: Asking = {}
  shell.page(true)
  for (const [i, chunk] of chunks.entries()) {
    question = asking[(i + turn) % asking.length] ?? {}
    turns[(i * 3 + turn) % turns.length]?.(shell, question)
    shell.feed(chunk)
    seen.push(...settle(shell, chunk.length, question))
    chunk.fill('!')
  }
  finish(shell)
  return seen
}

/** Does what the events say and takes the output. @returns the events */
function settle(shell: Shell, octets: number, asking: Asking): string[] {
  const seen: string[] = []
  for (let event = shell.next(); event.type !== 'need-input'; event = shell.next()) {
    seen.push(event.type)
    assert.ok(seen.length <= octets + budget.consoleAhead)
    assert.doesNotMatch(eventWords(event), /[\0-\x1f\x7f]/)
    if (event.type === 'complete') shell.offer(words)
    if (event.type === 'help') for (const line of asking.help?.(event.line) ?? []) shell.print(line)
  }
  const promised = shell.outputOctets
  const output = shell.takeOutput()
  assert.equal(output.length, promised)
  assert.ok(output.length <= turnOctets + octetOctets * octets, `${output.length} octets for ${octets}`)
  const text = output.toString()
  assert.doesNotMatch(text, /[^\x20-\x7e\x80-\u{10ffff}\r\n\b\x07\x1b]/u)
  assert.doesNotMatch(text.replaceAll(/\x1b(?:\[[\d;]*[HJKCDn]|[78])/g, ''), /\x1b/)
  assert.ok((text.match(/\x07/g)?.length ?? 0) <= 1)
  if (!shell.escapes) assert.doesNotMatch(text.replace('\x1b[6n', ''), /\x1b/)
  return seen
}

/** Whatever was before, a question is answered. */
function finish(shell: Shell): void {
  shell.feed(Buffer.from('\x03'))
  for (let event = shell.next(); event.type !== 'need-input'; event = shell.next());
  shell.ask('Now? ', { remembered: true })
  shell.feed(Buffer.from('yes\r'))
  const event = shell.next()
  assert.deepEqual(event, { type: 'line', text: 'yes' })
  assert.match(shell.takeOutput().toString(), /Now\? yes\r\n\x07?$/)
}

export const shell: Target = {
  seeds: [
    'status\r',
    'us\t\t\x7f\x7fuser ?\r\x03\x04',
    '\x1b[A\x1b[B\x1b[C\x1b[D\x01\x05\x0b\x15\x17\x0c\x12',
    'abc\x02\x02x\x1b[3~\r \r q',
    '\x1b[24;80R\x1b[10;40R\x1b[?1;2c',
    Buffer.from('zoë 日本 e\u0301 🔑\r'),
    Buffer.alloc(3000, 0xff),
    'x'.repeat(1500),
    'a\r\nb\r\0c\n\n',
  ],
  words: [
    ...['\r', '\n', '\0', '\t', '\x03', '\x04', '\x7f', '\b', '\x07', '\x0c', '\x12', '\x15', '\x17', '\x10', '\x0e'],
    ...['\x1b', '\x1b[', '\x1bO', '\x1b[A', '\x1b[D', '\x1b[3~', '\x1b[5;30R', '\x1b[99;99R', '\x1b[?1c', '\x1b[[A'],
    ...['?', ' ', 'q', 's', 'a', 'ü', '日', '\u0301', '😀', '\u202e', '\x80', '\xff', '1;2', '\x1b[6n', '--More--'],
  ],
  most: 6000,
  check(input) {
    const runs = circumstances.flatMap((options, turn) =>
      cuttings(input).map(chunks => converse(chunks, options, turn + (input[0] ?? 0))),
    )
    return runs.flatMap(seen => [...stretches(seen, 3)])
  },
}
