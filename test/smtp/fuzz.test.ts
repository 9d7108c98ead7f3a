// Any octets give events or replies, never a throw, in bounded memory, and the same ones at any split.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { cut, lineNoise, places } from '../wire/splits.ts'
import { Session } from './session.ts'

const commands = fc.constantFrom(
  'EHLO laptop\r\n',
  'HELO laptop\r\n',
  'MAIL FROM:<bob@away.example>\r\n',
  'MAIL FROM:<bób@away.example> SMTPUTF8 SIZE=10\r\n',
  'RCPT TO:<alice@home.example>\r\n',
  'RCPT TO:<eve@home.example> NOTIFY=NEVER\r\n',
  'DATA\r\n',
  '.\r\n',
  'BDAT 5\r\n',
  'BDAT 0 LAST\r\n',
  'BDAT 12 LAST\r\n',
  'BDAT 9 X\r\n',
  'RSET\r\n',
  'NOOP\r\n',
  'STARTTLS\r\n',
  'QUIT\r\n',
  `${'x'.repeat(budget.smtpLine)}\r\n`,
)
const opening = Buffer.from('EHLO laptop\r\nMAIL FROM:<bob@away.example>\r\nRCPT TO:<alice@home.example>\r\n')
const octets = fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes))
const part = fc.oneof(
  { weight: 6, arbitrary: commands.map(text => Buffer.from(text)) },
  { weight: 2, arbitrary: lineNoise },
  { weight: 1, arbitrary: octets },
)
const wire = fc
  .tuple(fc.boolean(), fc.array(part, { maxLength: 20 }))
  .map(([opened, parts]) => Buffer.concat(opened ? [opening, ...parts] : parts))

/** Feeds chunks up to where the receiver closes or goes over to TLS. */
function converse(chunks: readonly Buffer[]): { output: string; log: string[] } {
  const session = new Session({ messageOctets: 30 })
  let output = ''
  for (const chunk of chunks) {
    output += session.send(chunk)
    if (/^(closed|starttls)$/.test(session.log.at(-1) ?? '')) break
  }
  assert.ok(session.most < budget.output + 1000)
  return { output, log: session.log }
}

describe('the receiver under fire', () => {
  test('any split of anything gives the same events and replies', () => {
    fc.assert(
      fc.property(wire, places, (octets, at) => {
        assert.deepEqual(tooBigAside(converse(cut(octets, at))), tooBigAside(converse([octets])))
      }),
      { numRuns: 1500 },
    )
  })

  test('every reply is a whole one', () => {
    fc.assert(
      fc.property(wire, octets => {
        const { output } = converse([octets])
        assert.match(output, /^(?:(?:\d{3}-[ -~]+\r\n)*\d{3} [ -~]+\r\n)*$/)
      }),
      { numRuns: 500 },
    )
  })
})

/** How much of a message too big was handed out before the limit was met depends on the split, and on nothing else. */
function tooBigAside({ output, log }: { output: string; log: string[] }): { output: string; log: string[] } {
  return { output, log: log.map((line, at) => (line.startsWith('body ') && tooBigFrom(log, at) ? 'body' : line)) }
}

function tooBigFrom(_log: readonly string[], _at: number): boolean {
  return false
}
