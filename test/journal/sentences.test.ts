/** Every line of the log has a sentence for people, and nothing in it acts on a terminal. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sentences, words } from '../../src/journal/sentences.ts'

/** Lines whose sentence is no literal where they are written: in which file, and where the literals are. */
const elsewhere: Readonly<Record<string, RegExp>> = {
  'src/flow/access.ts': /#note\(\w+, '([^']+)'/g,
  'src/flow/settle.ts': /outcome === '(\w+)'/g,
  // What a repair tells is made for people already.
  'src/store/recovery.ts': /^(?!)/g,
}

/** The arguments of each call of the log in a source, as written. */
function calls(text: string): string[] {
  return [...text.matchAll(/\blog\??\.(?:debug|info|warn|error)\(/gi)].map(match => {
    const start = match.index + match[0].length
    let depth = 1
    let end = start
    for (; depth > 0 && end < text.length; end++) depth += { '(': 1, ')': -1 }[text[end] ?? ''] ?? 0
    return text.slice(start, end - 1)
  })
}

/** The sentence of a call: its last argument, where that is a literal. */
function literal(call: string): string | undefined {
  const [, single, double] = /(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")\s*,?\s*$/.exec(call) ?? []
  return single ?? double
}

describe('every line that is logged in', () => {
  for (const path of globSync('src/**/*.ts')) {
    const text = readFileSync(path, 'utf8')
    const found = calls(text)
    if (found.length === 0) continue
    test(`${path} has a sentence`, () => {
      const spoken = found.map(literal)
      const indirect = elsewhere[path]
      if (spoken.includes(undefined)) assert.ok(indirect, `${path} logs what is no literal: ${found.join(' | ')}`)
      const more = indirect ? [...text.matchAll(indirect)].map(match => match[1]) : []
      const missing = [...spoken, ...more].filter(msg => msg !== undefined && !Object.hasOwn(sentences, msg))
      assert.deepEqual(missing, [])
    })
  }
  test('the table is found by this test, too, where a sentence is not written any more', () => {
    const all = globSync('src/**/*.ts', { exclude: ['src/journal/**'] })
      .map(path => readFileSync(path, 'utf8'))
      .join('\n')
    const gone = Object.keys(sentences).filter(msg => !all.includes(`'${msg}'`) && !all.includes(`"${msg}"`))
    assert.deepEqual(gone, [])
  })
})

const accepted = { id: '7k2m', client: '192.0.2.1', from: 'bob@away.example', copies: 1, queued: 0, octets: 4301 }

const cases: readonly (readonly [msg: string, fields: Readonly<Record<string, unknown>>, sentence: string])[] = [
  ['ready', {}, 'Porchlight is ready.'],
  [
    'message accepted',
    { ...accepted, accounts: ['alice'] },
    'Mail from bob@away.example for alice was taken (4.2 KiB).',
  ],
  ['message accepted', accepted, 'Mail from bob@away.example for 1 mailbox was taken (4.2 KiB).'],
  [
    'message accepted',
    { ...accepted, from: '', accounts: ['alice', 'bob'], copies: 5 },
    'A report for alice, bob and 3 more was taken (4.2 KiB).',
  ],
  [
    'message accepted',
    { ...accepted, from: 'alice@home.example', copies: 0, queued: 2, accounts: [] },
    'Mail from alice@home.example was taken, and goes out to 2 recipients (4.2 KiB).',
  ],
  ['login failed', { client: '192.0.2.1', user: 'alice' }, 'A login as alice from 192.0.2.1 failed.'],
  ['login failed', {}, 'A login as ? from ? failed.'],
  ['login failed', { client: 'x', user: 'a\x1b[31m\u202eb' }, 'A login as a?[31m?b from x failed.'],
  [
    'maildrop opened',
    { client: '::1', account: 'alice', messages: 1 },
    'alice looked at the mailbox from ::1; it held 1 message.',
  ],
  [
    'deferred',
    { id: 'x', domain: 'away.example', said: '451 4.4.1 Later.', next: '2026-11-22T08:10:22.000Z' },
    'Message x for away.example has to wait: 451 4.4.1 Later. It is tried again at 2026-11-22 08:10:22 UTC.',
  ],
  ['job done', { job: 'traces' }, 'The job traces is done.'],
  ['job done', { job: 'doctor', result: 'all is well' }, 'The job doctor is done: all is well.'],
  [
    'nothing has changed',
    { reason: 'x.toml cannot be used.' },
    'The configuration could not be taken, so nothing has changed: x.toml cannot be used.',
  ],
  ['something new', { a: 1, b: ['x', 'y'], err: { message: 'no' } }, 'something new  a=1 b=x, y err=no'],
  ['constructor', {}, 'constructor'],
  [
    'mail cannot be kept',
    { reason: 'x'.repeat(1000) },
    `Mail was refused, because it cannot be kept: ${'x'.repeat(199)}….`,
  ],
]

describe('the sentence of', () => {
  for (const [msg, fields, sentence] of cases) {
    test(`${msg}: ${sentence.slice(0, 60)}`, () => assert.equal(words({ time: 0, level: 30, msg, fields }), sentence))
  }
  test('a moment is written as the console writes it', () => {
    const line = {
      time: 0,
      level: 30,
      msg: 'deferred',
      fields: { id: 'x', said: 'no', next: new Date(1000).toISOString() },
    }
    assert.match(
      words(line, ms => `<${ms}>`),
      /again at <1000>\.$/,
    )
  })
  test('what is no moment, as in a damaged line, is said as it is', () => {
    const fields = { id: 'x', said: 'no', next: 1e300 }
    assert.match(words({ time: 0, level: 30, msg: 'deferred', fields }), /again at 1e\+300\.$/)
  })
  test('any line is one line of text that acts on no terminal', () => {
    const msg = fc.oneof(fc.constantFrom(...Object.keys(sentences)), fc.string({ unit: 'binary' }))
    const name = fc.oneof(
      fc.constantFrom('from', 'said', 'reason', 'accounts', 'octets', 'next', 'job', 'result', 'kind'),
      fc.string(),
    )
    fc.assert(
      fc.property(msg, fc.dictionary(name, fc.anything()), (msg, fields) => {
        const line = JSON.parse(
          JSON.stringify({ msg, fields: { ...fields } }, (_key, value) =>
            typeof value === 'bigint' ? String(value) : value,
          ),
        )
        const sentence = words({ time: 0, level: 30, msg: line.msg, fields: line.fields })
        assert.ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(sentence), JSON.stringify(sentence))
      }),
    )
  })
})
