/** The lines that the arrow up brings back: terminal/history.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { History } from '../../src/terminal/history.ts'

const kept = (history: History) => Array.from({ length: history.length }, (_, at) => history.line(at) ?? '')

describe('the history', () => {
  test('keeps lines as they were, the newest last, and none twice in a row or without a word', () => {
    const history = new History()
    for (const line of ['status', 'status', '  ', '', 'log', 'status']) history.add(line)
    assert.deepEqual(kept(history), ['status', 'log', 'status'])
    assert.equal(history.line(3), undefined)
  })

  test('keeps so many lines, the newest', () => {
    const history = new History()
    for (let i = 0; i < budget.consoleHistory + 7; i++) history.add(`line ${i}`)
    assert.equal(history.length, budget.consoleHistory)
    assert.equal(history.line(0), 'line 7')
  })

  test('keeps so much text, whatever marks stand upon its characters', () => {
    const history = new History()
    const marked = 'e\u0301\u0302\u0303\u0304'.repeat(budget.consoleLine)
    for (let i = 0; i < budget.consoleHistory; i++) history.add(`${marked}${i}`)
    assert.ok(kept(history).join('').length <= budget.consoleHistoryText)
    assert.equal(history.line(history.length - 1), `${marked}${budget.consoleHistory - 1}`)
    history.add('status')
    assert.equal(history.line(history.length - 1), 'status')
  })
})
