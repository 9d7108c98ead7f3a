/** Alerts: what a person hears of between the lines, and how often. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { alerting, alerts } from '../../src/journal/alerts.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { levels } from '../../src/journal/line.ts'
import { sentences } from '../../src/journal/sentences.ts'
import { Folder } from './folder.ts'

type Written = readonly [msg: string, level: keyof typeof levels, fields?: Readonly<Record<string, unknown>>]

const cases: readonly (readonly [name: string, lines: readonly Written[], told: readonly string[]])[] = [
  [
    'an error',
    [['mail cannot be kept', 'error', { reason: 'no room' }]],
    ['Mail was refused, because it cannot be kept: no room.'],
  ],
  ['an error that nobody foresaw', [['new trouble', 'error']], ['new trouble']],
  [
    'nothing but errors and chosen lines',
    [
      ['ready', 'info'],
      ['login failed', 'warn'],
    ],
    [],
  ],
  [
    'each trouble that the doctor has found',
    [
      ['the doctor has found trouble', 'warn', { check: 'mx', about: 'a.example', says: 'There is no MX record.' }],
      ['the doctor has found trouble', 'warn', { check: 'mx', about: 'b.example', says: 'There is none here.' }],
    ],
    [
      'There is no MX record. What to do about it: porchlight doctor mx',
      'There is none here. What to do about it: porchlight doctor mx',
    ],
  ],
  ['good news', [['the mail store takes mail again', 'info']], ['The mail store takes mail again.']],
  [
    'the same but once',
    [
      ['job failed', 'error', { job: 'sweep', reason: 'x' }],
      ['job failed', 'error', { job: 'sweep', reason: 'y' }],
    ],
    ['The job sweep failed: x.'],
  ],
  [
    'the same of another subject',
    [
      ['job failed', 'error', { job: 'sweep', reason: 'x' }],
      ['job failed', 'error', { job: 'traces', reason: 'x' }],
    ],
    ['The job sweep failed: x.', 'The job traces failed: x.'],
  ],
]

function listening(journal: Journal): string[] {
  const told: string[] = []
  alerts(journal, line => told.push(journal.words(line)))
  return told
}

describe('a person is told of', () => {
  for (const [name, lines, expected] of cases) {
    test(name, async () => {
      await using folder = await Folder.make()
      const journal = await folder.open()
      const told = listening(journal)
      for (const [msg, level, fields] of lines) journal.write(folder.line(msg, fields, levels[level]))
      assert.deepEqual(told, expected)
      await journal.close()
    })
  }

  test('the same again after an hour, however the clock was set', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    const told = listening(journal)
    const write = () => journal.write(folder.line('sweep failed', { reason: 'x' }, levels.error))
    write()
    folder.clock.jump = 10 * budget.alertMs
    folder.clock.pass(budget.alertMs - 1)
    write()
    assert.equal(told.length, 1)
    folder.clock.jump = 0
    folder.clock.pass(1)
    write()
    assert.equal(told.length, 2)
    await journal.close()
  })

  test('as much as there is, while only so much is remembered', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    const told = listening(journal)
    const write = (i: number) => journal.write(folder.line('trouble', { domain: `d${i}.example` }, levels.error))
    for (let i = 0; i <= budget.alerts; i++) write(i)
    assert.equal(told.length, budget.alerts + 1)
    // The last is remembered, the first is not.
    write(budget.alerts)
    assert.equal(told.length, budget.alerts + 1)
    write(0)
    assert.equal(told.length, budget.alerts + 2)
    await journal.close()
  })

  test('nothing that has no sentence', () => {
    for (const msg of alerting) assert.ok(Object.hasOwn(sentences, msg), msg)
  })
})
