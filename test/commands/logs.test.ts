/** The command log: what it shows of the past, which lines, in which order, and what comes while somebody looks. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import type { Context } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { moment } from '../../src/commands/shown.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { levels } from '../../src/journal/line.ts'
import { Folder, until } from '../journal/folder.ts'
import { type Outcome, openHousehold, run } from './household.ts'

let folder: Folder
let journal: Journal

beforeEach(async () => {
  folder = await Folder.make()
  journal = await folder.open()
})

afterEach(async () => {
  await journal.close()
  await folder[Symbol.asyncDispose]()
})

const mail = (from: string, ...accounts: string[]) => ({
  from,
  accounts,
  copies: accounts.length,
  queued: 0,
  octets: 2048,
})

function happened(): void {
  journal.write(folder.line('ready'))
  folder.clock.pass(3_600_000)
  journal.write(folder.line('message accepted', mail('bob@away.example', 'alice')))
  journal.write(folder.line('login failed', { user: 'Alice', client: '192.0.2.1' }, levels.warn))
  folder.clock.pass(3_600_000)
  journal.write(folder.line('message accepted', mail('carol@away.example', 'dave', 'bob')))
  journal.write(folder.line('job failed', { job: 'sweep', reason: 'no room' }, levels.error))
}

async function log(...words: string[]): Promise<Outcome> {
  await using household = await openHousehold(folder.path)
  return await run(['log', ...words], '', {
    open: async () => Object.assign(household, { journal, now: () => folder.clock.now() }),
  })
}

const shown = {
  ready: '  Porchlight is ready.',
  alice: '  Mail from bob@away.example for alice was taken (2.0 KiB).',
  failed: '* A login as Alice from 192.0.2.1 failed.',
  dave: '  Mail from carol@away.example for dave, bob was taken (2.0 KiB).',
  job: '! The job sweep failed: no room.',
}
const { ready, alice, failed, dave, job } = shown

const cases: readonly (readonly [name: string, words: readonly string[], lines: readonly string[]])[] = [
  ['everything, the newest last', [], [ready, alice, failed, dave, job]],
  ['the newest, where there are more', ['--lines', '2'], [dave, job]],
  ['lines with a word of the sentence', ['MAIL', 'from'], [alice, dave]],
  ['lines with a word of the fields', ['message accepted', 'carol'], [dave]],
  ['nothing where a word is missing', ['mail', 'nobody'], ['There are no such lines.']],
  ['lines of a level and above', ['--level', 'warn'], [failed, job]],
  ['errors', ['--level', 'error'], [job]],
  ['lines of an account, whatever its case', ['--account', 'alice'], [alice, failed]],
  ['lines of one of several accounts', ['--account', 'bob'], [dave]],
  ['lines of the last hours', ['--since', '90m'], [alice, failed, dave, job]],
  ['what all that has in common', ['--since', '90m', '--account', 'alice', '--level', 'warn'], [failed]],
]

describe('log shows', () => {
  for (const [name, words, lines] of cases) {
    test(name, async () => {
      happened()
      const { exit, printed } = await log(...words)
      // Before the sentence stands the moment.
      const stamp = moment(folder.clock.now()).length
      assert.deepEqual(
        printed.map(line => (line.startsWith('There') ? line : line.slice(stamp + 1))),
        lines,
      )
      assert.equal(exit, 0)
    })
  }

  test('the moment before each line as everywhere', async () => {
    journal.write(folder.line('ready'))
    assert.deepEqual((await log()).printed, [`${moment(folder.clock.now())}   Porchlight is ready.`])
  })

  test('what is kept, for programs', async () => {
    happened()
    const { printed } = await log('--json', '--lines', '1')
    assert.deepEqual(printed, [folder.line('job failed', { job: 'sweep', reason: 'no room' }, levels.error).trimEnd()])
    assert.deepEqual((await log('--json', 'nothing of the kind')).printed, [])
  })

  test('no more than it can hold, and says so', async () => {
    for (let i = 0; i < 1500; i++) journal.write(folder.line(`line ${i}`))
    const { printed } = await log('--since', '1h')
    assert.equal(printed.length, 1 + budget.logLines)
    assert.match(printed[0] ?? '', /^Older lines are left out\./)
    assert.match(printed.at(-1) ?? '', /line 1499$/)
  })

  test('nothing that acts on a terminal', async () => {
    journal.write(folder.line('message accepted', mail('\x1b[2J\u202e@away.example', 'alice')))
    assert.match((await log()).printed.join(), /Mail from \?\[2J\?@away\.example for alice/)
  })
})

const mistakes: readonly (readonly [words: readonly string[], complaint: RegExp])[] = [
  [['--level', 'loud'], /^--level is one of debug, info, warn, error\.$/],
  [['--since', 'yesterday'], /^--since is a span of time, for instance 2h, 30m or 1d12h\.$/],
  [['--lines', '0'], /^--lines is a number from 1 to 1000\.$/],
  [['--lines', '1001'], /^--lines is a number/],
  [['--lines', '-5'], /--lines/],
]
describe('log says what is wrong with', () => {
  for (const [words, complaint] of mistakes) {
    test(words.join(' '), async () => {
      const { exit, complained } = await log(...words)
      assert.match(complained.join('\n'), complaint)
      assert.equal(exit, 2)
    })
  }
})

/** Runs the command in the running server, where it goes on until it is stopped. */
async function following(words: readonly string[], print: Context['print'], stop: AbortController): Promise<void> {
  await using household = await openHousehold(folder.path)
  const call = parseCall(['log', '--follow', ...words], commands)
  if (call.command.runs !== 'inside') throw new Error('log runs inside')
  await call.command.run(call, {
    household: Object.assign(household, { journal, now: () => folder.clock.now() }),
    running: true,
    password: undefined,
    dialogue: undefined,
    house: undefined,
    width: Number.POSITIVE_INFINITY,
    seen: undefined,
    signal: stop.signal,
    print,
  })
}

