// Any message is cut behind the lines that its CRLFs say, at any split, and `done` says when nothing more can come.
import assert from 'node:assert/strict'
import { TopCutter } from '../../../src/wire/top.ts'
import { cuttings } from '../cuts.ts'
import { stretches, type Target } from '../engine.ts'

function cut(chunks: readonly Buffer[], lines: number): { top: string; done: boolean } {
  const cutter = new TopCutter(lines)
  let top = ''
  for (const chunk of chunks) {
    const wasDone = cutter.done
    const piece = cutter.cut(chunk).toString('latin1')
    assert.ok(!wasDone || piece === '')
    top += piece
    chunk.fill('!')
  }
  return { top, done: cutter.done }
}

function cutPlainly(message: string, lines: number): { top: string; done: boolean } {
  const all = message.split(/(?<=\r\n)/)
  const blank = all.indexOf('\r\n')
  if (blank < 0) return { top: message, done: false }
  const body = all.slice(blank + 1)
  const ended = body.slice(0, lines).filter(line => line.endsWith('\r\n')).length
  return { top: all.slice(0, blank + 1 + lines).join(''), done: ended === lines }
}

export const top: Target = {
  seeds: [
    'A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n',
    '\r\none\r\n',
    'A\n\n\r\r\n\r\n1\n2\r3\r\n4\r\n',
    'A: 1\r\n',
    'A: 1\r\n\r\none',
  ],
  words: ['\r\n', '\r', '\n', '\r\n\r\n', '\r\r\n', '\n\r\n', 'a', 'A: 1\r\n', '.', '\0'],
  most: 600,
  check(input) {
    const text = input.toString('latin1')
    for (const lines of [0, 1, 3, Number.POSITIVE_INFINITY]) {
      const plain = cutPlainly(text, lines)
      for (const chunks of cuttings(input)) assert.deepEqual(cut(chunks, lines), plain)
    }
    return stretches(text.replaceAll(/[^\r\n]+/g, 'a'), 8)
  },
}
