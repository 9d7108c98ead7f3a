/** Keys that cost the most, thousands of them at once: others have their turn meanwhile, and nothing piles up. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import type { Transport } from '../../src/commands/command.ts'
import { Shell } from '../../src/console/shell.ts'
import { Terminal } from '../../src/console/terminal.ts'
import { turnsDuring } from '../support/turns.ts'

/** A terminal in memory at a line that gives chunks, and counts what is shown. */
class Far {
  readonly terminal: Terminal
  shown = 0
  readonly #chunks: Buffer[] = []
  #more = Promise.withResolvers<void>()
  #read = Promise.withResolvers<void>()

  constructor(takes: () => Promise<void> = async () => {}) {
    const transport: Transport = {
      open: true,
      read: async () => {
        if (this.#chunks.length === 0) this.#read.resolve()
        while (this.#chunks.length === 0) await this.#more.promise
        return this.#chunks.shift()
      },
      write: async octets => {
        this.shown += octets.length
        await takes()
      },
      close: () => {},
    }
    const shell = new Shell({ charset: 'utf-8', columns: 80, rows: 24, escapes: true })
    this.terminal = new Terminal({ shell, transport, idleMs: () => 0 })
    void this.terminal.run()
  }

  /** Resolves when the terminal has looked at all of it. */
  async type(keys: string): Promise<void> {
    this.#read = Promise.withResolvers()
    this.#chunks.push(Buffer.from(keys))
    this.#more.resolve()
    this.#more = Promise.withResolvers()
    await this.#read.promise
  }
}

const octets = 65_536
const candidates = Array.from({ length: budget.aliases }, (_, i) => `${i}`)

describe('others have their turn while a chunk is full of', () => {
  test('arrows that bring back long lines', async () => {
    const far = new Far()
    for (let i = 0; i < budget.consoleHistory; i++) {
      const answered = far.terminal.ask('? ', { remembered: true })
      await far.type(`${'\u0436'.repeat(budget.consoleLine - 10)}${i}\r`)
      await answered
    }
    void far.terminal.ask('? ', { remembered: true }).catch(() => {})
    const arrows = '\x1b[A\x1b[B'.repeat(octets / 6)
    assert.ok((await turnsDuring(() => far.type(arrows))) > 5)
    far.terminal.leave('gone')
  })

  test('Tabs, each of which looks through ten thousand names', async () => {
    const far = new Far()
    let looked = 0
    const complete = () => {
      looked += 1
      return candidates.filter(name => name.startsWith('x')).toSorted()
    }
    const answered = far.terminal.ask('? ', { complete })
    const turns = await turnsDuring(async () => {
      await far.type('\t'.repeat(1000))
      await far.type('\r')
      await answered
    })
    assert.equal(looked, 1000)
    assert.ok(turns > 5, `${turns} turns`)
    far.terminal.leave('gone')
  })
})

test('a terminal that takes nothing gathers no alerts', async () => {
  const stuck = Promise.withResolvers<void>()
  const far = new Far(() => stuck.promise)
  const answered = far.terminal.ask('? ')
  for (let i = 0; i < 10_000; i++) far.terminal.alert(`alert ${i}: ${'x'.repeat(70)}`)
  stuck.resolve()
  await far.type('\r')
  assert.equal(await answered, '')
  void far.terminal.ask('? ').catch(() => {})
  await far.type('\r')
  const most = budget.consoleBehind + (budget.consoleAlerts + 10) * 100
  assert.ok(far.shown < most, `${far.shown} octets`)
  far.terminal.leave('gone')
})
