/** The log: each line goes to its sink, too, and fields that would hold a secret say only that they were there. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { openLog } from '../../src/base/log.ts'

test('a line goes to the sink as JSON, whatever standard error gets, and from the level on that is set', () => {
  for (const format of ['text', 'json'] as const) {
    const lines: string[] = []
    const log = openLog({ level: 'error', format }, { write: line => lines.push(line) })
    log.info({ id: 'x' }, 'too little')
    log.error({ id: 'x' }, `a line of a test, in ${format}`)
    assert.deepEqual(
      lines.map(line => JSON.parse(line)).map(({ level, msg, id }) => ({ level, msg, id })),
      [{ level: 50, msg: `a line of a test, in ${format}`, id: 'x' }],
    )
  }
})

test('what would be a secret is not written down, not even within another field', () => {
  const lines: string[] = []
  const log = openLog({ level: 'error', format: 'json' }, { write: line => lines.push(line) })
  const secrets = {
    password: 'marked',
    auth: 'marked',
    secret: 'marked',
    token: 'marked',
    credentials: { a: 'marked' },
  }
  log.error({ ...secrets, given: { ...secrets, user: 'alice' } }, 'a line of a test, with secrets')
  assert.equal(lines.length, 1)
  assert.ok(!lines.join().includes('marked'))
  assert.match(lines.join(), /"user":"alice"/)
})

test('nothing in a line acts on a terminal, and JSON means what it meant', t => {
  const text = 'a\x1b[2J\x7f\x9b2J\u202e\u2028\u{e0041}b'
  for (const format of ['text', 'json'] as const) {
    const lines: string[] = []
    const shown: string[] = []
    t.mock.method(fs, 'writeSync', (_fd: number, line: string) => {
      shown.push(line)
      return Buffer.byteLength(line)
    })
    openLog({ level: 'error', format }, { write: line => lines.push(line) }).error({ said: text }, 'a line of a test')
    t.mock.restoreAll()
    const [line = ''] = lines
    assert.equal(JSON.parse(line).said, text)
    for (const written of [line, shown.join('')]) {
      assert.match(written, /a line of a test/)
      assert.doesNotMatch(written.trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }
  }
})
