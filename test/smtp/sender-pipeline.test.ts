import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Outgoing } from '../../src/smtp/outgoing.ts'
import { Pipeline } from '../../src/smtp/pipeline.ts'

type Verb = Parameters<Pipeline['add']>[0]

/** What is written of these commands before the first answer. */
function written(pipelining: boolean, verbs: readonly Verb[]): string {
  const pipeline = new Pipeline()
  pipeline.pipelining = pipelining
  for (const verb of verbs) pipeline.add(verb)
  pipeline.write()
  return pipeline.output.take().toString().trim().split('\r\n').join(' ')
}

describe('commands on their way', () => {
  // RFC 2920 §3.1, RFC 3207 §4, RFC 4954 §4
  const table: { verbs: Verb[]; written: string }[] = [
    { verbs: ['RSET', 'MAIL', 'RCPT', 'RCPT', 'DATA'], written: 'RSET MAIL RCPT RCPT DATA' },
    { verbs: ['DATA', 'RSET'], written: 'DATA' },
    { verbs: ['RSET', 'QUIT', 'MAIL'], written: 'RSET QUIT' },
    { verbs: ['RSET', 'STARTTLS'], written: 'RSET' },
    { verbs: ['STARTTLS', 'MAIL'], written: 'STARTTLS' },
    { verbs: ['RSET', 'AUTH'], written: 'RSET' },
    { verbs: ['AUTH', 'MAIL'], written: 'AUTH' },
    { verbs: ['EHLO', 'MAIL'], written: 'EHLO' },
    { verbs: ['RSET', 'EHLO'], written: 'RSET' },
  ]
  for (const { verbs, written: expected } of table) {
    test(`${verbs.join(' ')} go as ${expected}`, () => assert.equal(written(true, verbs), expected))
    test(`${verbs.join(' ')} go one by one without PIPELINING`, () => assert.equal(written(false, verbs), verbs[0]))
  }

  test('hold no control character, and what did is not shown', () => {
    for (const line of ['NOOP\r\nQUIT', 'secret\n', '\0', 'a\x7f', 'a\tb']) {
      const outgoing = new Outgoing()
      assert.throws(
        () => outgoing.line(line),
        (error: Error) => !error.message.includes('secret'),
      )
      assert.equal(outgoing.empty, true)
    }
  })
})