describe('log --follow', () => {
  test('goes on with what comes, of what is asked for, until it is stopped', async () => {
    const printed: string[] = []
    const stop = new AbortController()
    for (let i = 0; i < 20; i++) journal.write(folder.line('message accepted', mail(`old${i}@away.example`, 'alice')))
    const done = following(['mail'], async line => void printed.push(line), stop)
    await until(() => printed.length === 10)
    journal.write(folder.line('ready'))
    journal.write(folder.line('message accepted', mail('new@away.example', 'alice')))
    await until(() => printed.length === 11)
    assert.match(printed[0] ?? '', /old10@/)
    assert.match(printed[9] ?? '', /old19@/)
    assert.match(printed[10] ?? '', /new@/)
    stop.abort()
    await done
    journal.write(folder.line('message accepted', mail('late@away.example', 'alice')))
    assert.equal(printed.length, 11)
  })

  test('leaves out what a slow terminal cannot keep up with, and says how much', async () => {
    const printed: string[] = []
    const stop = new AbortController()
    let taken = Promise.withResolvers<void>()
    const done = following(
      [],
      async line => {
        printed.push(line)
        await taken.promise
      },
      stop,
    )
    taken.resolve()
    await new Promise(resolve => setImmediate(resolve))
    taken = Promise.withResolvers()
    journal.write(folder.line('line first'))
    await until(() => printed.length === 1)
    for (let i = 0; i < budget.logBehind + 7; i++) journal.write(folder.line(`line ${i}`))
    taken.resolve()
    await until(() => printed.length === budget.logBehind + 2)
    assert.match(printed[1] ?? '', /^\(7 lines came too fast to be shown\.\)$/)
    assert.match(printed.at(-1) ?? '', new RegExp(`line ${budget.logBehind - 1}$`))
    stop.abort()
    await done
  })

  test('leaves out what would fill the memory, too', async () => {
    const printed: string[] = []
    const stop = new AbortController()
    const taken = Promise.withResolvers<void>()
    const print = async (line: string) => {
      printed.push(line)
      await taken.promise
    }
    const done = following([], print, stop)
    journal.write(folder.line('line first'))
    await until(() => printed.length === 1)
    const long = 'x'.repeat(budget.journalLine / 2)
    const lines = Math.floor(budget.logBehind / 2)
    for (let i = 0; i < lines; i++) journal.write(folder.line('line', { long }))
    taken.resolve()
    const kept = Math.ceil(budget.logOctets / Buffer.byteLength(folder.line('line', { long })))
    await until(() => printed.length >= kept)
    assert.match(printed[1] ?? '', /came too fast to be shown/)
    assert.ok(printed.length < lines / 2, `${printed.length} lines`)
    stop.abort()
    await done
  })
})
